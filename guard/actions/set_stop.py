"""A stop for positions that have none."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from guard.actions._stops import hedged, least_distance, price_of, stop_at
from guard.actions.base import Action, Ask, Plan, Positive, Wish


class SetStop(Action):
    """Set a stop ``distance_pct`` percent of the price away on the positions named that have none.

    Never nearer than the broker's stops level, three spreads and the range of the last hour. Never on hedged positions,
    on those found open when the guard first looked, or on the magic numbers of ``not_magics``. The take-profit is kept.
    """

    kind: ClassVar[str] = "set_stop"
    title: ClassVar[str] = "Set a stop"

    distance_pct: Positive = Field(1.0, description="percent of the price between price and stop")
    not_magics: tuple[int, ...] = Field((), description="magic numbers whose positions get no stop")

    def plan(self, ask: Ask) -> Plan:
        """One stop a position."""
        wishes: list[Wish] = []
        said: list[str] = []
        named = set(ask.offending)
        for row in ask.rows:
            position = row.position
            if named and position.ticket not in named and row.in_symbol.name not in named:
                continue
            if position.sl != 0.0 or position.magic in self.not_magics or position.identifier in ask.found_open:
                continue
            if hedged(row, ask):
                continue
            price = price_of(row, ask)
            least, why = least_distance(row, ask)
            if price is None or least is None:
                said.append(why if why else f"{row.in_symbol.name} has no price")
                continue
            side = position.side if position.side is not None else 0
            stop = price - side * max(least, price * self.distance_pct / 100.0)
            if stop <= 0.0:
                said.append(f"a stop for position {position.ticket} would be below 0")
                continue
            wish = stop_at(row, stop)
            if wish is not None:
                wishes.append(wish)
        return Plan(tuple(wishes), "; ".join(dict.fromkeys(said)))
