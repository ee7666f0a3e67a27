"""The margin of an unchanged book moved."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from guard.limits.base import Limit, Positive, Reading, ceiling, number, unknown
from guard.metrics.bookname import book_name
from guard.metrics.compute import Metrics


class MarginChange(Limit):
    """How much more margin the broker asks for the same positions and orders, in percent of what it asked before.

    A re-rating before news or the weekend, or a cut of leverage, shows here; less margin is no finding.
    """

    kind: ClassVar[str] = "margin_change"
    title: ClassVar[str] = "Margin change"
    unit: ClassVar[str] = "% more margin"
    scoped: ClassVar[bool] = False
    vetoes: ClassVar[bool] = True
    watches: ClassVar[tuple[str, ...]] = ("margin",)
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "reduce", "close_offending", "flatten")

    max: Positive = Field(20.0, description="percent by which margin may rise while nothing is traded")

    def evaluate(self, m: Metrics) -> Reading:
        """Margin now against margin when this book was first seen."""
        name, margin, known = book_name(m.snapshot), m.account.margin, m.context.watched
        if name is None or margin is None or m.blind:
            return unknown(self.max, m.blind if m.blind else "margin, positions or orders are missing")
        if name != known.book or known.margin <= 0.0:
            return Reading(0.0, self.max, 0.0, (), "The book has just changed; its margin is noted")
        risen = max(0.0, (margin - known.margin) / known.margin * 100.0)
        return Reading(risen, self.max, ceiling(risen, self.max), detail=(known.margin, margin))

    def say(self, reading: Reading) -> str:
        """The sentence."""
        before, now = reading.detail
        return (
            f"The margin of an unchanged book rose by {number(reading.value)} % ({before:,.2f} to {now:,.2f}); the "
            f"limit is {number(self.max)} %"
        )
