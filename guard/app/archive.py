"""Closing a journal's file and going on in a new one, whose first row carries the hash of the old one's last.

Nothing is lost at any instant: the old file is copied first, the new one is made whole beside it and takes its place
in one step. What a guard needs to go on comes along: its memory, what is in force, overrides that wait, and the
last weeks' heartbeats.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from guard.app.binding import POLICY
from guard.app.overrides import OVERRIDDEN, OVERRIDE
from guard.journal.bodies import ARCHIVE
from guard.journal.port import JournalError, Row
from guard.journal.sqlite import SqliteJournal, open_journal, open_readonly
from guard.model.errors import InputError

_WEEKS: Final = timedelta(days=35)
_ALWAYS: Final = frozenset({OVERRIDE, OVERRIDDEN})
_LAST: Final = ("start", POLICY)
_RECENT: Final = frozenset({"start", "stop", "heartbeat", "blind", "sight", "fault", POLICY})
_BESIDE: Final = ("-wal", "-shm")


def archives(journal: Path) -> list[Path]:
    """The archives of a journal, oldest first."""
    return sorted(journal.parent.glob(f"{journal.stem}-[0-9]*-[0-9]*{journal.suffix}"))


def verify_all(journal: Path) -> list[dict[str, Any]]:
    """Check a journal and its archives, and that each goes on from the one before.

    Raises:
        JournalError: Something does not fit; the sentence names file and row.
    """
    checked: list[dict[str, Any]] = []
    before: dict[str, Any] | None = None
    for path in (*archives(journal), journal):
        with closing(open_readonly(path)) as opened:
            last = opened.verify_chain()
            first = next(iter(opened.rows()), None)
            newest = opened.newest(1)
            if before is not None and (first is None or not _follows(opened, first, before)):
                what = "a file between them is missing or changed"
                raise JournalError(f"{path} does not go on from {before['file']}: {what}")
        before = {
            "file": str(path), "first": first.seq if first is not None else 0, "last": last,
            "hash": newest[0].hash if newest else None,
        }  # fmt: skip
        checked.append(before)
    return checked


def _follows(journal: SqliteJournal, first: Row, before: Mapping[str, Any]) -> bool:
    """Whether a file goes on from another, or still holds all of it (archiving was interrupted after the copy)."""
    if (first.seq - 1, first.prev_hash) == (before["last"], before["hash"]):
        return True
    same = journal.newest(1, before["last"] + 1)
    return bool(same) and (same[0].seq, same[0].hash) == (before["last"], before["hash"])


def archive_journal(journal: Path, now: datetime | None = None) -> Path:
    """Archive a journal that no guard has open; the archive's path.

    Raises:
        InputError: It is damaged, holds no memory to go on with, or cannot be written.
    """
    instant = datetime.now(UTC) if now is None else now
    with closing(open_journal(journal)) as old:
        last = old.verify_chain()
        state, rows = old.load_state(), list(_carried(old.rows(), instant))
        first, newest = next(iter(old.rows()), None), old.newest(1)
    if state is None or first is None or not newest:
        raise InputError(f"{journal} holds no memory of a guard: there is nothing to archive")
    to = journal.with_name(f"{journal.stem}-{first.seq:012d}-{last:012d}{journal.suffix}")
    beside = journal.with_name(f"{journal.name}.new")
    try:
        _forget(beside)
        _into_one_file(journal)
        shutil.copyfile(journal, to)
        with closing(open_journal(beside)) as new:
            new.begin_after(last, newest[0].hash)
            at = instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            new.commit(ARCHIVE, {"file": to.name, "last_seq": last, "last_hash": newest[0].hash}, at=at)
            for row in rows:
                new.commit(row.kind, row.body, at=row.at)
            new.commit_state("carried", {"rows": len(rows)}, state, at=at)
            new.verify_chain()
        _into_one_file(beside)
        beside.replace(journal)
        # What was asked of a guard that has ended is too old for the next one; its numbers are in the archive.
        _forget(journal.with_name("commands.db"))
    except (OSError, sqlite3.Error) as error:
        raise InputError(f"{journal} cannot be archived ({error}): it is as it was; check folder and disk") from error
    return to


def _carried(rows: Iterable[Row], now: datetime) -> Iterable[Row]:
    last: dict[str, Row] = {}
    recent: list[Row] = []
    for row in rows:
        if row.kind in _LAST:
            last[row.kind] = row
        if row.kind in _ALWAYS or (row.kind in _RECENT and datetime.fromisoformat(row.at) >= now - _WEEKS):
            recent.append(row)
    missing = [row for row in last.values() if row not in recent]
    return sorted([*missing, *recent], key=lambda row: row.seq)


def _into_one_file(path: Path) -> None:
    """Move the write-ahead log into the file, so that the file alone is the journal."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=5.0)) as connection:
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if busy:
        raise InputError(f"{path} is in use by another program: close it and try again")


def _forget(path: Path) -> None:
    for ending in ("", *_BESIDE):
        path.with_name(path.name + ending).unlink(missing_ok=True)
