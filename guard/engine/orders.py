"""Closings that a person ordered (``guard flatten``). They need no breach, no confirmation and no good moment."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from guard.engine.elapsed import trusted_s
from guard.limits.base import Side
from guard.model.enforcement import Ordered
from guard.model.snapshot import Snapshot
from guard.model.state import State
from guard.model.trading import Position


class FlattenScope(NamedTuple):
    """What shall be closed: all, or what passes every filter that is set.

    ``losers``/``winners`` look at profit with swap when the order is given; ``pct`` is how much of each position's
    volume is closed; pendings in scope are deleted when nothing but symbol, magic and side is asked for.
    """

    symbol: str | None = None
    magic: int | None = None
    side: Side | None = None
    losers: bool = False
    winners: bool = False
    pct: float = 100.0
    oldest_first: bool = False

    def holds(self, row: Position) -> bool:
        """Whether a position is in scope; one with an unknown result is neither loser nor winner."""
        if self.symbol is not None and row.symbol != self.symbol:
            return False
        if self.magic is not None and row.magic != self.magic:
            return False
        if self.side is not None and row.side != (1 if self.side == "buy" else -1):
            return False
        if not (self.losers or self.winners):
            return True
        if row.profit is None or row.swap is None:
            return False
        result = row.profit + row.swap
        return (self.losers and result < 0.0) or (self.winners and result > 0.0)

    @property
    def words(self) -> str:
        """The scope in words."""
        parts = [self.symbol, None if self.magic is None else f"magic {self.magic}", self.side]
        parts += ["losers" if self.losers else None, "winners" if self.winners else None]
        named = ", ".join(part for part in parts if part is not None)
        share = "" if self.pct >= 100.0 else f"{self.pct:g} % of "
        return f"{share}{named if named else 'everything'}"


def with_flatten(state: State, scope: FlattenScope, snapshot: Snapshot, command_uid: str) -> State:
    """The state with the order to close what is in scope now; the same order given twice counts once.

    Positions opened later are not part of it.
    """
    e = state.enforcing
    if any(one.uid == command_uid for one in e.ordered):
        return state
    stays: dict[int, float] = {}
    for row in snapshot.positions or ():
        if row.identifier is not None and row.volume is not None and scope.holds(row):
            stays[row.identifier] = row.volume * max(0.0, 1.0 - scope.pct / 100.0)
    side = None if scope.side is None else (1 if scope.side == "buy" else -1)
    pendings: tuple[int, ...] = ()
    if not (scope.losers or scope.winners) and scope.pct >= 100.0:
        pendings = tuple(
            order.ticket
            for order in snapshot.orders or ()
            if (scope.symbol is None or order.symbol == scope.symbol)
            and (scope.magic is None or order.magic == scope.magic)
            and (side is None or order.side == side)
        )
    at = snapshot.taken_at.isoformat()
    why = f"flatten ordered: {scope.words}"
    order = Ordered(command_uid, at, trusted_s(state.last, snapshot), why, stays, pendings, scope.oldest_first)
    return replace(state, enforcing=e._replace(ordered=(*e.ordered, order)))


def without_order(state: State, command_uid: str) -> State:
    """The state without an order that was taken back."""
    e = state.enforcing
    return replace(state, enforcing=e._replace(ordered=tuple(one for one in e.ordered if one.uid != command_uid)))
