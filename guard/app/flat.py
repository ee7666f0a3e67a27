"""An empty list of positions is believed only when the account agrees, and two readings a second apart agree on it."""

from __future__ import annotations

from typing import Final

from guard.model.snapshot import Snapshot

_APART_S: Final = 1.0
# How long positions may be gone without a trace on the balance, or the money itself, before that is believed.
_TRACELESS_S: Final = 10.0


class FlatCheck:
    """Right after a connection a terminal can list nothing although positions are open."""

    def __init__(self) -> None:
        """A new connection: nothing is confirmed."""
        self._first: float | None = None
        self._confirmed = False
        self._held: float | None = None

    @property
    def gone(self) -> bool:
        """Whether positions were held and their absence is not believed yet."""
        return self._held is not None and self._first is not None

    def reset(self) -> None:
        """The connection was lost or in doubt: confirm anew. What was held before it is remembered."""
        self._first, self._confirmed = None, False

    def doubt(self, snapshot: Snapshot, now: float) -> str | None:
        """Why an empty list is not believed yet, ``None`` when it is, or when the list is not empty."""
        balance = snapshot.account.balance
        if snapshot.terminal is not None and snapshot.terminal.connected is False:
            # What an unconnected terminal lists is the engine's matter, which believes none of it.
            self.reset()
            return None
        if snapshot.positions != ():
            # Positions in sight prove the list; unknown ones are the engine's matter.
            self._confirmed = self._confirmed or bool(snapshot.positions)
            self._first = None
            if snapshot.positions:
                self._held = balance
            return None
        traceless = self._held is not None and balance in {self._held, 0.0}
        if self._confirmed and not traceless:
            self._held = None
            return None
        if self._first is None:
            self._first = now
        if now - self._first >= (_TRACELESS_S if traceless else _APART_S):
            self._confirmed, self._held = True, None
            return None
        if traceless:
            return "positions are gone without a trace on the balance: the terminal may still be loading them"
        return "no positions are listed; a second look, one second later, confirms it"
