"""Losing trades in a row."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from guard.limits._loss import Reset
from guard.limits.base import AnchorNeed, Limit, NotNegative, Reading, ceiling, unknown
from guard.metrics.compute import Metrics
from guard.metrics.trades import closed, result_of


class LossStreak(Limit):
    """How many trades in a row were lost, counted at full exit and net of costs.

    A result within its own costs neither adds to the streak nor ends it. With ``pause_s`` the streak is forgotten so
    many seconds after its last loss.
    """

    kind: ClassVar[str] = "loss_streak"
    title: ClassVar[str] = "Losses in a row"
    unit: ClassVar[str] = "trades"
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "close_offending", "flatten")

    max: Annotated[int, Field(gt=0)] = Field(examples=[3], description="so many losses in a row are the limit")
    period: Literal["day", "week", "month"] = Field("day", description="only trades closed in this period count")
    reset: Reset = Field(Reset(), description="when the period begins")
    pause_s: NotNegative = Field(
        0.0, description="seconds after the last loss until the streak is forgotten; 0: at the reset",
        json_schema_extra={"tighter": "none"},
    )  # fmt: skip
    touch_is_breach: bool = Field(True, description="whether the limit itself is a breach already")

    @cached_property
    def key(self) -> str:
        """Name of the anchor that marks the period's beginning."""
        return f"{self.period}|{self.reset.tz}|{self.reset.time}"

    def anchor_needs(self) -> tuple[AnchorNeed, ...]:
        """The period's beginning."""
        return (AnchorNeed(self.key, self.period, self.reset.tz, self.reset.time, "shift"),)

    def evaluate(self, m: Metrics) -> Reading:
        """The streak that runs."""
        deals, ref, most = m.snapshot.deals, m.context.anchors.get(self.key), float(self.max)
        held, now = m.snapshot.positions, m.snapshot.server_time_s
        if deals is None or held is None or m.blind or ref is None or (ref.server_s is None and deals):
            return unknown(most, m.blind if m.blind else "deals, or the server's clock at the reset, are not known")
        over = closed(deals, frozenset(row.identifier for row in held if row.identifier is not None))
        if over is None or now is None:
            return unknown(most, "a deal lacks its time, or the server's time is missing")
        streak = 0
        last: float | None = None
        for trade in reversed(over):
            if trade.closed_s is None or ref.server_s is None or trade.closed_s < ref.server_s:
                break
            if not self.scope.holds_trade(trade.symbol, trade.magic, trade.side, trade.comment):
                continue
            found = result_of(trade)
            if found is None:
                return unknown(most, f"the result of position {trade.identifier} is unknown")
            if found > 0:
                break
            streak += 1 if found < 0 else 0
            last = trade.closed_s if last is None and found < 0 else last
        if self.pause_s > 0.0 and last is not None and now - last >= self.pause_s:
            streak = 0
        return Reading(float(streak), most, ceiling(float(streak), most))

    def say(self, reading: Reading) -> str:
        """The sentence."""
        return f"{reading.value:.0f} trades in a row were lost; the limit is {self.max}"
