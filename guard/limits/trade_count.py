"""Number of trades in a day or week."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from guard.limits._loss import Reset
from guard.limits.base import AnchorNeed, Limit, Reading, ceiling, unknown
from guard.metrics.compute import Metrics
from guard.metrics.trades import IN, INOUT, TRADES


class TradeCount(Limit):
    """How many trades were begun since the reset: it blocks, it never closes."""

    kind: ClassVar[str] = "trade_count"
    title: ClassVar[str] = "Trades in the period"
    unit: ClassVar[str] = "trades"
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending")

    max: Annotated[int, Field(gt=0)] = Field(examples=[10], description="largest number in the period")
    counts: Literal["entries", "fills", "positions"] = Field(
        "positions", description="entries: orders that opened or added; fills: their deals; positions: by identifier"
    )
    period: Literal["day", "week", "month"] = Field("day", description="day, week (from Monday) or month")
    reset: Reset = Field(Reset(), description="when the period begins")

    @cached_property
    def key(self) -> str:
        """Name of the anchor that marks the period's beginning."""
        return f"{self.period}|{self.reset.tz}|{self.reset.time}"

    def anchor_needs(self) -> tuple[AnchorNeed, ...]:
        """The period's beginning."""
        return (AnchorNeed(self.key, self.period, self.reset.tz, self.reset.time, "shift"),)

    def evaluate(self, m: Metrics) -> Reading:
        """Trades since the reset."""
        deals, ref, most = m.snapshot.deals, m.context.anchors.get(self.key), float(self.max)
        if deals is None or ref is None or (ref.server_s is None and deals):
            return unknown(most, "deals, or the server's clock at the reset, are not known")
        seen: set[int] = set()
        for deal in deals:
            if deal.type not in TRADES or deal.entry not in (IN, INOUT):
                continue
            if deal.time is None:
                return unknown(most, f"the time of deal {deal.ticket} is missing")
            side = 1 if deal.type == 0 else -1
            if ref.server_s is None or deal.time < ref.server_s:
                continue
            if not self.scope.holds_trade(deal.symbol, deal.magic, side, deal.comment):
                continue
            key = deal.ticket
            if self.counts == "positions" and deal.position_id is not None:
                key = deal.position_id
            elif self.counts == "entries" and deal.order:
                key = deal.order
            seen.add(key)
        count = float(len(seen))
        return Reading(count, most, ceiling(count, most))

    def say(self, reading: Reading) -> str:
        """The sentence."""
        return f"{reading.value:.0f} trades were begun this {self.period} ({self.counts}); the limit is {self.max}"
