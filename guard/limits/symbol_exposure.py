"""Exposure in one symbol."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from guard.limits.base import Limit, Positive, Reading, ceiling, number, unknown
from guard.metrics.book import SymbolFigures
from guard.metrics.compute import Metrics


class SymbolExposure(Limit):
    """Notional held in a single symbol, in percent of equity."""

    kind: ClassVar[str] = "symbol_exposure"
    title: ClassVar[str] = "Symbol exposure"
    unit: ClassVar[str] = "% of equity"
    vetoes: ClassVar[bool] = True
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "reduce", "close_offending", "flatten")

    max: Positive = Field(
        examples=[500.0], description="largest notional in one symbol, in percent of equity (500 is five times equity)"
    )
    measure: Literal["gross", "net"] = Field("net", description="gross: all positions; net: after hedges")

    def evaluate(self, m: Metrics) -> Reading:
        """The largest symbol in scope."""
        entries, equity = m.by_symbol, m.equity
        if entries is None or equity is None:
            return unknown(self.max, m.blind if m.blind else "account.equity is missing")
        sizes, holes = self._whole(entries) if self.scope.is_all else self._scoped(m)
        largest, worst = max(sizes) if sizes else (0.0, None)
        value = (math.inf if largest > 0.0 else 0.0) if equity <= 0.0 else largest / equity * 100.0
        if holes and value <= self.max:
            return unknown(self.max, f"the notional in {holes[0]} is unknown", tuple(holes))
        return Reading(value, self.max, ceiling(value, self.max), (worst,) if worst is not None else ())

    def _whole(self, entries: Mapping[str, SymbolFigures]) -> tuple[list[tuple[float, str]], list[str]]:
        net = self.measure == "net"
        sizes: list[tuple[float, str]] = []
        holes: list[str] = []
        for name, entry in entries.items():
            signed, gross = entry.notional_signed, entry.notional_gross
            if signed is None or gross is None:
                holes.append(name)
            else:
                sizes.append((abs(signed) if net else gross, name))
        return sizes, sorted(holes)

    def _scoped(self, m: Metrics) -> tuple[list[tuple[float, str]], list[str]]:
        sums: dict[str, float] = {}
        holes: set[str] = set()
        for row in m.bare_rows or ():
            if not self.scope.holds(row):
                continue
            name, side = row.in_symbol.name, row.position.side
            if row.notional is None or side is None:
                holes.add(name)
                continue
            sums[name] = sums.get(name, 0.0) + (row.notional * side if self.measure == "net" else row.notional)
        return [(abs(value), name) for name, value in sums.items() if name not in holes], sorted(holes)

    def say(self, reading: Reading) -> str:
        """The sentence."""
        where = reading.offending[0] if reading.offending else "any symbol"
        return f"Exposure in {where} is {number(reading.value)} % of equity; the limit is {number(self.max)} %"
