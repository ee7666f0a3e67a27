"""What the rest of the guard may ask of a journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from guard.model.errors import InputError
from guard.model.state import State

if TYPE_CHECKING:
    from guard.engine.step import CycleResult


class JournalError(InputError):
    """The journal cannot be read or written; ``str()`` is one sentence with the way out."""


@dataclass(frozen=True, slots=True)
class Row:
    """One journal row. ``at`` is an ISO UTC instant; ``body`` is the parsed JSON document."""

    seq: int
    at: str
    kind: str
    format: str
    body: Mapping[str, Any]
    prev_hash: str
    hash: str


class Journal(Protocol):
    """An append-only list of rows with one writer. A returned number means: on disk, whatever happens next."""

    def commit(self, kind: str, body: Mapping[str, object], *, at: str, key: str | None = None) -> int:
        """Append one row and return its number; with a ``key`` that is there already, return that row's number.

        Raises:
            JournalError: Nothing was written.
        """

    def commit_cycle(self, result: CycleResult, snapshot_document: Mapping[str, object], *, at: str) -> int:
        """Append what one cycle saw and decided, in one transaction; returns the last row's number.

        ``snapshot_document`` is the snapshot with the ``state`` *before* the step, so that the verdicts can be derived
        again from it.

        Raises:
            JournalError: Nothing was written.
        """

    def commit_state(
        self, kind: str, body: Mapping[str, object], state: State, *, at: str, key: str | None = None
    ) -> int:
        """Append one row together with the engine's memory, in one transaction; returns the last row's number.

        A row whose ``key`` is there already is not written again.

        Raises:
            JournalError: Nothing was written.
        """

    def load_state(self) -> State | None:
        """The engine's memory as last written, ``None`` in a new journal.

        Raises:
            JournalError: It cannot be read.
        """

    def rows(self, kind: str | None = None, after: int = 0) -> Iterator[Row]:
        """The rows with numbers above ``after``, oldest first."""

    def snapshot_document(self, seq: int) -> dict[str, Any]:
        """The snapshot (``guard.snapshot/1``, with ``state``) that row ``seq`` was decided on.

        Raises:
            JournalError: There is no such row, or it holds no snapshot.
        """

    def verify_chain(self) -> int:
        """Check every row and every stored document; returns the number of rows.

        Raises:
            JournalError: One does not fit; the sentence names the first such row.
        """

    def close(self) -> None:
        """Close the file. Closing twice is fine."""
