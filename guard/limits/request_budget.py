"""Requests to the trade server in a day."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, ClassVar

from pydantic import Field

from guard.limits._loss import Reset
from guard.limits.base import AnchorNeed, Limit, Reading, ceiling, unknown
from guard.metrics.compute import Metrics


class RequestBudget(Limit):
    """At least how many requests the account sent in the day: its deals and pending orders, and what the guard sent.

    A terminal does not tell how often stops were moved by hand or by a robot: the true number may be higher.
    """

    kind: ClassVar[str] = "request_budget"
    title: ClassVar[str] = "Requests in the day"
    unit: ClassVar[str] = "requests"
    scoped: ClassVar[bool] = False
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending")

    max: Annotated[int, Field(gt=0)] = Field(2000, description="largest number of requests a day")
    reset: Reset = Field(Reset(), description="when the day begins")

    @cached_property
    def key(self) -> str:
        """Name of the anchor that marks the day's beginning."""
        return f"day|{self.reset.tz}|{self.reset.time}"

    def anchor_needs(self) -> tuple[AnchorNeed, ...]:
        """The day's beginning."""
        return (AnchorNeed(self.key, "day", self.reset.tz, self.reset.time, "shift"),)

    def evaluate(self, m: Metrics) -> Reading:
        """What is known to have been sent."""
        ref, deals, orders, most = m.context.anchors.get(self.key), m.snapshot.deals, m.snapshot.orders, float(self.max)
        if deals is None or orders is None or ref is None or (deals and ref.server_s is None):
            return unknown(most, "deals, orders, or the server's clock at the reset, are not known")
        filled = {
            deal.order if deal.order else deal.ticket
            for deal in deals
            if deal.time is not None and ref.server_s is not None and deal.time >= ref.server_s and deal.type in (0, 1)
        }
        day, own = m.context.requests
        own = own if day == m.snapshot.taken_at.date().isoformat() else 0
        count = float(max(len(filled) + len(orders), own))
        return Reading(count, most, ceiling(count, most))

    def say(self, reading: Reading) -> str:
        """The sentence."""
        return f"At least {reading.value:.0f} requests were sent today; the limit is {self.max}"
