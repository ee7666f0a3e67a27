"""How much of the period's best profit was given back."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from guard.limits._loss import LossLimit, Reset, allowed_money
from guard.limits.base import AnchorNeed, Limit, Positive, Reading, ceiling, number, unknown
from guard.metrics.compute import Metrics

_LOWER: dict[str, Any] = {"tighter": "none"}


class ArmedFrom(LossLimit):
    """A profit: percent of a basis, or money."""

    value: Positive = Field(1.0, description="the profit")


class ProfitGiveback(Limit):
    """What is gone of the highest profit of the period, in percent of it.

    Armed once that profit reached ``from_profit``. The trailing stop of a day: win 500, and with ``max = 40``
    the day ends at 300.
    """

    kind: ClassVar[str] = "profit_giveback"
    title: ClassVar[str] = "Profit given back"
    unit: ClassVar[str] = "% of the best profit"
    scoped: ClassVar[bool] = False
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "close_offending", "flatten")

    max: Annotated[float, Field(gt=0.0, le=100.0, allow_inf_nan=False)] = Field(
        examples=[40.0], description="largest part that may be given back, in percent of the best profit"
    )
    from_profit: ArmedFrom = Field(
        ArmedFrom(), description="armed from this best profit on; basis anchor: of the balance at the reset",
        json_schema_extra=_LOWER,
    )  # fmt: skip
    period: Literal["day", "week", "month"] = Field("day", description="day, week (from Monday) or month")
    reset: Reset = Field(Reset(), description="when the period begins")
    touch_is_breach: bool = Field(True, description="whether the limit itself is a breach already")

    @cached_property
    def key(self) -> str:
        """Name of the anchor in the engine's memory."""
        return f"{self.period}|{self.reset.tz}|{self.reset.time}|intraday_peak_equity"

    def anchor_needs(self) -> tuple[AnchorNeed, ...]:
        """The period's anchor with its highest equity."""
        return (AnchorNeed(self.key, self.period, self.reset.tz, self.reset.time, "shift", peaks=True, equity=True),)

    def evaluate(self, m: Metrics) -> Reading:
        """What is gone of the period's best profit."""
        ref, now = m.context.anchors.get(self.key), m.loss_equity
        if m.context.flow_gap:
            return unknown(self.max, m.context.flow_gap)
        if ref is None or ref.balance is None or ref.flows is None or ref.peak_equity is None or now is None:
            why = ref.why if ref is not None and ref.why else "the period's reference or equity is not known"
            return unknown(self.max, why)
        start = ref.balance + ref.flows
        armed, why = allowed_money(self.from_profit, m, ref.balance)
        if armed is None:
            return unknown(self.max, why)
        best = ref.peak_equity - start
        if best < armed:
            if ref.unseen:
                return unknown(self.max, ref.unseen)
            sentence = f"The best profit of the {self.period} is {best:,.2f}: armed from {armed:,.2f} on"
            return Reading(None, self.max, 0.0, (), sentence)
        gone = max(0.0, (ref.peak_equity - now) / best * 100.0)
        if ref.unseen and gone < self.max:
            return unknown(self.max, ref.unseen)
        return Reading(gone, self.max, ceiling(gone, self.max), detail=(best, now - start))

    def say(self, reading: Reading) -> str:
        """The sentence."""
        best, now = reading.detail
        return (
            f"{number(reading.value, 1)} % of the best profit of the {self.period} was given back ({best:,.2f}, now "
            f"{now:,.2f}); the limit is {number(self.max, 1)} %"
        )
