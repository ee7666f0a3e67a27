"""Loss since the start of the day, week or month."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar, Literal

from pydantic import Field

from guard.limits._loss import LossLimit, LossRule, Reset, allowed_money
from guard.limits.base import AnchorNeed, Reading, number, unknown
from guard.metrics.anchored import Reference, room
from guard.metrics.compute import Metrics

PEAK = "intraday_peak_equity"


class PeriodLoss(LossRule):
    """What has been lost since the period began, open positions included, credit left out.

    The reference is the balance or equity at the reset instant of an IANA zone, or the highest equity since then (wicks
    count). Profit made in the period enlarges the room under ``balance@reset``. With ``evaluation = "eod"`` a period is
    judged once, by what was there when it ended.
    """

    kind: ClassVar[str] = "period_loss"
    title: ClassVar[str] = "Loss in the period"

    period: Literal["day", "week", "month"] = Field("day", description="day, week (from Monday) or month")
    limit: LossLimit = Field(description="how much may be lost in the period")
    anchor: Literal["balance@reset", "equity@reset", "max(balance,equity)@reset", "intraday_peak_equity"] = Field(
        "balance@reset", description="what the loss is measured from"
    )
    reset: Reset = Field(Reset(), description="when the period begins")
    flows: Literal["shift", "ignore", "reset"] = Field(
        "shift", description="deposits and withdrawals move the reference, are ignored, or begin the period anew"
    )

    @cached_property
    def key(self) -> str:
        """Name of the anchor in the engine's memory."""
        own = [PEAK] * (self.anchor == PEAK) + ["eod"] * (self.evaluation == "eod") + ["new"] * (self.flows == "reset")
        if self.anchor == PEAK and self.flows == "ignore":
            own.append("ignore")
        return "|".join([self.period, self.reset.tz, self.reset.time, *own])

    def anchor_needs(self) -> tuple[AnchorNeed, ...]:
        """The period's anchor."""
        peaks, before = self.anchor == PEAK, self.evaluation == "eod"
        equity = self.anchor != "balance@reset" or (before and self.includes_open_pl)
        return (AnchorNeed(self.key, self.period, self.reset.tz, self.reset.time, self.flows, peaks, before, equity),)

    def evaluate(self, m: Metrics) -> Reading:
        """The period's loss against its floor."""
        ref = m.context.anchors.get(self.key)
        money = self.limit.value if self.limit.unit == "money" else None
        if ref is None:
            return unknown(money, f"the {self.period}'s reference is not known")
        if m.context.flow_gap:
            return unknown(money, m.context.flow_gap)
        if self.evaluation == "eod":
            return self._ended(m, ref, money)
        reference, why = self._reference(ref, ref.flows)
        if reference is None:
            return unknown(money, why)
        value, why = self.worth(m, ref)
        return self._judged(m, reference, value, why, ref)

    def _judged(self, m: Metrics, reference: float, value: float | None, why: str, ref: Reference) -> Reading:
        money = self.limit.value if self.limit.unit == "money" else None
        if value is None:
            return unknown(money, why)
        allowed, why = allowed_money(self.limit, m, reference)
        if allowed is None:
            return unknown(money, why)
        found = room(reference, allowed, value)
        if ref.unseen and self.anchor == PEAK and value > found.floor:
            return unknown(allowed, ref.unseen)
        detail = (found.floor, reference, ref.at, ref.source)
        return Reading(found.loss, allowed, found.utilization_pct, detail=detail)

    def _ended(self, m: Metrics, ref: Reference, money: float | None) -> Reading:
        """The period that ended last, judged by what was there when it did."""
        ended = m.context.anchors.get(f"{self.key}|before")
        if ended is None:
            why = f"No {self.period} has ended since the guard first looked; it is judged when it ends"
            return Reading(None, money, None, (), why, breach=False)
        if ended.flows is None or ref.flows is None:
            return unknown(money, ended.why if ended.why else ref.why)
        reference, why = self._reference(ended, ended.flows - ref.flows)
        if reference is None:
            return unknown(money, why)
        value = ref.equity if self.includes_open_pl else ref.balance
        missing = f"the equity at {ref.at} was not seen" if self.includes_open_pl else ref.why
        return self._judged(m, reference, value, missing, ended)

    def _reference(self, ref: Reference, flows: float | None) -> tuple[float | None, str]:
        if self.anchor == PEAK:
            return ref.peak_equity, ref.why if ref.why else f"the highest equity since {ref.at} is not known"
        if self.anchor == "balance@reset":
            value = ref.balance
        elif self.anchor == "equity@reset":
            value = ref.equity
        else:
            value = None if ref.balance is None or ref.equity is None else max(ref.balance, ref.equity)
        if value is None:
            return None, ref.why if ref.why else f"the equity at {ref.at} was not seen"
        if self.flows == "shift":
            return (None, ref.why) if flows is None else (value + flows, "")
        return value, ""

    def say(self, reading: Reading) -> str:
        """The sentence."""
        floor, reference, at, source = reading.detail
        rebuilt = {"deals": " (rebuilt from deals)", "bars": " (rebuilt from M1 bars)", "set": " (set by you)"}
        if source == "bars" and self.anchor == "balance@reset":
            source = "deals"  # only the equity of that instant came from bars
        ended = " that ended last" if self.evaluation == "eod" else ""
        since = "the highest equity since" if self.anchor == PEAK else "at"
        return (
            f"Loss of the {self.period}{ended} is {number(reading.value)} of {number(reading.threshold)} allowed; the "
            f"floor is {floor:,.2f}, counted from {reference:,.2f} {since} {at}{rebuilt.get(str(source), '')}"
        )
