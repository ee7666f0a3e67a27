"""``outbox.db``: one writer, the notifier process. A notice and what is owed because of it come in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from guard.app.outbox.rules import ChannelRules, goes_to
from guard.app.outbox.schema import LOST, MERGED, OVER, SENT, TABLES, VERSION, WAITING
from guard.model.errors import InputError
from guard.model.verdict import Severity

_KEEP_S: Final = 90 * 86400.0
_GIVE_UP_S: Final = 7 * 86400.0
# A repetition or an escalation: what is not needed any more once somebody has acknowledged, or it is over.
_ONLY_LATER: Final = "(round > 1 OR due > (SELECT n.at FROM notice n WHERE n.id = delivery.notice))"


@dataclass(frozen=True, slots=True)
class Entry:
    """A notice as the outbox keeps it.

    ``number`` is its journal row; ``at`` and ``began`` are UNIX seconds, ``began`` of the story it belongs to (set when
    it is taken in); ``subject`` is what the next notice about the same thing has in common with it.
    """

    id: str
    number: int
    at: float
    severity: Severity
    subject: str
    kind: str
    title: str
    body: str
    floor: float | None = None
    needs_ack: bool = False
    began: float = 0.0


@dataclass(frozen=True, slots=True)
class Owed:
    """One delivery that waits: which notice, which round (1 is the first), since when it is due."""

    entry: Entry
    round: int
    due: float
    tries: int


def open_store(path: Path) -> Store:
    """Open the outbox for its writer; a new one is made.

    Raises:
        InputError: It cannot be used, or a newer guard wrote it.
    """
    try:
        connection = sqlite3.connect(path, isolation_level=None, timeout=5.0)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version > VERSION:
            connection.close()
            raise InputError(f"{path} has outbox schema {version}, this guard knows up to {VERSION}: update the guard")
        for statement in ("BEGIN IMMEDIATE", *TABLES, f"PRAGMA user_version = {VERSION}", "COMMIT"):
            connection.execute(statement)
    except sqlite3.Error as error:
        raise InputError(f"the outbox {path} cannot be used ({error}): check the folder and your rights") from error
    return Store(connection)


class Store:
    """What is owed. Every method is one transaction; times are UNIX seconds."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Take over an open connection; use ``open_store``."""
        self._db = connection

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def mark(self, name: str) -> str | None:
        """A bookmark."""
        found = self._db.execute("SELECT value FROM mark WHERE name = ?", (name,)).fetchone()
        return None if found is None else str(found[0])

    def set_mark(self, name: str, value: str) -> None:
        """Move a bookmark."""
        self._db.execute("INSERT OR REPLACE INTO mark (name, value) VALUES (?, ?)", (name, value))

    def forget_mark(self, name: str) -> None:
        """Remove a bookmark."""
        self._db.execute("DELETE FROM mark WHERE name = ?", (name,))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def take(self, entry: Entry, channels: Iterable[ChannelRules]) -> None:
        """A new notice: the one before it about the same is closed, and each channel is owed what it is to hear.

        Call it within ``transaction``; a notice that is there already changes nothing.
        """
        if self._db.execute("SELECT 1 FROM notice WHERE id = ?", (entry.id,)).fetchone() is not None:
            return
        before = self._db.execute(
            "SELECT id, severity, rank, began FROM notice WHERE subject = ? AND closed_at IS NULL "
            "ORDER BY at DESC LIMIT 1",
            (entry.subject,),
        ).fetchone()
        rank, began, heard = entry.severity, entry.at, set[str]()
        if before is not None:
            began = before[3]
            rank = max(rank, Severity(before[2])) if entry.severity < before[1] else rank
            query = "SELECT channel FROM delivery WHERE notice = ? AND state IN (?, ?)"
            heard = {str(name) for (name,) in self._db.execute(query, (before[0], SENT, MERGED))}
            self._close(entry.subject, entry.at)
        closed = entry.at if entry.severity is Severity.OK else None
        self._db.execute(
            "INSERT INTO notice VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)",
            (entry.id, entry.number, entry.at, began, entry.severity, rank, entry.subject, entry.kind, entry.title,
             entry.body, entry.floor, entry.needs_ack, closed),
        )  # fmt: skip
        for channel in channels:
            if goes_to(channel, rank, entry.kind, needs_ack=entry.needs_ack, heard=channel.name in heard):
                later = 0.0 if channel.name in heard and not entry.needs_ack else channel.after_s
                self._owe(entry.id, channel.name, 1, entry.at + later)

    def _owe(self, notice: str, channel: str, number: int, due: float) -> None:
        self._db.execute(
            "INSERT OR IGNORE INTO delivery (notice, channel, round, due, state) VALUES (?, ?, ?, ?, ?)",
            (notice, channel, number, due, WAITING),
        )

    def _close(self, subject: str, at: float) -> None:
        """The story went on: what was only to be repeated or escalated is not needed any more."""
        ids = "SELECT id FROM notice WHERE subject = ? AND closed_at IS NULL"
        self._db.execute(
            f"UPDATE delivery SET state = ? WHERE state = ? AND {_ONLY_LATER} AND notice IN ({ids})",  # noqa: S608
            (OVER, WAITING, subject),
        )
        self._db.execute("UPDATE notice SET closed_at = ? WHERE subject = ? AND closed_at IS NULL", (at, subject))

    def acknowledge(self, number: int | None, upto: int, at: float) -> None:
        """Acknowledge journal row ``number``, or every notice up to row ``upto``; within ``transaction``."""
        where = "acked_at IS NULL AND number <= ? AND at <= ?" if number is None else "acked_at IS NULL AND number = ?"
        which: tuple[float, ...] = (upto, at) if number is None else (number,)
        ids = f"SELECT id FROM notice WHERE {where}"  # noqa: S608 - constants of this function
        self._db.execute(
            f"UPDATE delivery SET state = ? WHERE state = ? AND {_ONLY_LATER} AND notice IN ({ids})",  # noqa: S608
            (OVER, WAITING, *which),
        )
        self._db.execute(f"UPDATE notice SET acked_at = ? WHERE {where}", (at, *which))  # noqa: S608 - the same

    def owe_repeats(self, channels: Iterable[ChannelRules], repeat_s: float, now: float) -> None:
        """What nobody has acknowledged is owed again, ``repeat_s`` after it was last sent."""
        query = """SELECT d.notice, max(d.round), max(d.sent_at) FROM delivery d JOIN notice n ON n.id = d.notice
            WHERE n.needs_ack = 1 AND n.acked_at IS NULL AND n.closed_at IS NULL AND d.channel = ?
            GROUP BY d.notice HAVING sum(d.state = 'waiting') = 0 AND max(d.sent_at) <= ?"""
        with self.transaction():
            for channel in channels:
                for notice, number, _ in self._db.execute(query, (channel.name, now - repeat_s)).fetchall():
                    self._owe(notice, channel.name, number + 1, now)

    def owed(self, channel: str, now: float) -> list[Owed]:
        """What is due to a channel, oldest notice first."""
        query = """SELECT n.id, n.number, n.at, n.severity, n.subject, n.kind, n.title, n.body, n.floor, n.needs_ack,
            n.began, d.round, d.due, d.tries FROM delivery d JOIN notice n ON n.id = d.notice
            WHERE d.channel = ? AND d.state = 'waiting' AND d.due <= ? ORDER BY n.at, n.number"""
        return [
            Owed(Entry(a, b, c, Severity(d), e, f, g, h, i, bool(j), k), number, due, tries)
            for a, b, c, d, e, f, g, h, i, j, k, number, due, tries in self._db.execute(query, (channel, now))
        ]

    def sent(self, channel: str, told: Iterable[Owed], merged: Iterable[Owed], now: float) -> None:
        """A message left."""
        with self.transaction():
            for state, batch in ((SENT, told), (MERGED, merged)):
                self._db.executemany(
                    "UPDATE delivery SET state = ?, sent_at = ?, tries = tries + 1, why = '' "
                    "WHERE notice = ? AND channel = ? AND round = ?",
                    [(state, now, one.entry.id, channel, one.round) for one in batch],
                )
            self._db.execute(
                "INSERT INTO channel (name, last_sent) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET failures = 0, "
                "not_before = 0, why = '', failing_since = NULL, told = 0, last_sent = excluded.last_sent",
                (channel, now),
            )

    def failed(self, channel: str, batch: Iterable[Owed], why: str, not_before: float, now: float) -> None:
        """A message did not leave: the channel is left alone until ``not_before``."""
        with self.transaction():
            self._db.executemany(
                "UPDATE delivery SET tries = tries + 1, why = ?, state = CASE WHEN due < ? THEN ? ELSE state END "
                "WHERE notice = ? AND channel = ? AND round = ?",
                [(why, now - _GIVE_UP_S, LOST, one.entry.id, channel, one.round) for one in batch],
            )
            self._db.execute(
                "INSERT INTO channel (name, failures, not_before, why, failing_since) VALUES (?, 1, ?, ?, ?) "
                "ON CONFLICT (name) DO UPDATE SET failures = failures + 1, not_before = excluded.not_before, "
                "why = excluded.why, failing_since = coalesce(failing_since, excluded.failing_since)",
                (channel, not_before, why, now),
            )

    def channels(self) -> dict[str, Mapping[str, Any]]:
        """How each channel is: failures in a row, not_before, why, failing_since, last_sent, told."""
        names = ("failures", "not_before", "why", "failing_since", "last_sent", "told")
        rows = self._db.execute(f"SELECT name, {', '.join(names)} FROM channel")  # noqa: S608 - constants
        return {str(row[0]): dict(zip(names, row[1:], strict=True)) for row in rows}

    def set_told(self, channel: str) -> None:
        """The other channels have been told that this one fails; within ``transaction``."""
        self._db.execute("UPDATE channel SET told = 1 WHERE name = ?", (channel,))

    def messages_since(self, channel: str, since: float) -> int:
        """How many messages left for a channel."""
        query = "SELECT count(DISTINCT sent_at) FROM delivery WHERE channel = ? AND sent_at > ?"
        return int(self._db.execute(query, (channel, since)).fetchone()[0])

    def tidy(self, channels: Iterable[ChannelRules], now: float) -> None:
        """Give up what is owed to channels that are no longer configured; forget what is long over."""
        names = [channel.name for channel in channels]
        marks = ", ".join("?" * len(names))
        with self.transaction():
            why = "the channel is no longer configured"
            self._db.execute(
                f"UPDATE delivery SET state = ?, why = ? WHERE state = ? AND channel NOT IN ({marks})",  # noqa: S608 - marks
                (LOST, why, WAITING, *names),
            )
            self._db.execute(f"DELETE FROM channel WHERE name NOT IN ({marks})", names)  # noqa: S608 - the same
            self._db.execute("DELETE FROM notice WHERE closed_at < ?", (now - _KEEP_S,))
