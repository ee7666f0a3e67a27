"""A stop that follows the price."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from guard.actions._closing import side_of
from guard.actions._stops import better, hedged, on_tick, point_of, price_of, stop_at
from guard.actions.base import Action, Ask, NotNegative, Plan, Positive, Wish


class TrailStop(Action):
    """Once a position is ``start_points`` in profit, its stop follows the price ``distance_points`` behind.

    It only ever moves towards profit. Hedged positions are left alone. The take-profit is kept.
    """

    kind: ClassVar[str] = "trail_stop"
    title: ClassVar[str] = "Trailing stop"

    start_points: NotNegative = Field(0.0, description="points of profit from which the stop follows")
    distance_points: Positive = Field(200.0, description="points between price and stop")
    step_points: NotNegative = Field(20.0, description="points the stop must gain to be moved, so that few are sent")

    def plan(self, ask: Ask) -> Plan:
        """A better stop for each position that has earned one."""
        wishes: list[Wish] = []
        for row in ask.rows:
            price, point, opened = price_of(row, ask), point_of(row), row.position.price_open
            if price is None or point is None or opened is None or hedged(row, ask):
                continue
            side = side_of(row)
            if (price - opened) * side < self.start_points * point:
                continue
            stop = on_tick(price - side * self.distance_points * point, row)
            wish = stop_at(row, stop) if stop > 0.0 and better(row, stop, self.step_points * point) else None
            if wish is not None:
                wishes.append(wish)
        return Plan(tuple(wishes))
