"""Margin usage: used margin over equity."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from guard.limits.base import Limit, Positive, Reading, ceiling, number, unknown
from guard.metrics.compute import Metrics


class MarginUsage(Limit):
    """Used margin in percent of equity. Positions without margin in use (a full hedge) make it blind: a warning."""

    kind: ClassVar[str] = "margin_usage"
    title: ClassVar[str] = "Margin usage"
    unit: ClassVar[str] = "% of equity"
    scoped: ClassVar[bool] = False
    vetoes: ClassVar[bool] = True
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "reduce", "close_offending", "flatten")

    max: Positive = Field(examples=[50.0], description="largest used margin, in percent of equity")

    def evaluate(self, m: Metrics) -> Reading:
        """The account's margin usage."""
        value = m.margin_usage_pct
        if value is None:
            return unknown(self.max, "account.margin or account.equity is missing")
        if m.account.margin == 0.0 and m.blind:
            return unknown(self.max, m.blind)
        if m.margin_blind:
            return Reading(None, self.max, None, (), "Positions are held without margin in use: margin usage is blind",
                           False, True)  # fmt: skip
        return Reading(value, self.max, ceiling(value, self.max))

    def say(self, reading: Reading) -> str:
        """The sentence."""
        return f"Margin in use is {number(reading.value)} % of equity; the limit is {number(self.max)} %"
