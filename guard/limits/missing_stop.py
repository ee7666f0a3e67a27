"""A position without a stop loss."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from guard.limits.base import Limit, Positive, Reading, Stage, ceiling, number, unknown
from guard.metrics.compute import Metrics


class MissingStop(Limit):
    """How long the longest-unprotected position has been without a stop.

    A protective stop order that covers the position's volume counts as a stop; a fully hedged pair does not need one.
    """

    kind: ClassVar[str] = "missing_stop"
    title: ClassVar[str] = "Missing stop"
    unit: ClassVar[str] = "s"
    is_floor: ClassVar[bool] = False
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "set_stop", "close_offending", "flatten")

    max: Positive = Field(180.0, description="seconds a position may be without a stop")
    touch_is_breach: bool = Field(True, description="whether the limit itself is a breach already")
    stages: tuple[Stage, ...] = Field(
        (Stage(at_pct=100.0 / 3.0), Stage(at_pct=100.0)), description="default: warn at a third (60 s of 180 s), breach"
    )

    def evaluate(self, m: Metrics) -> Reading:
        """The longest time without a stop among the positions in scope."""
        if m.all_stopped:
            return Reading(0.0, self.max, 0.0)
        rows = m.rows
        if rows is None:
            return unknown(self.max, m.blind)
        longest = 0.0
        bare: list[int] = []
        holes: list[tuple[int, str]] = []
        for row in rows:
            if not self.scope.is_all and not self.scope.holds(row):
                continue
            if row.unprotected is None:
                holes.append((row.position.ticket, row.why))
                continue
            if not row.unprotected or row.covered:
                continue
            since = m.since_bare(row)
            if since is None:
                ticket = row.position.ticket
                holes.append((ticket, f"since when position {ticket} has no stop is unknown"))
                continue
            bare.append(row.position.ticket)
            longest = max(longest, since)
        if holes and longest < self.max:
            # A breach that is certain is not hidden by what is unknown of another position.
            return unknown(self.max, min(holes)[1], tuple(ticket for ticket, _ in holes))
        return Reading(longest, self.max, ceiling(longest, self.max), tuple(bare))

    def say(self, reading: Reading) -> str:
        """The sentence."""
        if not reading.offending:
            return "Every position has a stop"
        names = ", ".join(str(ticket) for ticket in reading.offending[:5])
        return (
            f"Position {names} has had no stop for {number(reading.value, 0)} s; the limit is {number(self.max, 0)} s"
        )
