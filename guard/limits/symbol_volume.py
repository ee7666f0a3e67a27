"""Volume held in one symbol."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from guard.limits.base import Limit, Positive, Reading, ceiling, number, unknown
from guard.metrics.compute import Metrics


class SymbolVolume(Limit):
    """Lots of all positions in a single symbol together."""

    kind: ClassVar[str] = "symbol_volume"
    title: ClassVar[str] = "Volume in one symbol"
    unit: ClassVar[str] = "lots"
    vetoes: ClassVar[bool] = True
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "reduce", "close_offending", "flatten")

    max: Positive = Field(examples=[2.0], description="largest volume in one symbol, in lots")
    measure: Literal["gross", "net"] = Field("gross", description="gross: both sides; net: what is left after hedges")

    def evaluate(self, m: Metrics) -> Reading:
        """The symbol with the largest volume in scope."""
        rows = m.bare_rows
        if rows is None:
            return unknown(self.max, m.blind)
        sums: dict[str, float] = {}
        holes: list[str] = []
        for row in rows:
            if not self.scope.is_all and not self.scope.holds(row):
                continue
            name, volume, side = row.in_symbol.name, row.position.volume, row.position.side
            if volume is None or side is None:
                holes.append(name)
                continue
            sums[name] = sums.get(name, 0.0) + (volume if self.measure == "gross" else volume * side)
        worst = max(sums, key=lambda name: abs(sums[name]), default=None)
        largest = abs(sums[worst]) if worst is not None else 0.0
        if holes and largest <= self.max:
            return unknown(self.max, f"the volume of a position in {holes[0]} is unknown", tuple(holes))
        return Reading(largest, self.max, ceiling(largest, self.max), (worst,) if worst is not None else ())

    def say(self, reading: Reading) -> str:
        """The sentence."""
        where = reading.offending[0] if reading.offending else "any symbol"
        held = f"{number(reading.value)} lots ({self.measure}) are held in {where}"
        return f"{held}; the limit is {number(self.max)} lots"
