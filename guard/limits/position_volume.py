"""Volume of one position."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from guard.limits.base import Limit, Positive, Reading, ceiling, number, unknown
from guard.metrics.compute import Metrics


class PositionVolume(Limit):
    """The largest position in lots."""

    kind: ClassVar[str] = "position_volume"
    title: ClassVar[str] = "Position volume"
    unit: ClassVar[str] = "lots"
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "reduce", "close_offending", "flatten")

    max: Positive = Field(examples=[1.0], description="largest volume of one position, in lots")

    def evaluate(self, m: Metrics) -> Reading:
        """The largest volume among the positions in scope."""
        if self.scope.is_all and m.largest_volume is not None and m.largest_volume <= self.max:
            return Reading(m.largest_volume, self.max, ceiling(m.largest_volume, self.max))
        rows = m.bare_rows
        if rows is None:
            return unknown(self.max, m.blind)
        largest = 0.0
        over: list[int] = []
        hole = None
        for row in rows:
            if not self.scope.is_all and not self.scope.holds(row):
                continue
            volume = row.position.volume
            if volume is None:
                hole = row.position.ticket
                continue
            largest = max(largest, volume)
            if volume > self.max:
                over.append(row.position.ticket)
        if hole is not None and not over:
            return unknown(self.max, f"the volume of position {hole} is unknown", (hole,))
        return Reading(largest, self.max, ceiling(largest, self.max), tuple(over))

    def say(self, reading: Reading) -> str:
        """The sentence."""
        return f"The largest position is {number(reading.value)} lots; the limit is {number(self.max)} lots"
