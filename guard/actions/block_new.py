"""Nothing new while the stage is reached."""

from __future__ import annotations

from typing import ClassVar

from guard.actions._closing import cancel
from guard.actions.base import Action, Ask, LockAsk, Plan
from guard.model.intent import TradingState


class BlockNew(Action):
    """A lock while the stage is reached: what raises exposure since then is undone within about a second.

    Pending orders that could raise exposure are deleted, protective ones stay. Hedges and reversals down to flat are
    exits and stay. MetaTrader has no way to prevent an order: it is closed right after it was opened.
    """

    kind: ClassVar[str] = "block_new"
    title: ClassVar[str] = "Block what is new"
    state: ClassVar[TradingState] = TradingState.REDUCING

    def plan(self, ask: Ask) -> Plan:
        """Delete pending orders that can raise exposure."""
        return Plan(tuple(cancel(order.ticket, order.symbol) for order in ask.raising))

    def lock(self) -> LockAsk:
        """A lock for as long as the stage is reached."""
        return LockAsk("stage", latched=False)
