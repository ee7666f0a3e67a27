"""How often to look: 4 times a second, 10 times near a limit or after a change, once when nothing is held."""

from __future__ import annotations

from typing import Final

from guard.app.cycle import Outcome
from guard.model.snapshot import Snapshot

NORMAL_S: Final = 0.25
NEAR_S: Final = 0.1
FLAT_S: Final = 1.0
_NEAR_PCT: Final = 80.0
_AFTER_CHANGE_S: Final = 3.0


class Rate:
    """The period until the next look, from what the last one showed."""

    def __init__(self, fixed_s: float | None = None) -> None:
        """``fixed_s``: one period always, for measurements."""
        self._fixed_s = fixed_s
        self._book: tuple[object, ...] | None = None
        self._quick_until = 0.0

    def after(self, outcome: Outcome, now: float) -> float:
        """Seconds from the start of this look to the start of the next; ``now`` is monotonic."""
        if self._fixed_s is not None:
            return self._fixed_s
        snapshot, result = outcome.snapshot, outcome.result
        if snapshot is None or result is None:
            return NORMAL_S
        book = _book(snapshot)
        if book != self._book or result.notices:
            if self._book is not None:
                self._quick_until = now + _AFTER_CHANGE_S
            self._book = book
        if now < self._quick_until or result.intents:
            return NEAR_S
        if not snapshot.positions and not snapshot.orders and outcome.blind is None:
            return FLAT_S
        near = any(v.utilization_pct is not None and v.utilization_pct >= _NEAR_PCT for v in result.verdicts)
        return NEAR_S if near else NORMAL_S


def _book(snapshot: Snapshot) -> tuple[object, ...]:
    """What changes when someone trades, and does not when prices move."""
    lots = sum(position.volume for position in snapshot.positions or () if position.volume is not None)
    return (
        snapshot.account.balance,
        None if snapshot.positions is None else len(snapshot.positions),
        None if snapshot.orders is None else len(snapshot.orders),
        lots,
    )
