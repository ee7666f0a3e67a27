"""Profit since the start of a day, week, month, or of the account: a target."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar, Literal

from pydantic import Field

from guard.limits._loss import LossLimit, Reset, allowed_money
from guard.limits.base import AnchorNeed, Limit, Reading, number, unknown
from guard.metrics.compute import Metrics

_NONE: dict[str, Any] = {"tighter": "none"}


class PeriodProfit(Limit):
    """What has been won since the period began, deposits left out. At the target it is time to stop: keep what is won.

    With ``period = "life"`` it is the target of a challenge, counted from the initial balance.
    """

    kind: ClassVar[str] = "period_profit"
    title: ClassVar[str] = "Profit in the period"
    unit: ClassVar[str] = "account currency"
    scoped: ClassVar[bool] = False
    max_field: ClassVar[str] = "limit.value"
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "close_offending", "flatten")

    period: Literal["day", "week", "month", "life"] = Field(
        "day", description="day, week (from Monday), month, or life: since the initial balance"
    )
    limit: LossLimit = Field(
        examples=[{"value": 3.0, "unit": "pct"}], description="the target; basis anchor: of the balance at the reset"
    )
    reset: Reset = Field(Reset(), description="when the period begins")
    includes_open_pl: bool = Field(True, description="whether open positions count", json_schema_extra=_NONE)
    touch_is_breach: bool = Field(True, description="whether the target itself is reached already")

    @cached_property
    def key(self) -> str:
        """Name of the anchor in the engine's memory."""
        return "life|shift" if self.period == "life" else f"{self.period}|{self.reset.tz}|{self.reset.time}"

    def anchor_needs(self) -> tuple[AnchorNeed, ...]:
        """The period's anchor."""
        return (AnchorNeed(self.key, self.period, self.reset.tz, self.reset.time, "shift"),)

    def evaluate(self, m: Metrics) -> Reading:
        """The period's profit against its target."""
        money = self.limit.value if self.limit.unit == "money" else None
        ref = m.context.anchors.get(self.key)
        if m.context.flow_gap:
            return unknown(money, m.context.flow_gap)
        if ref is None or ref.flows is None:
            return unknown(money, ref.why if ref is not None else "the period's reference is not known")
        start = m.context.initial if self.period == "life" else ref.balance
        if start is None:
            missing = "account.initial is not set in the configuration"
            return unknown(money, missing if self.period == "life" else ref.why)
        value = m.loss_equity if self.includes_open_pl else m.account.balance
        target, why = allowed_money(self.limit, m, start)
        if value is None or target is None:
            return unknown(money, why if why else "equity, credit or balance is missing")
        won = value - start - ref.flows
        return Reading(won, target, max(0.0, won / target * 100.0), detail=(start + ref.flows, ref.at))

    def say(self, reading: Reading) -> str:
        """The sentence."""
        start, at = reading.detail
        since = "the initial balance" if self.period == "life" else at
        return (
            f"Profit is {number(reading.value)}, the target {number(reading.threshold)}, counted from {start:,.2f} "
            f"({since})"
        )
