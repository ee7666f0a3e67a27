"""The inbox of a running guard (``commands.db``): who wants something writes a row, the core reads and journals it.

Writers are the command line, the dashboard and the Telegram chat. The core opens the file read-only, so that nobody
who holds it open can delay a cycle, and answers in its journal: one ``command`` row under ``command:<uid>``. A command
that has waited too long is answered, never carried out: what was asked before a restart may be wrong after it.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

from loguru import logger

from guard.model.errors import InputError
from guard.model.state import State

KIND: Final = "command"
STALE_S: Final = 60.0
_LOOK_S: Final = 0.2
_MOST: Final = 20
_TABLE: Final = """CREATE TABLE IF NOT EXISTS command (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT NOT NULL UNIQUE,
    at TEXT NOT NULL,
    source TEXT NOT NULL,
    verb TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT"""


@dataclass(frozen=True, slots=True)
class Command:
    """Something asked of the guard; ``at`` is an ISO UTC instant, ``source`` who asked: cli, web or telegram."""

    id: int
    uid: str
    at: str
    source: str
    verb: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a command: whether it was carried out, in one sentence, and what the journal keeps of it.

    ``state`` is the engine's memory with what was ordered: it is written in one transaction with the answer.
    """

    done: bool
    sentence: str
    facts: Mapping[str, Any]
    state: State | None = None


Handler: TypeAlias = "Callable[[Command], Answer]"


def command_key(uid: str) -> str:
    """The key of the journal row that answers a command."""
    return f"{KIND}:{uid}"


def ask(path: Path, verb: str, body: Mapping[str, Any], source: str, uid: str | None = None) -> str:
    """Put a command into the inbox and return its uid; one with the same uid is there only once.

    Raises:
        InputError: The file cannot be written.
    """
    uid = uuid.uuid4().hex if uid is None else uid
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    row = (uid, at, source, verb, json.dumps(dict(body), allow_nan=False))
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=5.0)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(_TABLE)
            insert = "INSERT OR IGNORE INTO command (uid, at, source, verb, body) VALUES (?, ?, ?, ?, ?)"
            connection.execute(insert, row)
    except sqlite3.Error as error:
        raise InputError(f"the inbox {path} cannot be written ({error}): check the folder and your rights") from error
    return uid


class Inbox:
    """The core's side: reads what is new, never writes, never waits."""

    def __init__(self, path: Path, after: int = 0) -> None:
        """``after``: the number of the last command that has been answered."""
        self._path = path
        self._name = str(path)
        self._after = after
        self._connection: sqlite3.Connection | None = None
        self._look_at = 0.0
        self._failing = False

    def new(self) -> list[Command]:
        """The commands that came since the last call, oldest first; a busy or broken file only postpones them."""
        now = time.monotonic()
        if now < self._look_at:
            return []
        self._look_at = now + _LOOK_S
        # Most guards are never asked anything: one call to the system says so.
        if self._connection is None and not os.access(self._name, os.F_OK):
            return []
        try:
            connection = self._open()
            found = list(self._read(connection)) if connection is not None else []
        except (sqlite3.Error, OSError, ValueError) as error:
            if not self._failing:
                logger.warning("commands: {} cannot be read: {}", self._path, error)
            self._failing = True
            self.close()
            return []
        self._failing = False
        return found

    def _read(self, connection: sqlite3.Connection) -> Iterator[Command]:
        query = "SELECT id, uid, at, source, verb, body FROM command WHERE id > ? ORDER BY id LIMIT ?"
        for number, uid, at, source, verb, body in connection.execute(query, (self._after, _MOST)):
            self._after = number
            yield Command(number, uid, at, source, verb, _body(body))

    def _open(self) -> sqlite3.Connection | None:
        if self._connection is None and self._path.is_file():
            uri = f"{self._path.absolute().as_uri()}?mode=ro"
            self._connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=0.0)
            newest = self._connection.execute("SELECT max(id) FROM command").fetchone()[0]
            if newest is not None and newest < self._after:
                self._after = 0  # somebody made the file anew; what is answered already is known by its uid
        return self._connection

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _body(text: str) -> Mapping[str, Any]:
    try:
        body = json.loads(text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def answered(command: Command, handlers: Mapping[str, Handler], now: datetime) -> Answer:
    """Carry out a command, unless it is too old or nobody here can."""
    handler = handlers.get(command.verb)
    if handler is None:
        can = ", ".join(sorted(handlers))
        sentence = f"this guard cannot {command.verb} in its mode; it takes from you only: {can}."
        return Answer(done=False, sentence=sentence, facts={})
    try:
        age_s = (now - datetime.fromisoformat(command.at)).total_seconds()
    except (ValueError, TypeError):
        return Answer(done=False, sentence="the command has no readable time; send it again.", facts={})
    if age_s > STALE_S:
        sentence = f"not carried out: it was asked {age_s:.0f} s ago, while no guard ran; ask again if it still holds."
        return Answer(done=False, sentence=sentence, facts={})
    return handler(command)


def journal_body(command: Command, answer: Answer) -> dict[str, Any]:
    """What the journal keeps of a command and its answer."""
    return {
        "id": command.id,
        "uid": command.uid,
        "asked_at": command.at,
        "source": command.source,
        "verb": command.verb,
        "asked": dict(command.body),
        "done": answer.done,
        "answer": answer.sentence,
        **answer.facts,
    }
