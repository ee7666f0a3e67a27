"""A stop moved away or removed."""

from __future__ import annotations

import math
from typing import ClassVar

from pydantic import Field

from guard.limits.base import Limit, Positive, Reading, ceiling, number, unknown
from guard.metrics.compute import Metrics
from guard.model.trading import Position


class StopWidened(Limit):
    """Distance from the opening price to the stop, in percent of the distance of the position's first stop.

    A stop beyond the opening price risks nothing: 0. A stop that was removed is beyond any bound. One point more than
    the first stop is tolerated.
    """

    kind: ClassVar[str] = "stop_widened"
    title: ClassVar[str] = "Stop widened"
    unit: ClassVar[str] = "% of the first distance"
    formula: ClassVar[str] = "0 while no stop is further away than allowed, else value / limit x 100"
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "set_stop", "close_offending", "flatten")

    max: Positive = Field(100.0, description="largest distance in percent of the first one; 100: never further away")

    def evaluate(self, m: Metrics) -> Reading:
        """The position whose stop was widened most."""
        rows = m.bare_rows
        if rows is None:
            return unknown(self.max, m.blind)
        worst, over, hole = 0.0, [], None
        for row in rows:
            position = row.position
            if not self.scope.is_all and not self.scope.holds(row):
                continue
            first = m.context.first_stops.get(position.identifier) if position.identifier is not None else None
            if first is None or first == 0.0:
                continue  # never had a stop: that is missing_stop's
            symbol = row.in_symbol.symbol
            ratio = _widened(position, first, symbol.point if symbol is not None else None)
            if ratio is None:
                hole = position.ticket
                continue
            worst = max(worst, ratio)
            if ratio > self.max:
                over.append(position.ticket)
        if hole is not None and not over:
            return unknown(self.max, f"the stop of position {hole} is unknown", (hole,))
        # At the first distance itself nothing was widened: only what is beyond it counts.
        return Reading(worst, self.max, ceiling(worst, self.max) if over else 0.0, tuple(over))

    def say(self, reading: Reading) -> str:
        """The sentence."""
        if not reading.offending:
            return "No stop was moved away or removed"
        names = ", ".join(str(ticket) for ticket in reading.offending[:5])
        how = f"is at {number(reading.value, 0)} % of its first distance"
        if reading.value is not None and math.isinf(reading.value):
            how = "was removed, or moved where nothing was risked before"
        return f"The stop of position {names} {how}; the limit is {number(self.max, 0)} %"


def _widened(position: Position, first: float, point: float | None) -> float | None:
    side, opened, stop = position.side, position.price_open, position.sl
    if side is None or opened is None or stop is None:
        return None
    if stop == 0.0:
        return math.inf
    before, now = side * (opened - first), side * (opened - stop)
    spare = point if point is not None else 0.0
    if now <= max(before, 0.0) + spare * 1.000001:
        return min(100.0, max(0.0, now) / before * 100.0) if before > 0.0 else 0.0
    return now / before * 100.0 if before > 0.0 else math.inf
