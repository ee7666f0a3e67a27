"""How long the guard has not seen the account, and what has been said about it."""

from __future__ import annotations

from typing import Final

_RENEW_S: Final = 10.0


class Blindness:
    """Counts on the caller's monotonic clock, from the last good reading."""

    def __init__(self, stale_after_s: float, now: float) -> None:
        """``stale_after_s``: how long it may last before the user is told; ``now`` counts as a good reading."""
        self.stale_after_s = stale_after_s
        self._seen = now
        self._since: float | None = None
        self._why = ""
        self._written = 0.0
        self._told = False

    def begins(self, why: str, now: float) -> bool:
        """Whether this is worth a journal row: it began, or the reason is another one (at most one each 10 s)."""
        if self._since is None:
            self._since, self._why, self._written = self._seen, why, now
            return True
        if why == self._why or now - self._written < _RENEW_S:
            return False
        self._why, self._written = why, now
        return True

    def tells(self, now: float, *, at_once: bool = False) -> bool:
        """Whether the user is to be told now; true once per blindness."""
        if self._since is None or self._told or not (at_once or now - self._since >= self.stale_after_s):
            return False
        self._told = True
        return True

    def ends(self, now: float) -> tuple[float, bool] | None:
        """The account is seen: how long it was not, and whether the user knows; ``None`` when it was seen before."""
        self._seen = now
        if self._since is None:
            return None
        ended = now - self._since, self._told
        self._since, self._told = None, False
        return ended
