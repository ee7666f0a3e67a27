"""Margin level: equity over used margin."""

from __future__ import annotations

import math
from typing import ClassVar

from pydantic import Field

from guard.limits.base import Limit, Positive, Reading, number, unknown
from guard.metrics.compute import Metrics


class MarginLevel(Limit):
    """Equity / used margin in percent; the broker calls at its margin call level and closes at its stop-out level.

    Nothing in use is fine. Positions without margin (a full hedge) make the figure blind: that is a warning.
    """

    kind: ClassVar[str] = "margin_level"
    title: ClassVar[str] = "Margin level"
    unit: ClassVar[str] = "%"
    scoped: ClassVar[bool] = False
    is_floor: ClassVar[bool] = True
    max_field: ClassVar[str] = "min"
    vetoes: ClassVar[bool] = True
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "reduce", "close_offending", "flatten")

    min: Positive = Field(examples=[150.0], description="lowest allowed margin level, in percent")
    touch_is_breach: bool = Field(True, description="whether the level itself is a breach already")

    def evaluate(self, m: Metrics) -> Reading:
        """The account's margin level."""
        margin, equity = m.account.margin, m.account.equity
        if margin is None or equity is None:
            return unknown(self.min, "account.margin or account.equity is missing")
        if margin == 0.0:
            if m.blind:
                return unknown(self.min, m.blind)
            if m.margin_blind:
                why = "Positions are held without margin in use: the margin level is blind, watch stop-out and spread"
                return Reading(None, self.min, None, (), why, False, True)
            return Reading(None, self.min, 0.0, (), "No margin is in use")
        value = m.margin_level_pct
        if value is None:
            return unknown(self.min, "the margin level is unknown")
        used = math.inf if value <= 0.0 else self.min / value * 100.0
        return Reading(value, self.min, used)

    def say(self, reading: Reading) -> str:
        """The sentence."""
        return f"Margin level is {number(reading.value)} %; the lowest allowed is {number(self.min)} %"
