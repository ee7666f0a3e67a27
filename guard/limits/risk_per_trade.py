"""Risk per trade: loss at the stop in percent of the equity before entry."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar, Literal

from pydantic import Field

from guard.limits.base import Limit, NotNegative, Positive, Reading, ceiling, number, unknown
from guard.metrics.book import PositionFigures
from guard.metrics.compute import Metrics


class RiskPerTrade(Limit):
    """What one position loses if its stop fills, in percent of the equity just before it was opened.

    A position without a stop is counted with the loss to stop-out; until it has been bare for ``bare_after_s`` that
    gives a warning at most. One volume step above the limit is tolerated (at most a tenth of the limit).
    """

    kind: ClassVar[str] = "risk_per_trade"
    title: ClassVar[str] = "Risk per trade"
    unit: ClassVar[str] = "% of entry equity"
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "reduce", "close_offending", "flatten")

    max: Positive = Field(
        examples=[1.0], description="largest loss at the stop of one position, in percent of entry equity"
    )
    bare_after_s: NotNegative = Field(180.0, description="seconds without a stop after which its substitute may breach")
    basis: Literal["entry_equity", "balance", "initial"] = Field(
        "entry_equity", description="what the percent are of: equity before entry, the balance now, the initial balance"
    )

    @cached_property
    def nothing_below(self) -> float:
        """Risk in percent below which no position is listed and no tolerance matters."""
        return min(0.5, self.first_pct / 100.0) * self.max

    def evaluate(self, m: Metrics) -> Reading:
        """The riskiest position in scope."""
        if self.basis != "entry_equity":
            return self._of_money(m)
        top = m.top_risk_pct if self.scope.is_all else None
        if top is not None and top < self.nothing_below:
            # Far below the limit: nothing to list.
            return Reading(top, self.max, top / self.max * 100.0)
        rows = m.rows
        if rows is None:
            return unknown(self.max, m.blind)
        worst: tuple[float, float] | None = None
        firm = 0.0
        over: list[int] = []
        missing: list[PositionFigures] = []
        first = self.first_pct
        for row in rows:
            if not self.scope.is_all and not self.scope.holds(row):
                continue
            if row.risk_pct is None:
                missing.append(row)
                continue
            used = self._used(row, row.risk_pct)
            since = m.since_bare(row)
            if not row.unprotected or (since is not None and since >= self.bare_after_s):
                firm = max(firm, used)
            if used >= first:
                over.append(row.position.ticket)
            if worst is None or used > worst[1]:
                worst = (row.risk_pct, used)
        if missing and firm <= 100.0:
            return unknown(self.max, missing[0].why, tuple(row.position.ticket for row in missing))
        if worst is None:
            return Reading(0.0, self.max, 0.0, (), "Nothing is held")
        return Reading(worst[0], self.max, worst[1], tuple(over), at_most_warn=firm <= 100.0 < worst[1])

    def _of_money(self, m: Metrics) -> Reading:
        """The riskiest position in percent of the balance or the initial balance."""
        base = m.context.initial if self.basis == "initial" else m.account.balance
        rows = m.rows
        if rows is None or base is None or base <= 0.0:
            missing = f"the {self.basis.replace('initial', 'initial balance')} is not known, or not above 0"
            return unknown(self.max, m.blind if rows is None else missing)
        worst = firm = used = 0.0
        over: list[int] = []
        missing_rows: list[PositionFigures] = []
        for row in rows:
            if not self.scope.is_all and not self.scope.holds(row):
                continue
            if row.loss_at_stop is None:
                missing_rows.append(row)
                continue
            pct = row.loss_at_stop / base * 100.0
            share = self._used(row, pct)
            since = m.since_bare(row)
            if not row.unprotected or (since is not None and since >= self.bare_after_s):
                firm = max(firm, share)
            if share >= self.first_pct:
                over.append(row.position.ticket)
            worst, used = max(worst, pct), max(used, share)
        if missing_rows and firm <= 100.0:
            return unknown(self.max, missing_rows[0].why, tuple(row.position.ticket for row in missing_rows))
        return Reading(worst, self.max, used, tuple(over), at_most_warn=firm <= 100.0 < used)

    def _used(self, row: PositionFigures, risk_pct: float) -> float:
        if row.unprotected:
            # All of the equity stands behind a bare position: its utilization must not fall as stop-out comes nearer.
            return ceiling(100.0, self.max)
        used = ceiling(risk_pct, self.max)
        if used <= 100.0:
            return used
        symbol, volume = row.in_symbol.symbol, row.position.volume
        step = symbol.volume_step if symbol is not None else None
        if step is None or volume is None:
            return used
        spare = min(used * step / volume, 10.0)
        return 100.0 if used - spare <= 100.0 + 1e-6 else used

    def say(self, reading: Reading) -> str:
        """The sentence."""
        of = {"entry_equity": "entry equity", "balance": "the balance", "initial": "the initial balance"}[self.basis]
        if not reading.offending:
            return f"The riskiest trade may lose {number(reading.value)} % of {of}; limit {number(self.max)} %"
        return (
            f"Position {', '.join(str(t) for t in reading.offending[:5])} may lose {number(reading.value)} % of "
            f"{of} at its stop; the limit is {number(self.max)} %"
        )
