"""Pending orders that can raise exposure are deleted."""

from __future__ import annotations

from typing import ClassVar

from guard.actions._closing import cancel
from guard.actions.base import Action, Ask, Plan
from guard.model.intent import TradingState


class CancelPending(Action):
    """Delete the pending orders in scope that can raise exposure; those that can only reduce it stay."""

    kind: ClassVar[str] = "cancel_pending"
    title: ClassVar[str] = "Delete pending orders"
    state: ClassVar[TradingState] = TradingState.REDUCING

    def plan(self, ask: Ask) -> Plan:
        """One deletion an order."""
        return Plan(tuple(cancel(order.ticket, order.symbol) for order in ask.raising))
