"""Open risk: what all stops together cost from here."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from guard.limits.base import Limit, NotNegative, Positive, Reading, ceiling, number, unknown
from guard.metrics.compute import Metrics


class OpenRisk(Limit):
    """What is lost from current prices if every stop is hit, in percent of equity.

    All positions without a stop count once together, with the loss to stop-out; until one of them has been bare for
    ``bare_after_s`` they can raise a warning, not a breach.
    """

    kind: ClassVar[str] = "open_risk"
    title: ClassVar[str] = "Open risk"
    unit: ClassVar[str] = "% of equity"
    scoped: ClassVar[bool] = False
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "reduce", "close_offending", "flatten")

    max: Positive = Field(examples=[5.0], description="largest open risk, in percent of equity")
    bare_after_s: NotNegative = Field(180.0, description="seconds without a stop after which its substitute may breach")

    def evaluate(self, m: Metrics) -> Reading:
        """The account's open risk."""
        value = m.open_risk_pct
        if value is None or m.by_symbol is None:
            return unknown(self.max, m.blind if m.blind else "open risk or equity is unknown")
        if m.all_stopped:
            return Reading(value, self.max, ceiling(value, self.max))
        bare = [row for row in m.bare if not row.covered]
        mild = bool(bare) and not any(self._long(m.since_bare(row)) for row in bare)
        if (
            mild
            and m.equity is not None
            and m.equity > 0.0
            and m.open_risk is not None
            and m.loss_to_stop_out is not None
        ):
            with_stops = (m.open_risk - max(0.0, m.loss_to_stop_out)) / m.equity * 100.0
            mild = with_stops <= self.max
        # All of the equity stands behind bare positions: their utilization must not fall as stop-out comes nearer.
        used = ceiling(max(value, 100.0) if bare else value, self.max)
        return Reading(value, self.max, used, tuple(row.position.ticket for row in bare), at_most_warn=mild)

    def _long(self, since: float | None) -> bool:
        return since is not None and since >= self.bare_after_s

    def say(self, reading: Reading) -> str:
        """The sentence."""
        bare = f" ({len(reading.offending)} without a stop, counted to stop-out)" if reading.offending else ""
        return f"Open risk is {number(reading.value)} % of equity{bare}; the limit is {number(self.max)} %"
