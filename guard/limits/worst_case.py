"""Worst case: open risk with every pending order filled and stopped."""

from __future__ import annotations

import math
from typing import ClassVar

from pydantic import Field

from guard.limits.base import Limit, Positive, Reading, ceiling, number, unknown
from guard.metrics.compute import Metrics
from guard.metrics.outlook import worst_case


class WorstCase(Limit):
    """Open risk, plus every exposure-raising pending order filled and stopped, plus the configured gap, of equity.

    Positions without a stop count once together, with the loss to stop-out.
    """

    kind: ClassVar[str] = "worst_case"
    title: ClassVar[str] = "Worst case"
    unit: ClassVar[str] = "% of equity"
    scoped: ClassVar[bool] = False
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "reduce", "close_offending", "flatten")

    max: Positive = Field(examples=[8.0], description="largest worst case, in percent of equity")

    def evaluate(self, m: Metrics) -> Reading:
        """The account's worst case."""
        value, equity = worst_case(m), m.equity
        if value is None or equity is None:
            return unknown(self.max, m.blind if m.blind else "an order, a stop or the value of a position is unknown")
        pct = (math.inf if value > 0.0 else 0.0) if equity <= 0.0 else value / equity * 100.0
        bare = any(row.unprotected and not row.covered for row in m.rows or ())
        # All of the equity stands behind bare positions: utilization must not fall as stop-out comes nearer.
        used = ceiling(max(pct, 100.0) if bare else pct, self.max)
        return Reading(pct, self.max, used, at_most_warn=bare and not self._certain(m))

    def _certain(self, m: Metrics) -> bool:
        """Whether a position has been bare long enough for its substitute to break the limit (180 s)."""
        return any((since := m.since_bare(row)) is not None and since >= 180.0 for row in m.rows or ())

    def say(self, reading: Reading) -> str:
        """The sentence."""
        return (
            f"If all pending orders fill and every stop is hit {number(reading.value)} % of equity is lost; the limit "
            f"is {number(self.max)} %"
        )
