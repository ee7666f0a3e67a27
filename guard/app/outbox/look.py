"""What the outbox holds, for people: read beside its writer, in one short look."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from guard.app.outbox.schema import TABLES, WAITING
from guard.model.errors import InputError
from guard.model.verdict import Severity

_BUSY_S: Final = 2.0


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    """The outbox, or an empty one while its writer has not made it yet."""
    address = f"{path.absolute().as_uri()}?mode=ro" if path.is_file() else ":memory:"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=_BUSY_S)) as connection:
            if connection.execute("PRAGMA user_version").fetchone()[0]:
                yield connection
                return
        with closing(sqlite3.connect(":memory:")) as empty:
            for statement in TABLES:
                empty.execute(statement)
            yield empty
    except sqlite3.Error as error:
        raise InputError(f"the outbox {path} cannot be read now ({error}): try again in a moment") from error


def waiting(path: Path) -> list[dict[str, Any]]:
    """Every delivery that has not left yet, oldest first.

    Raises:
        InputError: The file cannot be read.
    """
    query = """SELECT d.notice, d.channel, d.round, d.due, d.tries, d.why, n.severity, n.title
        FROM delivery d JOIN notice n ON n.id = d.notice WHERE d.state = ? ORDER BY d.due, n.at"""
    with _reading(path) as connection:
        return [
            {"notice": notice, "channel": channel, "message": number, "due": iso(due), "tries": tries,
             "why": why or None, "severity": Severity(severity).name, "title": title}
            for notice, channel, number, due, tries, why, severity, title in connection.execute(query, (WAITING,))
        ]  # fmt: skip


def recent(path: Path, most: int) -> list[dict[str, Any]]:
    """The newest notices, oldest first, each with what became of it on every channel.

    Raises:
        InputError: The file cannot be read.
    """
    query = """SELECT id, at, severity, title, body, needs_ack, acked_at, closed_at FROM notice
        ORDER BY at DESC, number DESC LIMIT ?"""
    sends = "SELECT channel, round, state, sent_at, tries, why FROM delivery WHERE notice = ? ORDER BY channel, round"
    found: list[dict[str, Any]] = []
    with _reading(path) as connection:
        for name, at, severity, title, body, needs_ack, acked, closed in connection.execute(query, (most,)).fetchall():
            deliveries = [
                {"channel": channel, "message": number, "state": state, "sent_at": iso(sent), "tries": tries,
                 "why": why or None}
                for channel, number, state, sent, tries, why in connection.execute(sends, (name,))
            ]  # fmt: skip
            found.append({
                "notice": name, "at": iso(at), "severity": Severity(severity).name, "title": title, "text": body,
                "needs_ack": bool(needs_ack), "acknowledged_at": iso(acked), "over_at": iso(closed),
                "deliveries": deliveries,
            })  # fmt: skip
    return found[::-1]


def channels(path: Path) -> list[dict[str, Any]]:
    """How each channel is; also the heartbeat and the Telegram bot when something is wrong with them.

    Raises:
        InputError: The file cannot be read.
    """
    with _reading(path) as connection:
        rows = connection.execute("SELECT name, failures, not_before, why, failing_since, last_sent FROM channel")
        found = [
            {"channel": name, "failures": failures, "why": why or None, "failing_since": iso(since),
             "next_try_at": iso(later) if failures else None, "last_sent_at": iso(sent)}
            for name, failures, later, why, since, sent in rows
        ]  # fmt: skip
        for name, why in connection.execute("SELECT name, value FROM mark WHERE name LIKE 'trouble:%' AND value != ''"):
            found.append({"channel": name.partition(":")[2], "failures": 1, "why": why, "failing_since": None,
                          "next_try_at": None, "last_sent_at": None})  # fmt: skip
        return found


def unacknowledged(path: Path) -> list[str]:
    """The notices that are repeated until somebody acknowledges them.

    Raises:
        InputError: The file cannot be read.
    """
    with _reading(path) as connection:
        query = "SELECT id FROM notice WHERE needs_ack = 1 AND acked_at IS NULL AND closed_at IS NULL ORDER BY at"
        return [str(name) for (name,) in connection.execute(query)]


def iso(at: float | None) -> str | None:
    """UNIX seconds as ISO text."""
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
