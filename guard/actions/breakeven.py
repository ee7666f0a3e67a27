"""A stop at the opening price once there is profit."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from guard.actions._closing import side_of
from guard.actions._stops import better, hedged, on_tick, point_of, price_of, stop_at
from guard.actions.base import Action, Ask, NotNegative, Plan, Positive, Wish


class Breakeven(Action):
    """Once a position is ``start_points`` in profit, its stop is moved to the opening price and ``plus_points`` beyond.

    A stop that protects more already is left alone, and so are hedged positions. The take-profit is kept.
    """

    kind: ClassVar[str] = "breakeven"
    title: ClassVar[str] = "Breakeven"

    start_points: Positive = Field(200.0, description="points of profit from which the stop is moved")
    plus_points: NotNegative = Field(0.0, description="points beyond the opening price, to pay for costs")

    def plan(self, ask: Ask) -> Plan:
        """One better stop a position, once."""
        wishes: list[Wish] = []
        for row in ask.rows:
            price, point, opened = price_of(row, ask), point_of(row), row.position.price_open
            if price is None or point is None or opened is None or hedged(row, ask):
                continue
            side = side_of(row)
            gained = (price - opened) * side
            if gained < self.start_points * point or gained <= self.plus_points * point:
                continue
            stop = on_tick(opened + side * self.plus_points * point, row)
            wish = stop_at(row, stop) if better(row, stop) else None
            if wish is not None:
                wishes.append(wish)
        return Plan(tuple(wishes))
