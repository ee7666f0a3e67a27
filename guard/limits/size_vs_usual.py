"""A trade much larger than usual."""

from __future__ import annotations

import statistics
from typing import Annotated, ClassVar

from pydantic import Field

from guard.limits.base import Limit, Positive, Reading, ceiling, number, unknown
from guard.metrics.compute import Metrics
from guard.metrics.trades import closed


class SizeVsUsual(Limit):
    """Volume of an open trade in percent of the median of the trades closed before it in the same symbol."""

    kind: ClassVar[str] = "size_vs_usual"
    title: ClassVar[str] = "Size against usual"
    unit: ClassVar[str] = "% of the usual volume"
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "reduce", "close_offending", "flatten")

    max: Positive = Field(300.0, description="largest volume, in percent of the usual one")
    of_last: Annotated[int, Field(ge=3)] = Field(20, description="of how many closed trades the median is taken")
    at_least: Annotated[int, Field(ge=3)] = Field(5, description="with fewer closed trades nothing is usual yet")

    def evaluate(self, m: Metrics) -> Reading:
        """The open trade that is largest against its symbol's usual one."""
        rows, deals = m.bare_rows, m.snapshot.deals
        if rows is None:
            return unknown(self.max, m.blind)
        held = frozenset(row.position.identifier for row in rows if row.position.identifier is not None)
        over = closed(deals, held) if deals is not None else None
        if over is None:
            return unknown(self.max, "the list of deals is missing, or a deal lacks its time")
        usual: dict[str, list[float]] = {}
        for trade in over:
            if trade.symbol is not None and trade.lots is not None:
                usual.setdefault(trade.symbol, []).append(trade.lots)
        worst, offending = 0.0, []
        for row in rows:
            p = row.position
            if not self.scope.is_all and not self.scope.holds(row):
                continue
            past = usual.get(p.symbol, [])[-self.of_last :] if p.symbol is not None else []
            if len(past) < self.at_least:
                continue
            if p.volume is None:
                return unknown(self.max, f"the volume of position {p.ticket} is unknown", (p.ticket,))
            ratio = p.volume / statistics.median(past) * 100.0
            worst = max(worst, ratio)
            if ratio > self.max:
                offending.append(p.ticket)
        return Reading(worst, self.max, ceiling(worst, self.max), tuple(offending))

    def say(self, reading: Reading) -> str:
        """The sentence."""
        if not reading.value:
            return "Nothing is held, or too few trades are known to say what is usual"
        which = f"Position {reading.offending[0]}" if reading.offending else "The largest position"
        return f"{which} has {number(reading.value, 0)} % of the usual volume; the limit is {number(self.max, 0)} %"
