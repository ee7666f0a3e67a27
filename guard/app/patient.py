"""A journal that may be unwritable for a while: nothing is forgotten, and what waited is written first."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Final

from loguru import logger

from guard.journal.port import Journal, JournalError

Deed = Callable[[Journal], int]

_MOST_WAITING: Final = 500
_RETRY_S: Final = 1.0
_SHOUT_S: Final = 60.0


class PatientJournal:
    """Writes in order; while the disk refuses, keeps the newest 500 entries in memory and tries once a second."""

    def __init__(self, journal: Journal, shout: Callable[[str], None]) -> None:
        """``shout`` tells the user, at once and then once a minute, that the journal cannot be written."""
        self.journal = journal
        self.last_seq: int | None = None
        self._shout = shout
        self._waiting: deque[tuple[str, Deed]] = deque()
        self._dropped = 0
        self._since: float | None = None
        self._retry_at = 0.0
        self._shout_at = 0.0

    @property
    def writable(self) -> bool:
        """Whether everything so far is on disk."""
        return self._since is None

    def write(self, at: str, deed: Deed) -> int | None:
        """Carry out one commit after all that wait; its number, or ``None`` while it only waits in memory."""
        if self._since is not None and not self.flush(at):
            self._keep(at, deed)
            return None
        try:
            self.last_seq = deed(self.journal)
        except JournalError as error:
            self._failed(error)
            self._keep(at, deed)
            return None
        return self.last_seq

    def flush(self, at: str, *, now: bool = False) -> bool:
        """Try to write what waits; whether nothing waits any more. ``at`` is the time of the row that tells of it."""
        if self._since is None:
            return True
        if not now and time.monotonic() < self._retry_at:
            return False
        try:
            first = self._waiting[0][0] if self._waiting else at
            while self._waiting:
                self.last_seq = self._waiting[0][1](self.journal)
                self._waiting.popleft()
            seconds = round(time.monotonic() - self._since, 1)
            what = "the journal could not be written"
            body = {"what": what, "from": first, "seconds": seconds, "lost": self._dropped}
            self.last_seq = self.journal.commit("fault", body, at=at)
        except JournalError as error:
            self._failed(error)
            return False
        logger.warning("journal: writable again after {} s", seconds)
        self._since, self._dropped = None, 0
        return True

    def _keep(self, at: str, deed: Deed) -> None:
        if len(self._waiting) >= _MOST_WAITING:
            self._waiting.popleft()
            self._dropped += 1
        self._waiting.append((at, deed))

    def _failed(self, error: JournalError) -> None:
        now = time.monotonic()
        if self._since is None:
            self._since, self._shout_at = now, 0.0
        self._retry_at = now + _RETRY_S
        if now >= self._shout_at:
            self._shout_at = now + _SHOUT_S
            logger.critical("journal: {}", error)
            self._shout(f"{error}. The guard goes on watching from memory, and forgets it all if it ends now.")
