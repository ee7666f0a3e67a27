"""Distance to stop-out in percent of equity."""

from __future__ import annotations

import math
from typing import ClassVar

from pydantic import Field

from guard.limits.base import Limit, Positive, Reading, number, unknown
from guard.metrics.account import is_assumed
from guard.metrics.compute import Metrics


class StopOutDistance(Limit):
    """How much of its equity the account may still lose before the broker closes positions.

    Value = loss to stop-out / equity x 100, with margin as charged. Nothing held: no distance, fine.
    """

    kind: ClassVar[str] = "stop_out_distance"
    title: ClassVar[str] = "Distance to stop-out"
    unit: ClassVar[str] = "% of equity"
    scoped: ClassVar[bool] = False
    is_floor: ClassVar[bool] = True
    max_field: ClassVar[str] = "min"
    vetoes: ClassVar[bool] = True
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "reduce", "close_offending", "flatten")

    min: Positive = Field(examples=[30.0], description="smallest allowed distance, in percent of equity", le=100.0)
    touch_is_breach: bool = Field(True, description="whether the limit itself is a breach already")

    def evaluate(self, m: Metrics) -> Reading:
        """The account's distance to stop-out."""
        if m.snapshot.positions is None or m.blind:
            return unknown(self.min, m.blind)
        if not m.snapshot.positions:
            return Reading(None, self.min, 0.0, (), "Nothing is held")
        loss, equity = m.loss_to_stop_out, m.equity
        if loss is None or equity is None:
            return unknown(self.min, "equity, margin or the stop-out level is unknown")
        if equity <= 0.0:
            return Reading(-math.inf if loss < 0.0 else 0.0, self.min, math.inf, (), "Equity is used up")
        value = loss / equity * 100.0
        used = math.inf if value <= 0.0 else self.min / value * 100.0
        return Reading(value, self.min, used, detail=(m.stop_out_level[1],))

    def say(self, reading: Reading) -> str:
        """The sentence."""
        source = str(reading.detail[0]) if reading.detail else ""
        named = f" (from {source})" if source != "assumed" else ""
        assumed = f"; the stop-out level is assumed{named}, the terminal does not tell it" if is_assumed(source) else ""
        return (
            f"Stop-out is {number(reading.value)} % of equity away; the smallest allowed distance is "
            f"{number(self.min)} %{assumed}"
        )
