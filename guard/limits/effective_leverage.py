"""Effective leverage: notional over equity."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from guard.limits.base import Limit, Positive, Reading, ceiling, number, unknown
from guard.metrics.book import PositionFigures
from guard.metrics.compute import Metrics
from guard.metrics.leverage import effective_leverage


class EffectiveLeverage(Limit):
    """How many times its equity the account holds: sum of notional / equity.

    Gross counts every position; net counts what is left of each symbol after hedges. Not the account's 1:N setting.
    """

    kind: ClassVar[str] = "effective_leverage"
    title: ClassVar[str] = "Effective leverage"
    unit: ClassVar[str] = "x equity"
    vetoes: ClassVar[bool] = True
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "reduce", "close_offending", "flatten")

    max: Positive = Field(examples=[10.0], description="largest allowed notional / equity, in times")
    measure: Literal["gross", "net"] = Field("gross", description="gross: all positions; net: per symbol after hedges")

    def evaluate(self, m: Metrics) -> Reading:
        """Leverage of the positions in scope."""
        if self.scope.is_all:
            value = m.effective_leverage if self.measure == "gross" else m.effective_leverage_net
        else:
            value = self._scoped(m)
        if value is None:
            return unknown(self.max, "notional or equity is unknown" if not m.blind else m.blind)
        used = ceiling(value, self.max)
        rows = m.bare_rows if used >= self.first_pct else None
        if rows is None:
            return Reading(value, self.max, used)
        held = [row for row in rows if row.notional is not None and (self.scope.is_all or self.scope.holds(row))]
        held.sort(key=_heaviest_first)
        return Reading(value, self.max, used, tuple(row.position.ticket for row in held[:20]))

    def _scoped(self, m: Metrics) -> float | None:
        rows = m.bare_rows
        if rows is None or m.equity is None:
            return None
        total = 0.0
        net: dict[str, float] = {}
        for row in rows:
            if not self.scope.holds(row):
                continue
            if row.notional is None or row.position.side is None:
                return None
            total += row.notional
            name = row.in_symbol.name
            net[name] = net.get(name, 0.0) + row.notional * row.position.side
        if self.measure == "net":
            total = sum(abs(part) for part in net.values())
        return effective_leverage(total, m.equity)

    def say(self, reading: Reading) -> str:
        """The sentence."""
        return (
            f"Effective leverage ({self.measure}) is {number(reading.value)} x equity; the limit is {number(self.max)}"
        )


def _heaviest_first(row: PositionFigures) -> tuple[float, int]:
    return -row.notional if row.notional is not None else 0.0, row.position.ticket
