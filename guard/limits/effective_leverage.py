"""Effective leverage: notional over equity."""

from __future__ import annotations

import math
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
    measure: Literal["gross", "net", "regulatory"] = Field(
        "gross",
        description="gross: all positions; net: per symbol after hedges; regulatory: margin required by the regulator "
        "that is extended, in percent of equity, max 100",
    )

    def evaluate(self, m: Metrics) -> Reading:
        """Leverage of the positions in scope."""
        if self.measure == "regulatory":
            return self._regulatory(m)
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

    def _regulatory(self, m: Metrics) -> Reading:
        """Sum of notional x the regulator's rate, in percent of equity."""
        caps, rows, equity = m.context.caps, m.bare_rows, m.equity
        if caps is None:
            return unknown(self.max, 'no regulator is extended: add extends = ["regulators/esma"], or another one')
        if rows is None or equity is None:
            return unknown(self.max, m.blind if m.blind else "account.equity is missing")
        required = 0.0
        for row in rows:
            if not self.scope.is_all and not self.scope.holds(row):
                continue
            symbol = row.in_symbol.symbol
            if symbol is None or symbol.currency_base is None or symbol.currency_profit is None or row.notional is None:
                return unknown(self.max, f"the notional or the currencies of {row.in_symbol.name} are unknown")
            rate, why = caps.rate_pct(row.asset_class, symbol.name, symbol.currency_base, symbol.currency_profit)
            if rate is None:
                return unknown(self.max, why)
            required += row.notional * rate / 100.0
        value = (math.inf if required > 0.0 else 0.0) if equity <= 0.0 else required / equity * 100.0
        tickets = tuple(row.position.ticket for row in rows[:20]) if value > self.max * 0.5 else ()
        return Reading(value, self.max, ceiling(value, self.max), tickets, detail=(caps.name,))

    def say(self, reading: Reading) -> str:
        """The sentence."""
        if self.measure == "regulatory":
            of = reading.detail[0] if reading.detail else "the regulator"
            asked = f"Margin required by {of} is {number(reading.value)} % of equity"
            return f"{asked}; the limit is {number(self.max)} %"
        return (
            f"Effective leverage ({self.measure}) is {number(reading.value)} x equity; the limit is {number(self.max)}"
        )


def _heaviest_first(row: PositionFigures) -> tuple[float, int]:
    return -row.notional if row.notional is not None else 0.0, row.position.ticket
