"""Least number of trading days."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from guard.limits._loss import Reset
from guard.limits.base import DayNeed, Limit, NotNegative, Reading, unknown
from guard.metrics.compute import Metrics

_NONE: dict[str, Any] = {"tighter": "none"}
_HIGHER: dict[str, Any] = {"tighter": "higher"}


class TradingDays(Limit):
    """How many days were traded, against the number a firm asks for.

    It warns of nothing while time is left; with ``until`` it is a breach once the days that are left are too few.
    """

    kind: ClassVar[str] = "trading_days"
    title: ClassVar[str] = "Trading days"
    unit: ClassVar[str] = "days"
    scoped: ClassVar[bool] = False
    is_floor: ClassVar[bool] = True
    max_field: ClassVar[str] = "min"
    formula: ClassVar[str] = "none; a breach only when `until` comes before the days can be made"
    curable_by: ClassVar[tuple[str, ...]] = ()

    min: Annotated[int, Field(gt=0)] = Field(examples=[4], description="least number of days")
    counts: Literal["opened", "profit"] = Field(
        "opened", description="opened: a position was opened in it; profit: closed trades made min_profit_pct"
    )
    min_profit_pct: NotNegative = Field(
        0.5, description="for counts profit: percent of the initial balance", json_schema_extra=_HIGHER
    )
    reset: Reset = Field(Reset(), description="when a day begins")
    since: dt.date | None = Field(
        None, description="first day that counts, YYYY-MM-DD; absent: when the guard first saw the account",
        json_schema_extra=_NONE,
    )  # fmt: skip
    until: dt.date | None = Field(None, description="last day on which they may be made", json_schema_extra=_NONE)

    @cached_property
    def key(self) -> str:
        """Name of the days in the engine's memory."""
        return f"{self.reset.tz}|{self.reset.time}|{self.since}"

    def day_needs(self) -> tuple[DayNeed, ...]:
        """All days that count."""
        return (DayNeed(self.key, self.reset.tz, self.reset.time, self.since),)

    def evaluate(self, m: Metrics) -> Reading:
        """The days that were traded."""
        book, least = m.context.days.get(self.key), float(self.min)
        if book is None or book.why:
            return unknown(least, book.why if book is not None else "the days' results are not known")
        needed = 0.0
        if self.counts == "profit":
            if m.context.initial is None:
                return unknown(least, "account.initial is not set in the configuration")
            needed = m.context.initial * self.min_profit_pct / 100.0
        done = [day.opened > 0 if self.counts == "opened" else day.result >= needed - 1e-9 for day in book.days]
        count = sum(done)
        left = None if self.until is None else max(0, (self.until - m.snapshot.taken_at.date()).days + 1)
        if left is not None and done and done[-1]:
            left -= 1  # today counts already
        short = self.min - count
        late = left is not None and short > max(0, left)
        days = f"{count} of {self.min} trading days are made"
        why = f"{days}; {left} days are left, {short} are needed" if late else days
        return Reading(float(count), least, None, (), why, breach=late)

    def say(self, reading: Reading) -> str:
        """The sentence."""
        return reading.why
