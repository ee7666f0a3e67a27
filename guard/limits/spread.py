"""Spread of the symbols in use."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from guard.limits.base import Limit, Positive, Reading, ceiling, number, unknown
from guard.metrics.compute import Metrics


class Spread(Limit):
    """The widest spread among the symbols with positions or pending orders, in points. It blocks, it never closes."""

    kind: ClassVar[str] = "spread"
    title: ClassVar[str] = "Spread"
    unit: ClassVar[str] = "points"
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending")

    max: Positive = Field(examples=[30.0], description="widest spread, in points of the symbol")

    def evaluate(self, m: Metrics) -> Reading:
        """The widest spread in scope."""
        held, orders = m.snapshot.positions, m.snapshot.orders
        if held is None or orders is None or m.blind:
            return unknown(self.max, m.blind if m.blind else "positions or orders are missing")
        names = {row.symbol for row in held} | {row.symbol for row in orders} | set(self.scope.symbols)
        widest, worst, holes = 0.0, "", []
        for name in sorted(name for name in names if name is not None):
            if not self.scope.holds_trade(name, None, None, None):
                continue
            tick, symbol = m.snapshot.ticks.get(name), m.snapshot.symbols.get(name)
            point = symbol.point if symbol is not None else None
            if tick is None or tick.bid is None or tick.ask is None or not point:
                holes.append(name)
                continue
            wide = max(0.0, tick.ask - tick.bid) / point
            if wide > widest or not worst:
                widest, worst = wide, name
        if holes and widest <= self.max:
            return unknown(self.max, f"the quote of {holes[0]} is missing", tuple(holes))
        return Reading(widest, self.max, ceiling(round(widest, 6), self.max), (worst,) if worst else ())

    def say(self, reading: Reading) -> str:
        """The sentence."""
        where = reading.offending[0] if reading.offending else "any symbol"
        return f"The spread of {where} is {number(reading.value, 1)} points; the limit is {number(self.max, 1)} points"
