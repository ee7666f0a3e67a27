"""Volume of a single order."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from guard.limits.base import Limit, NotNegative, Positive, Reading, ceiling, number, unknown
from guard.metrics.compute import Metrics
from guard.metrics.trades import IN, INOUT, TRADES


class OrderVolume(Limit):
    """The largest order: pending ones, and those filled lately (on netting accounts several make one position)."""

    kind: ClassVar[str] = "order_volume"
    title: ClassVar[str] = "Volume of one order"
    unit: ClassVar[str] = "lots"
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "flatten")

    max: Positive = Field(examples=[50.0], description="largest volume of one order, in lots")
    within_s: NotNegative = Field(3600.0, description="seconds for which a filled order is looked at")

    def evaluate(self, m: Metrics) -> Reading:
        """The largest order in scope."""
        orders, deals, now = m.snapshot.orders, m.snapshot.deals, m.snapshot.server_time_s
        if orders is None or deals is None or now is None or m.blind:
            return unknown(self.max, m.blind if m.blind else "orders, deals or the server's time are missing")
        found: list[tuple[float, int]] = []
        for order in orders:
            if self.scope.holds_trade(order.symbol, order.magic, order.side, order.comment):
                if order.volume is None:
                    return unknown(self.max, f"the volume of order {order.ticket} is unknown", (order.ticket,))
                found.append((order.volume, order.ticket))
        filled: dict[int, float] = {}
        for deal in deals:
            if deal.type not in TRADES or deal.entry not in (IN, INOUT) or deal.time is None:
                continue
            side = 1 if deal.type == 0 else -1
            if now - deal.time > self.within_s or not self.scope.holds_trade(
                deal.symbol, deal.magic, side, deal.comment
            ):
                continue
            if deal.volume is None:
                return unknown(self.max, f"the volume of deal {deal.ticket} is unknown")
            key = deal.order if deal.order else deal.ticket
            filled[key] = filled.get(key, 0.0) + deal.volume
        found += [(volume, ticket) for ticket, volume in filled.items()]
        largest, ticket = max(found, default=(0.0, 0))
        return Reading(largest, self.max, ceiling(largest, self.max), (ticket,) if ticket else ())

    def say(self, reading: Reading) -> str:
        """The sentence."""
        return f"The largest order is {number(reading.value)} lots; the limit is {number(self.max)} lots"
