"""Best day against the total profit."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import Annotated, Any, ClassVar

from pydantic import Field

from guard.limits._loss import Reset
from guard.limits.base import DayNeed, Limit, Reading, ceiling, number, unknown
from guard.metrics.compute import Metrics

_NONE: dict[str, Any] = {"tighter": "none"}


class Consistency(Limit):
    """The best day's profit in percent of the total profit, of closed trades net of costs. It closes nothing.

    Without a profit there is no figure. Above the limit trading goes on: ``best day / max`` is the profit still needed.
    """

    kind: ClassVar[str] = "consistency"
    title: ClassVar[str] = "Best day"
    unit: ClassVar[str] = "% of total profit"
    scoped: ClassVar[bool] = False
    curable_by: ClassVar[tuple[str, ...]] = ("block_new",)

    max: Annotated[float, Field(gt=0.0, le=100.0, allow_inf_nan=False)] = Field(
        examples=[50.0], description="largest share of one day, in percent of the total profit"
    )
    reset: Reset = Field(Reset(), description="when a day begins")
    since: dt.date | None = Field(
        None, description="first day that counts, YYYY-MM-DD; absent: when the guard first saw the account",
        json_schema_extra=_NONE,
    )  # fmt: skip

    @cached_property
    def key(self) -> str:
        """Name of the days in the engine's memory."""
        return f"{self.reset.tz}|{self.reset.time}|{self.since}"

    def day_needs(self) -> tuple[DayNeed, ...]:
        """All days that count."""
        return (DayNeed(self.key, self.reset.tz, self.reset.time, self.since),)

    def evaluate(self, m: Metrics) -> Reading:
        """The best day against the total."""
        book = m.context.days.get(self.key)
        if book is None or book.why:
            return unknown(self.max, book.why if book is not None else "the days' results are not known")
        total = sum(day.result for day in book.days)
        best = max((day.result for day in book.days), default=0.0)
        if total <= 0.0:
            why = "There is no profit yet that a day could be a share of"
            return Reading(None, self.max, None, (), why, breach=False)
        share = best / total * 100.0
        needed = best / (self.max / 100.0)
        return Reading(share, self.max, ceiling(share, self.max), detail=(best, total, needed))

    def say(self, reading: Reading) -> str:
        """The sentence."""
        best, total, needed = reading.detail
        missing = float(needed) - float(total)  # type: ignore[arg-type]  # three amounts
        more = f"; {missing:,.2f} more profit is needed" if missing > 0.0 else ""
        return (
            f"The best day made {best:,.2f} of {total:,.2f}: {number(reading.value, 1)} %; the limit is "
            f"{number(self.max, 1)} %{more}"
        )
