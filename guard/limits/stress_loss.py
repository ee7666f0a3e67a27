"""Loss in a shock of prices."""

from __future__ import annotations

import math
from typing import ClassVar

from pydantic import Field

from guard.limits.base import Limit, Positive, Reading, ceiling, number, unknown
from guard.metrics.compute import Metrics
from guard.metrics.outlook import stress


class StressLoss(Limit):
    """What the worst of the configured shocks ([[shocks]]) would cost, in percent of equity."""

    kind: ClassVar[str] = "stress_loss"
    title: ClassVar[str] = "Loss in a shock"
    unit: ClassVar[str] = "% of equity"
    scoped: ClassVar[bool] = False
    vetoes: ClassVar[bool] = True
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "reduce", "close_offending", "flatten")

    max: Positive = Field(examples=[20.0], description="largest loss in any of the shocks, in percent of equity")
    shocks: tuple[str, ...] = Field((), description="only the shocks of these names; default: all")

    def evaluate(self, m: Metrics) -> Reading:
        """The worst shock."""
        found, equity = stress(m), m.equity
        if found is None or equity is None:
            return unknown(self.max, m.blind if m.blind else "account.equity is missing")
        worst, name, hole = 0.0, "", ""
        for row in found:
            if self.shocks and row["shock"] not in self.shocks:
                continue
            after = row["equity"]
            if not isinstance(after, float):
                hole = str(row["shock"])
            elif equity - after > worst:
                worst, name = equity - after, str(row["shock"])
        value = (math.inf if worst > 0.0 else 0.0) if equity <= 0.0 else worst / equity * 100.0
        if hole and value <= self.max:
            return unknown(self.max, f"what {hole} would do is unknown")
        return Reading(value, self.max, ceiling(value, self.max), detail=(name,))

    def say(self, reading: Reading) -> str:
        """The sentence."""
        name = reading.detail[0] if reading.detail and reading.detail[0] else "no shock"
        return f"{name}: {number(reading.value)} % of equity would be lost; the limit is {number(self.max)} %"
