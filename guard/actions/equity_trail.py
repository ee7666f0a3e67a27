"""A stop on the account's equity that no broker sees."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from guard.actions._closing import unwind
from guard.actions.base import Action, Ask, Plan, Positive
from guard.model.intent import TradingState


class EquityTrail(Action):
    """While its stage is reached the highest equity is followed; ``distance_pct`` percent below it all is closed."""

    kind: ClassVar[str] = "equity_trail"
    title: ClassVar[str] = "Trailing stop on equity"
    closes: ClassVar[bool] = True
    state: ClassVar[TradingState] = TradingState.ACTIVE
    follows_peak: ClassVar[bool] = True

    distance_pct: Positive = Field(1.0, description="percent below the highest equity since the stage was reached")

    def plan(self, ask: Ask) -> Plan:
        """Everything in scope, once equity is far enough below its peak."""
        equity, peak = ask.metrics.equity, ask.peak
        if equity is None or peak is None or equity > peak * (1.0 - self.distance_pct / 100.0):
            return Plan()
        return Plan(tuple(unwind(ask, ask.rows)))
