"""Number of open positions and pending orders."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from guard.limits.base import Limit, Reading, ceiling, unknown
from guard.metrics.compute import Metrics


class OrderCount(Limit):
    """How many positions are open and orders pending, together. Firms count both against one number."""

    kind: ClassVar[str] = "order_count"
    title: ClassVar[str] = "Positions and orders"
    unit: ClassVar[str] = "positions and orders"
    scoped: ClassVar[bool] = False
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "close_offending", "flatten")

    max: Annotated[int, Field(gt=0)] = Field(examples=[100], description="largest number of both together")
    pending_only: bool = Field(False, description="count pending orders alone", json_schema_extra={"tighter": "none"})

    def evaluate(self, m: Metrics) -> Reading:
        """Positions and orders of the account."""
        orders, held = m.snapshot.orders, m.snapshot.positions
        if orders is None or held is None or m.blind:
            return unknown(float(self.max), m.blind if m.blind else "the list of orders or positions is missing")
        count = float(len(orders) + (0 if self.pending_only else len(held)))
        return Reading(count, float(self.max), ceiling(count, float(self.max)))

    def say(self, reading: Reading) -> str:
        """The sentence."""
        what = "orders are pending" if self.pending_only else "positions and orders are open"
        return f"{reading.value:.0f} {what}; the limit is {self.max}"
