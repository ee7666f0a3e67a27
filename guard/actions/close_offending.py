"""The positions a verdict names are closed."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from guard.actions._closing import basket, unwind
from guard.actions.base import Action, Ask, Plan
from guard.metrics.book import PositionFigures
from guard.model.intent import TradingState


class CloseOffending(Action):
    """Close the positions the limit names.

    A robot's positions are closed together, all of its magic number: half a grid is not what the robot counts on.
    """

    kind: ClassVar[str] = "close_offending"
    title: ClassVar[str] = "Close the positions named"
    closes: ClassVar[bool] = True
    state: ClassVar[TradingState] = TradingState.REDUCING

    single_legs: bool = Field(False, description="close single positions of a robot, not all of its magic number")

    def plan(self, ask: Ask) -> Plan:
        """The named positions, robots by their baskets."""
        named = set(ask.offending)
        chosen: dict[int, PositionFigures] = {}
        for row in ask.rows:
            if row.position.ticket in named or row.in_symbol.name in named:
                together = [row] if self.single_legs else basket(row.position, ask.rows)
                chosen.update({one.position.ticket: one for one in together})
        return Plan(tuple(unwind(ask, list(chosen.values()))))
