"""An empty list of positions is believed only when two readings, a second apart, of one connection agree on it."""

from __future__ import annotations

from typing import Final

from guard.model.snapshot import Snapshot

_APART_S: Final = 1.0


class FlatCheck:
    """Right after a connection a terminal can list nothing although positions are open."""

    def __init__(self) -> None:
        """A new connection: nothing is confirmed."""
        self._first: float | None = None
        self._confirmed = False

    def reset(self) -> None:
        """The connection was lost or in doubt: confirm anew."""
        self._first, self._confirmed = None, False

    def doubt(self, snapshot: Snapshot, now: float) -> str | None:
        """Why an empty list is not believed yet, ``None`` when it is, or when the list is not empty."""
        if snapshot.positions != ():
            # Positions in sight prove the list; unknown ones are the engine's matter.
            self._confirmed = self._confirmed or bool(snapshot.positions)
            self._first = None
            return None
        if self._confirmed:
            return None
        if self._first is None:
            self._first = now
        if now - self._first >= _APART_S:
            self._confirmed = True
            return None
        return "no positions are listed; a second look, one second later, confirms it"
