"""Number of open positions."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from guard.limits.base import Limit, Reading, ceiling, unknown
from guard.metrics.compute import Metrics


class PositionCount(Limit):
    """How many positions are open."""

    kind: ClassVar[str] = "position_count"
    title: ClassVar[str] = "Open positions"
    unit: ClassVar[str] = "positions"
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "close_offending", "flatten")

    max: Annotated[int, Field(gt=0, description="largest number of open positions")]

    def evaluate(self, m: Metrics) -> Reading:
        """The number of positions in scope."""
        if self.scope.is_all and m.by_symbol is not None and m.snapshot.positions is not None:
            used = ceiling(float(len(m.snapshot.positions)), float(self.max))
            if used < self.first_pct:
                return Reading(float(len(m.snapshot.positions)), float(self.max), used)
        rows = m.bare_rows
        if rows is None:
            return unknown(float(self.max), m.blind)
        held = rows if self.scope.is_all else [row for row in rows if self.scope.holds(row)]
        count = float(len(held))
        used = ceiling(count, float(self.max))
        tickets = tuple(row.position.ticket for row in held[:50]) if used >= self.first_pct else ()
        return Reading(count, float(self.max), used, tickets)

    def say(self, reading: Reading) -> str:
        """The sentence."""
        return f"{reading.value:.0f} positions are open; the limit is {self.max}"
