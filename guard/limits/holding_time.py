"""How long positions are held."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from guard.limits.base import Limit, NotNegative, Positive, Reading, ceiling, number, unknown
from guard.metrics.compute import Metrics
from guard.metrics.trades import closed


class HoldingTime(Limit):
    """How long the oldest position has been open; or which share of closed trades was shorter than ``short_s``.

    With ``short_s`` the value is a share in percent of the trades closed in the last ``within_s`` seconds: firms limit
    the share of trades under a minute or two.
    """

    kind: ClassVar[str] = "holding_time"
    title: ClassVar[str] = "Holding time"
    unit: ClassVar[str] = "s, or % of trades"
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "close_offending", "flatten")

    max: Positive = Field(
        examples=[14400.0], description="seconds a position may be open; with short_s: percent of trades"
    )
    short_s: NotNegative | None = Field(
        None, description="trades held for less than so many seconds are short", json_schema_extra={"tighter": "higher"}
    )
    within_s: Positive = Field(
        604800.0, description="seconds back in which closed trades count", json_schema_extra={"tighter": "none"}
    )
    at_least: Annotated[int, Field(ge=1)] = Field(
        10, description="with fewer closed trades no share is judged", json_schema_extra={"tighter": "lower"}
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.short_s is not None and self.max > 100.0:
            message = f"max is a share in percent when short_s is given; {self.max:g} is above 100"
            raise ValueError(message)
        return self

    def evaluate(self, m: Metrics) -> Reading:
        """The oldest position, or the share of short trades."""
        now = m.snapshot.server_time_s
        rows = m.bare_rows
        if rows is None or now is None:
            return unknown(self.max, m.blind if rows is None else "the server's time is missing")
        if self.short_s is not None:
            return self._share(m, now, self.short_s)
        oldest, offending = 0.0, []
        for row in rows:
            if not self.scope.is_all and not self.scope.holds(row):
                continue
            if row.position.time is None:
                return unknown(self.max, f"when position {row.position.ticket} was opened is unknown")
            age = max(0.0, now - row.position.time)
            oldest = max(oldest, age)
            if age > self.max:
                offending.append(row.position.ticket)
        return Reading(oldest, self.max, ceiling(oldest, self.max), tuple(offending))

    def _share(self, m: Metrics, now: float, short_s: float) -> Reading:
        deals, held = m.snapshot.deals, m.snapshot.positions
        ids = frozenset(row.identifier for row in held or () if row.identifier is not None)
        over = closed(deals, ids) if deals is not None else None
        if over is None:
            return unknown(self.max, "the list of deals is missing, or a deal lacks its time")
        times = [
            one.closed_s - one.opened_s
            for one in over
            if one.closed_s is not None and one.opened_s is not None and now - one.closed_s <= self.within_s
            and self.scope.holds_trade(one.symbol, one.magic, one.side, one.comment)
        ]  # fmt: skip
        if len(times) < self.at_least:
            why = f"{len(times)} trades were closed lately; a share is judged from {self.at_least} on"
            return Reading(None, self.max, 0.0, (), why)
        share = sum(1 for held_s in times if held_s < short_s) / len(times) * 100.0
        return Reading(share, self.max, ceiling(share, self.max))

    def say(self, reading: Reading) -> str:
        """The sentence."""
        if self.short_s is not None:
            what = f"{number(reading.value, 1)} % of the trades were held for less than {number(self.short_s, 0)} s"
            return f"{what}; the limit is {number(self.max, 1)} %"
        return f"The oldest position is {number(reading.value, 0)} s old; the limit is {number(self.max, 0)} s"
