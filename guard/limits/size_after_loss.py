"""A larger trade after a loss."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from guard.limits.base import Limit, Positive, Reading, ceiling, number, unknown
from guard.metrics.compute import Metrics
from guard.metrics.trades import closed, result_of


class SizeAfterLoss(Limit):
    """Volume of an open trade in percent of the losing trade that was closed last before it (martingale).

    A result within its costs is no loss. 100 % means: never larger than the loser.
    """

    kind: ClassVar[str] = "size_after_loss"
    title: ClassVar[str] = "Size after a loss"
    unit: ClassVar[str] = "% of the loser's volume"
    formula: ClassVar[str] = "0 while no trade is too large, else value / limit x 100"
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "reduce", "close_offending", "flatten")

    max: Positive = Field(100.0, description="largest volume after a loss, in percent of the loser's")
    same_symbol: bool = Field(True, description="compare within a symbol only", json_schema_extra={"tighter": "none"})

    def evaluate(self, m: Metrics) -> Reading:
        """The open trade that grew most after a loss."""
        rows, deals = m.bare_rows, m.snapshot.deals
        if rows is None:
            return unknown(self.max, m.blind)
        held = frozenset(row.position.identifier for row in rows if row.position.identifier is not None)
        over = closed(deals, held) if deals is not None else None
        if over is None:
            return unknown(self.max, "the list of deals is missing, or a deal lacks its time")
        worst, offending = 0.0, []
        for row in rows:
            p = row.position
            if not self.scope.is_all and not self.scope.holds(row):
                continue
            if p.volume is None or p.time is None or (self.same_symbol and p.symbol is None):
                return unknown(self.max, f"volume, time or symbol of position {p.ticket} is unknown", (p.ticket,))
            before = [one for one in over if one.closed_s is not None and one.closed_s <= p.time
                      and (not self.same_symbol or one.symbol == p.symbol)
                      and self.scope.holds_trade(one.symbol, one.magic, one.side, one.comment)]  # fmt: skip
            if not before or result_of(before[-1]) not in (-1, None):
                continue
            if result_of(before[-1]) is None or before[-1].lots is None:
                return unknown(self.max, f"the result or volume of the trade before {p.ticket} is unknown", (p.ticket,))
            ratio = p.volume / before[-1].lots * 100.0
            worst = max(worst, ratio)
            if ratio > self.max * (1.0 + 1e-9):
                offending.append(p.ticket)
        # The loser's own size again is no finding: only what is larger counts.
        return Reading(worst, self.max, ceiling(worst, self.max) if offending else 0.0, tuple(offending))

    def say(self, reading: Reading) -> str:
        """The sentence."""
        if not reading.offending:
            return "No trade after a loss is too large"
        return (
            f"Position {reading.offending[0]} has {number(reading.value, 0)} % of the volume of the losing trade "
            f"before; the limit is {number(self.max, 0)} %"
        )
