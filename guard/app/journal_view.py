"""A journal's rows as people read them: number, time, kind, a sentence, and the snapshot they were decided on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from guard.app.commands import KIND as COMMAND
from guard.journal.bodies import CYCLE, INTENT, NOTICE
from guard.journal.port import Row
from guard.journal.sqlite import SqliteJournal
from guard.model.errors import UsageError
from guard.model.verdict import Severity

DECIDED: Final = frozenset({CYCLE, NOTICE, INTENT})
"""Kinds of rows that come with, or behind, the snapshot they were decided on."""
_PAGE: Final = 500
_MOST_READ: Final = 50_000


@dataclass(frozen=True, slots=True)
class Filter:
    """What to keep of a journal. Empty and ``None`` keep everything; instants are aware, ``until`` is not included."""

    kinds: tuple[str, ...] = ()
    limit: str | None = None
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    least: Severity | None = None
    inner: bool = False

    def keeps(self, row: Row, sentence: str) -> bool:
        """Whether a row is to be shown. ``inner``: also the guard's memory and other rows without a sentence."""
        if (self.kinds and row.kind not in self.kinds) or (not sentence and not self.inner):
            return False
        if self.limit is not None and self.limit not in _limits(row):
            return False
        if self.text and self.text.lower() not in f"{row.kind} {sentence}".lower():
            return False
        if self.least is not None and (severity_of(row) or Severity.OK) < self.least:
            return False
        if self.since is None and self.until is None:
            return True
        at = datetime.fromisoformat(row.at)
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


def instant(text: str | None, what: str) -> datetime | None:
    """An ISO date or instant as aware UTC; without an offset it is UTC.

    Raises:
        UsageError: It is neither.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{what} {text!r} is no date: write 2026-11-25 or 2026-11-25T14:30:00+01:00") from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def entries(journal: SqliteJournal, keep: Filter, after: int = 0) -> Iterator[dict[str, Any]]:
    """The rows that a filter keeps, oldest first."""
    decided_on: int | None = None
    for row in journal.rows(after=after):
        if row.kind == CYCLE:
            decided_on = row.seq
        sentence = sentence_of(row)
        if keep.keeps(row, sentence):
            yield entry(row, sentence, decided_on)


def newest_entries(journal: SqliteJournal, keep: Filter, count: int, before: int | None = None) -> list[dict[str, Any]]:
    """At most ``count`` entries, newest first, among the newest fifty thousand rows below ``before``."""
    found: list[dict[str, Any]] = []
    read = 0
    while len(found) < count and read < _MOST_READ:
        rows = journal.newest(_PAGE, before, keep.kinds)
        for row in rows:
            sentence = sentence_of(row)
            if keep.keeps(row, sentence):
                found.append(entry(row, sentence, _decided_on(journal, row)))
                if len(found) == count:
                    break
        if len(rows) < _PAGE:
            break
        read, before = read + len(rows), rows[-1].seq
    return found


def _decided_on(journal: SqliteJournal, row: Row) -> int | None:
    if row.kind not in DECIDED:
        return None
    found = journal.newest(1, row.seq + 1, (CYCLE,))
    return found[0].seq if found else None


def entry(row: Row, sentence: str, decided_on: int | None) -> dict[str, Any]:
    """One row in one object."""
    severity = severity_of(row)
    return {
        "seq": row.seq,
        "at": row.at,
        "kind": row.kind,
        "text": sentence,
        "snapshot": decided_on if row.kind in DECIDED else None,
        "severity": severity.name if severity is not None else None,
    }


def sentence_of(row: Row) -> str:
    """What a row says to a person, empty for the guard's memory and other inner rows."""
    body = row.body
    if row.kind == NOTICE:
        return str(body["sentence"])
    if row.kind == CYCLE:
        loud = [f"{v['severity']} {v['limit']}" for v in body["verdicts"] if v["severity"] != "OK"]
        return ", ".join(loud) if loud else "everything OK"
    if row.kind == INTENT:
        reason = f": {body['why']}" if body.get("why") else ""
        return f"{body['limit']}, {body['action']}: {body['status']}{reason}"
    if row.kind == COMMAND:
        return f"{body['verb']} ({body['source']}): {body['answer']}"
    why = body.get("why")
    return why if isinstance(why, str) else ""


def severity_of(row: Row) -> Severity | None:
    """How bad a row is, ``None`` where that has no meaning."""
    if row.kind == NOTICE:
        return Severity[str(row.body["severity"])]
    if row.kind == CYCLE:
        return max((Severity[str(v["severity"])] for v in row.body["verdicts"]), default=Severity.OK)
    return None


def _limits(row: Row) -> Iterable[str]:
    if row.kind == CYCLE:
        return [str(v["limit"]) for v in row.body["verdicts"] if v["severity"] != "OK"]
    return [str(row.body[name]) for name in ("limit", "kind") if isinstance(row.body.get(name), str)]
