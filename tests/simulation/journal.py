"""A journal in memory with the real rows, spellings and hashes; the disk under it outlives the guard that writes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from guard.journal import bodies
from guard.journal.canonical import GENESIS, canonical, digest, row_hash
from guard.journal.documents import Splitter, join
from guard.journal.port import JournalError, Row
from guard.model.state_json import state_from_json, state_to_json

if TYPE_CHECKING:
    from guard.engine.step import CycleResult
    from guard.model.state import State


@dataclass(slots=True)
class Disk:
    """What is on the disk. ``full`` refuses every write; ``slow_s`` is how long each takes."""

    rows: list[Row] = field(default_factory=list)
    keys: dict[str, int] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)
    state: State | None = None
    full: bool = False
    tail: str = GENESIS

    def sealed(self) -> bool:
        """Whether every row follows from the one before it."""
        before = GENESIS
        for number, row in enumerate(self.rows, 1):
            text = canonical(row.body)
            if row.seq != number or row.hash != row_hash(before, row.seq, row.at, row.kind, row.format, text):
                return False
            before = row.hash
        return True


class MemoryJournal:
    """See ``guard.journal.port.Journal``: a transaction is all or nothing; ``effect`` is told before and after it."""

    def __init__(self, disk: Disk, effect: Callable[[str], None] = lambda _name: None) -> None:
        self.disk, self._effect = disk, effect
        self._split = Splitter()

    def commit(self, kind: str, body: Mapping[str, object], *, at: str, key: str | None = None) -> int:
        return self._transaction(kind, lambda: self._append(kind, body, at, key))

    def commit_state(
        self, kind: str, body: Mapping[str, object], state: State, *, at: str, key: str | None = None
    ) -> int:
        def write() -> int:
            self._append(kind, body, at, key)
            return self._state(state, at)

        return self._transaction(kind, write)

    def commit_cycle(self, result: CycleResult, snapshot_document: Mapping[str, object], *, at: str) -> int:
        def write() -> int:
            pieces, texts = self._split.split(snapshot_document)
            self.disk.documents.update(texts)
            self._append(bodies.CYCLE, bodies.cycle_body(result, pieces), at, f"cycle:{at}:{pieces['rest']}")
            for notice in result.notices:
                self._append(bodies.NOTICE, bodies.notice_body(notice), notice.at, bodies.notice_key(notice))
            for intent in result.intents:
                self._append(bodies.INTENT, bodies.intent_body(intent), at, bodies.intent_key(intent))
            return self._state(result.state, at)

        return self._transaction(bodies.CYCLE, write)

    def load_state(self) -> State | None:
        if self.disk.state is None:
            return None
        # A guard that starts reads what was spelled out, not the object.
        return state_from_json(json.loads(canonical(state_to_json(self.disk.state))))

    def rows(self, kind: str | None = None, after: int = 0) -> Iterator[Row]:
        return (row for row in self.disk.rows[after:] if kind is None or row.kind == kind)

    def snapshot_document(self, seq: int) -> dict[str, Any]:
        pieces: Any = self.disk.rows[seq - 1].body["snapshot"]
        return join({name: json.loads(self.disk.documents[sha]) for name, sha in pieces.items()})

    def verify_chain(self) -> int:
        return len(self.disk.rows)

    def close(self) -> None:
        """Nothing to close."""

    def _transaction(self, kind: str, write: Callable[[], int]) -> int:
        self._effect(f"before {kind}")
        if self.disk.full:
            raise JournalError("the simulated disk is full")
        last = write()
        self._effect(f"after {kind}")
        return last

    def _append(self, kind: str, body: Mapping[str, object], at: str, key: str | None = None) -> int:
        disk = self.disk
        if key is not None and key in disk.keys:
            return disk.keys[key]
        seq, text = len(disk.rows) + 1, canonical(body)
        own = row_hash(disk.tail, seq, at, kind, bodies.FORMAT, text)
        disk.rows.append(Row(seq, at, kind, bodies.FORMAT, json.loads(text), disk.tail, own))
        disk.tail = own
        if key is not None:
            disk.keys[key] = seq
        return seq

    def _state(self, state: State, at: str) -> int:
        sha = digest(canonical(state_to_json(state)))
        self.disk.state = state
        return self._append(bodies.STATE, {"sha256": sha}, at)
