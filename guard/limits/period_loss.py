"""Loss since the start of the day, week or month."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar, Literal

from pydantic import Field

from guard.limits._loss import LossLimit, Reset, allowed_money
from guard.limits.base import AnchorNeed, Limit, Reading, number, unknown
from guard.metrics.anchored import Reference, room
from guard.metrics.compute import Metrics


class PeriodLoss(Limit):
    """What has been lost since the period began, open positions included, credit left out.

    The reference is the balance or equity at the reset instant of an IANA zone. Profit made in the period enlarges
    the room under ``balance@reset``.
    """

    kind: ClassVar[str] = "period_loss"
    title: ClassVar[str] = "Loss in the period"
    unit: ClassVar[str] = "account currency"
    scoped: ClassVar[bool] = False
    is_floor: ClassVar[bool] = True
    max_field: ClassVar[str] = "limit.value"
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "close_offending", "flatten")

    period: Literal["day", "week", "month"] = Field("day", description="day, week (from Monday) or month")
    limit: LossLimit = Field(description="how much may be lost in the period")
    anchor: Literal["balance@reset", "equity@reset", "max(balance,equity)@reset"] = Field(
        "balance@reset", description="what the loss is measured from"
    )
    reset: Reset = Field(Reset(), description="when the period begins")
    includes_open_pl: bool = Field(True, description="whether open positions count")
    flows: Literal["shift", "ignore"] = Field(
        "shift", description="whether deposits and withdrawals move the reference"
    )
    touch_is_breach: bool = Field(True, description="whether the limit itself is a breach already")

    @cached_property
    def key(self) -> str:
        """Name of the anchor in the engine's memory."""
        return f"{self.period}|{self.reset.tz}|{self.reset.time}"

    def anchor_needs(self) -> tuple[AnchorNeed, ...]:
        """The period's anchor."""
        return (AnchorNeed(self.key, self.period, self.reset.tz, self.reset.time, self.flows),)

    def evaluate(self, m: Metrics) -> Reading:
        """The period's loss against its floor."""
        ref = m.context.anchors.get(self.key)
        money = self.limit.value if self.limit.unit == "money" else None
        if ref is None:
            return unknown(money, f"the {self.period}'s reference is not known")
        reference, why = self._reference(ref)
        value = m.loss_equity if self.includes_open_pl else m.account.balance
        if m.context.flow_gap:
            return unknown(money, m.context.flow_gap)
        if reference is None:
            return unknown(money, why)
        if value is None:
            return unknown(money, "equity, credit or balance is missing")
        allowed, why = allowed_money(self.limit, m, reference)
        if allowed is None:
            return unknown(money, why)
        found = room(reference, allowed, value)
        detail = (found.floor, reference, ref.at, ref.source)
        return Reading(found.loss, allowed, found.utilization_pct, detail=detail)

    def _reference(self, ref: Reference) -> tuple[float | None, str]:
        if self.anchor == "balance@reset":
            value = ref.balance
        elif self.anchor == "equity@reset":
            value = ref.equity
        else:
            value = None if ref.balance is None or ref.equity is None else max(ref.balance, ref.equity)
        if value is None:
            return None, ref.why if ref.why else f"the equity at {ref.at} was not seen"
        if self.flows == "shift":
            return (None, ref.why) if ref.flows is None else (value + ref.flows, "")
        return value, ""

    def say(self, reading: Reading) -> str:
        """The sentence."""
        floor, reference, at, source = reading.detail
        rebuilt = " (rebuilt from deals)" if source == "deals" else ""
        return (
            f"Loss of the {self.period} is {number(reading.value)} of {number(reading.threshold)} allowed; the floor "
            f"is {floor:,.2f}, counted from {reference:,.2f} at {at}{rebuilt}"
        )
