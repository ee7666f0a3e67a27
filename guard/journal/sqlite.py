"""The journal in SQLite: write-ahead log, synchronous FULL, STRICT tables. With schema and migrations the only SQL."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from guard.journal import bodies
from guard.journal.canonical import GENESIS, canonical, digest, row_hash
from guard.journal.documents import Splitter, join, pack, unpack
from guard.journal.migrations import check_schema, migrate
from guard.journal.port import JournalError, Row
from guard.model.state_json import state_from_json, state_to_json

if TYPE_CHECKING:
    from guard.engine.step import CycleResult
    from guard.model.state import State

_MIN_SQLITE: Final = (3, 37, 0)
_BUSY_MS: Final = 20
_COLUMNS: Final = "seq, at, kind, format, body, prev_hash, hash"


def open_journal(path: Path) -> SqliteJournal:
    """Open the journal for its one writer; a new file and its folder are made.

    Raises:
        JournalError: It cannot be written, is damaged, is another program's file, or a newer guard wrote it.
    """
    if sqlite3.sqlite_version_info < _MIN_SQLITE:
        message = f"this Python has SQLite {sqlite3.sqlite_version} and the journal needs 3.37: use a newer Python"
        raise JournalError(message)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise _unusable(path, error) from error
    try:
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        check_schema(connection, path)
        mode = str(connection.execute("PRAGMA journal_mode = WAL").fetchone()[0])
        if mode != "wal":
            message = f"{path} is on a drive that cannot hold a journal safely: choose a local folder with --home"
            raise JournalError(message)  # noqa: TRY301 - closes the file below
        for pragma in ("synchronous = FULL", "fullfsync = ON", "trusted_schema = OFF"):
            connection.execute(f"PRAGMA {pragma}")
        migrate(connection, path)
        # Proves that the folder and the disk take a write, before anything relies on it.
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
        return SqliteJournal(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise _unusable(path, error) from error
    except JournalError:
        connection.close()
        raise


def open_readonly(path: Path) -> SqliteJournal:
    """Open a journal to read beside its writer.

    Raises:
        JournalError: There is none, or it cannot be read.
    """
    if not path.is_file():
        message = f"there is no journal at {path}: `guard run` makes it"
        raise JournalError(message)
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        try:
            check_schema(connection, path)
            return SqliteJournal(connection, path)
        except (sqlite3.Error, JournalError):
            connection.close()
            raise
    except sqlite3.Error as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: Exception) -> JournalError:
    return JournalError(f"the journal {path} cannot be used ({error}): check the folder, the disk and your rights")


class SqliteJournal:
    """See ``port.Journal``. All calls come from the thread that opened it."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        """Take over an open connection; use ``open_journal``."""
        self.path = path
        self._connection = connection
        self._split = Splitter()
        self._inode = path.stat().st_ino
        self._tail: tuple[int, str] | None = self._read_tail()

    def commit(self, kind: str, body: Mapping[str, object], *, at: str, key: str | None = None) -> int:
        """See ``port.Journal.commit``."""
        with self._transaction():
            return self._append(kind, body, at=at, key=key)

    def commit_state(
        self, kind: str, body: Mapping[str, object], state: State, *, at: str, key: str | None = None
    ) -> int:
        """See ``port.Journal.commit_state``."""
        with self._transaction():
            self._append(kind, body, at=at, key=key)
            return self._append_state(state, at)

    def commit_cycle(self, result: CycleResult, snapshot_document: Mapping[str, object], *, at: str) -> int:
        """See ``port.Journal.commit_cycle``."""
        pieces, texts = self._split.split(snapshot_document)
        with self._transaction():
            for sha, text in texts.items():
                self._store(sha, text)
            key = f"cycle:{at}:{pieces['rest']}"
            last = self._append(bodies.CYCLE, bodies.cycle_body(result, pieces), at=at, key=key)
            for notice in result.notices:
                last = self._append(
                    bodies.NOTICE, bodies.notice_body(notice), at=notice.at, key=bodies.notice_key(notice)
                )
            for intent in result.intents:
                last = self._append(
                    bodies.INTENT, bodies.intent_body(intent), at=at, key=bodies.intent_key(intent)
                )
            return max(last, self._append_state(result.state, at))

    def load_state(self) -> State | None:
        """See ``port.Journal.load_state``."""
        with self._reading():
            query = "SELECT seq, body FROM row WHERE kind = ? ORDER BY seq DESC LIMIT 1"
            found = self._connection.execute(query, (bodies.STATE,)).fetchone()
            if found is None:
                return None
            return state_from_json(self._document(str(json.loads(found[1])["sha256"]), int(found[0])))

    def rows(self, kind: str | None = None, after: int = 0) -> Iterator[Row]:
        """See ``port.Journal.rows``."""
        where, values = ("seq > ?", [after]) if kind is None else ("seq > ? AND kind = ?", [after, kind])
        with self._reading(), closing(self._connection.cursor()) as cursor:
            for seq, at, row_kind, fmt, body, prev, own in cursor.execute(
                f"SELECT {_COLUMNS} FROM row WHERE {where} ORDER BY seq", values  # noqa: S608 - constants of this module
            ):
                yield Row(seq, at, row_kind, fmt, json.loads(body), prev, own)

    def newest(self, count: int, before: int | None = None, kinds: Sequence[str] = ()) -> list[Row]:
        """At most ``count`` rows, newest first; numbers below ``before``, of these kinds (none named: of all)."""
        marks = ", ".join("?" for _ in kinds)
        where = f"(? IS NULL OR seq < ?){f' AND kind IN ({marks})' if kinds else ''}"
        query = f"SELECT {_COLUMNS} FROM row WHERE {where} ORDER BY seq DESC LIMIT ?"  # noqa: S608 - constants and marks
        with self._reading():
            found = self._connection.execute(query, (before, before, *kinds, count)).fetchall()
        return [Row(seq, at, kind, fmt, json.loads(body), prev, own) for seq, at, kind, fmt, body, prev, own in found]

    def last_seq(self, kind: str) -> int | None:
        """The number of the newest row of a kind, ``None`` without one."""
        with self._reading():
            found = self._connection.execute("SELECT max(seq) FROM row WHERE kind = ?", (kind,)).fetchone()
        return None if found is None or found[0] is None else int(found[0])

    def snapshot_document(self, seq: int) -> dict[str, Any]:
        """See ``port.Journal.snapshot_document``."""
        with self._reading():
            found = self._connection.execute("SELECT body FROM row WHERE seq = ?", (seq,)).fetchone()
            pieces = json.loads(found[0]).get("snapshot") if found is not None else None
            if not isinstance(pieces, dict):
                message = f"{self.path}: row {seq} holds no snapshot; rows of kind `cycle` do"
                raise JournalError(message)
            return join({name: self._document(str(sha), seq) for name, sha in pieces.items()})

    def verify_chain(self) -> int:
        """See ``port.Journal.verify_chain``."""
        tail = self._beginning()
        with self._reading(), closing(self._connection.cursor()) as cursor:
            for sha, size, data in cursor.execute("SELECT sha256, size, data FROM document"):
                self._checked(sha, size, data)
            for seq, at, kind, fmt, body, prev, own in cursor.execute(f"SELECT {_COLUMNS} FROM row ORDER BY seq"):  # noqa: S608 - constants
                if (seq - 1, prev) != tail or row_hash(prev, seq, at, kind, fmt, body) != own:
                    raise self._broken(seq, "does not follow from the row before it")
                for name, sha in bodies.references(kind, json.loads(body)):
                    if self._connection.execute("SELECT 1 FROM document WHERE sha256 = ?", (sha,)).fetchone() is None:
                        raise self._broken(seq, f"its {name} is missing")
                tail = (seq, own)
        return tail[0]

    def _beginning(self) -> tuple[int, str]:
        """What the first row follows: nothing, or the last row of the archive that it names."""
        with self._reading():
            found = self._connection.execute("SELECT kind, body FROM row ORDER BY seq LIMIT 1").fetchone()
        body = json.loads(found[1]) if found is not None and found[0] == bodies.ARCHIVE else None
        return (0, GENESIS) if body is None else (int(body["last_seq"]), str(body["last_hash"]))

    def begin_after(self, seq: int, own_hash: str) -> None:
        """Let an empty journal go on from the last row of an archive."""
        self._tail = (seq, own_hash)

    def checkpoint(self) -> None:
        """Move the write-ahead log into the file; readers and a busy file only postpone it."""
        with self._reading():
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        """See ``port.Journal.close``."""
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        connection, done = self._connection, False
        try:
            if self.path.stat().st_ino != self._inode:
                message = f"the journal {self.path} was replaced while the guard was running: restart the guard"
                raise JournalError(message)
            connection.execute("BEGIN IMMEDIATE")
            self._tail = self._tail or self._read_tail()
            yield
            connection.execute("COMMIT")
            done = True
        except sqlite3.ProgrammingError:
            raise
        except (sqlite3.Error, OSError) as error:
            raise _unusable(self.path, error) from error
        finally:
            # A failed COMMIT may or may not have reached the disk: the tail is read anew, keys tell what is there.
            if not done:
                self._tail = None
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.ProgrammingError:
            raise
        except sqlite3.Error as error:
            raise _unusable(self.path, error) from error

    def _append(self, kind: str, body: Mapping[str, object], *, at: str, key: str | None = None) -> int:
        if key is not None:
            there = self._connection.execute("SELECT seq FROM row WHERE key = ?", (key,)).fetchone()
            if there is not None:
                return int(there[0])
        last, prev = self._tail or (0, GENESIS)
        text = canonical(body)
        own = row_hash(prev, last + 1, at, kind, bodies.FORMAT, text)
        self._connection.execute(
            "INSERT INTO row (seq, at, kind, format, body, key, prev_hash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (last + 1, at, kind, bodies.FORMAT, text, key, prev, own),
        )
        self._tail = (last + 1, own)
        return last + 1

    def _append_state(self, state: State, at: str) -> int:
        text = canonical(state_to_json(state))
        sha = digest(text)
        self._store(sha, text)
        return self._append(bodies.STATE, {"sha256": sha}, at=at)

    def _store(self, sha: str, text: str) -> None:
        known = self._connection.execute("SELECT 1 FROM document WHERE sha256 = ?", (sha,)).fetchone()
        if known is None:
            raw = text.encode()
            self._connection.execute(
                "INSERT INTO document (sha256, size, data) VALUES (?, ?, ?)", (sha, len(raw), pack(text))
            )

    def _document(self, sha: str, seq: int) -> Any:  # noqa: ANN401 - any JSON
        found = self._connection.execute("SELECT size, data FROM document WHERE sha256 = ?", (sha,)).fetchone()
        if found is None:
            raise self._broken(seq, "a document it names is missing")
        return json.loads(self._checked(sha, *found))

    def _checked(self, sha: str, size: int, data: bytes) -> str:
        try:
            text = unpack(data, size)
        except ValueError as error:
            message = f"the journal {self.path} is damaged: document {sha[:12]}: {error}"
            raise JournalError(message) from error
        if digest(text) != sha:
            message = f"the journal {self.path} is damaged: document {sha[:12]} is not what was written"
            raise JournalError(message)
        return text

    def _read_tail(self) -> tuple[int, str]:
        found = self._connection.execute(f"SELECT {_COLUMNS} FROM row ORDER BY seq DESC LIMIT 1").fetchone()  # noqa: S608 - constants
        if found is None:
            return 0, GENESIS
        seq, at, kind, fmt, body, prev, own = found
        if row_hash(prev, seq, at, kind, fmt, body) != own:
            raise self._broken(seq, "is not what was written")
        return int(seq), str(own)

    def _broken(self, seq: int, what: str) -> JournalError:
        return JournalError(f"the journal {self.path} is damaged: row {seq}: {what}; keep the file and ask for help")
