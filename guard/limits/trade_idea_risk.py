"""Loss of trades that belong together."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from guard.limits._loss import LossLimit, Reset, allowed_money
from guard.limits.base import AnchorNeed, Limit, NotNegative, Reading, ceiling, number, unknown
from guard.metrics.book import PositionFigures
from guard.metrics.compute import Metrics
from guard.metrics.flows import REMEMBERED
from guard.metrics.trades import Trade, closed, trades

_NONE: dict[str, Any] = {"tighter": "none"}
_HIGHER: dict[str, Any] = {"tighter": "higher"}


class _Part(NamedTuple):
    """A trade of an idea: when it lasted (server seconds), what it lost (positive: lost), its ticket."""

    begin: float
    end: float
    lost: float
    ticket: int
    is_open: bool


class TradeIdeaRisk(Limit):
    """What trades that belong together have lost, closed and open ones added up, as firms with a rule of "ideas" count.

    Which trades belong together differs from firm to firm: ``symbol`` and ``side`` say what must agree, ``joins`` how
    near in time they must be. With ``measure = "planned"`` an open trade counts with its loss at the stop.
    """

    kind: ClassVar[str] = "trade_idea_risk"
    title: ClassVar[str] = "Loss of a trade idea"
    unit: ClassVar[str] = "account currency"
    max_field: ClassVar[str] = "limit.value"
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "close_offending", "flatten")

    limit: LossLimit = Field(
        examples=[{"value": 2.0, "unit": "pct", "basis": "initial"}],
        description="how much one idea may lose; basis anchor means equity",
    )
    symbol: Literal["same", "any"] = Field(
        "same", description="whether only one symbol makes an idea", json_schema_extra=_NONE
    )
    side: Literal["same", "any"] = Field(
        "same", description="whether only one side makes an idea", json_schema_extra=_NONE
    )
    joins: Literal["overlap", "gap", "after_loss", "day"] = Field(
        "overlap",
        description="overlap: open at one time; gap: or reopened within gap_s; after_loss: so after a losing close; "
        "day: same trading day",
        json_schema_extra=_NONE,
    )
    gap_s: NotNegative = Field(0.0, description="seconds between a close and the next entry", json_schema_extra=_HIGHER)
    measure: Literal["realized_plus_floating", "planned"] = Field(
        "realized_plus_floating", description="what counts of open trades", json_schema_extra=_NONE
    )
    reset: Reset = Field(Reset(), description="when a trading day begins, for joins day")
    touch_is_breach: bool = Field(True, description="whether the limit itself is a breach already")

    @cached_property
    def key(self) -> str:
        """Name of the anchor that marks the day's beginning."""
        return f"day|{self.reset.tz}|{self.reset.time}"

    def anchor_needs(self) -> tuple[AnchorNeed, ...]:
        """The day's beginning, where days count."""
        return (AnchorNeed(self.key, "day", self.reset.tz, self.reset.time, "shift"),)

    def evaluate(self, m: Metrics) -> Reading:
        """The idea that has lost most."""
        money = self.limit.value if self.limit.unit == "money" else None
        equity = m.equity
        if equity is None or m.rows is None or m.snapshot.deals is None:
            return unknown(money, m.blind if m.blind else "equity or the list of deals is missing")
        allowed, why = allowed_money(self.limit, m, equity)
        ref = m.context.anchors.get(self.key)
        if allowed is None or ref is None or (ref.server_s is None and m.snapshot.deals):
            return unknown(money, why if why else "the server's clock at the beginning of the day is not known")
        groups, hole = self._groups(m, m.rows, ref.server_s if ref.server_s is not None else 0.0)
        if groups is None:
            return unknown(allowed, hole)
        worst = 0.0
        tickets: tuple[int, ...] = ()
        for parts in groups.values():
            for idea in self._ideas(sorted(parts)):
                lost = sum(part.lost for part in idea)
                if lost > worst:
                    worst, tickets = lost, tuple(part.ticket for part in idea if part.is_open)
        if hole and worst < allowed:
            return unknown(allowed, hole)
        return Reading(worst, allowed, ceiling(worst, allowed), tickets)

    def _groups(
        self, m: Metrics, rows: list[PositionFigures], day_s: float
    ) -> tuple[dict[tuple[str, int], list[_Part]] | None, str]:
        deals, now = m.snapshot.deals, m.snapshot.server_time_s
        held = frozenset(row.position.identifier for row in rows if row.position.identifier is not None)
        over, lives = (closed(deals, held), trades(deals)) if deals is not None else (None, None)
        if over is None or lives is None or now is None:
            return None, "a deal lacks its time, or the server's time is missing"
        since = day_s if self.joins == "day" else now - max(86_400.0, self.gap_s)
        groups: dict[tuple[str, int], list[_Part]] = {}
        for trade in over:
            if trade.closed_s is None or trade.closed_s < since:
                continue
            if not self.scope.holds_trade(trade.symbol, trade.magic, trade.side, trade.comment):
                continue
            if trade.net is None or trade.symbol is None or trade.side is None:
                return None, f"result, symbol or side of position {trade.identifier} is unknown"
            begin = trade.opened_s if trade.opened_s is not None else trade.closed_s
            part = _Part(begin, trade.closed_s, -trade.net, trade.identifier, is_open=False)
            groups.setdefault(self._of(trade.symbol, trade.side), []).append(part)
        made = {trade.identifier: trade for trade in lives if trade.closed_s is None}
        hole = ""
        for row in rows:
            p = row.position
            if not self.scope.is_all and not self.scope.holds(row):
                continue
            lost = self._lost(m, row, made.get(p.identifier) if p.identifier is not None else None)
            if lost is None or p.time is None or p.symbol is None or p.side is None:
                hole = f"result, time or side of position {p.ticket} is unknown"
                continue
            groups.setdefault(self._of(p.symbol, p.side), []).append(_Part(p.time, 1e18, lost, p.ticket, is_open=True))
        return groups, hole

    def _of(self, symbol: str, side: int) -> tuple[str, int]:
        return symbol if self.symbol == "same" else "", side if self.side == "same" else 0

    def _lost(self, m: Metrics, row: PositionFigures, life: Trade | None) -> float | None:
        """What an open trade has lost: floating, and what its deals made so far (entry commission, partial closes)."""
        p = row.position
        if self.measure == "planned":
            return row.loss_at_stop
        if p.profit is None or p.swap is None:
            return None
        so_far = life.net if life is not None else None
        if so_far is None:
            costs = REMEMBERED.entry_costs(m.snapshot.deals) if m.snapshot.deals is not None else {}
            paid = costs.get(p.identifier) if p.identifier is not None else None
            so_far = -paid if paid is not None else 0.0
        return -(p.profit + p.swap + so_far)

    def _ideas(self, parts: list[_Part]) -> list[list[_Part]]:
        if self.joins == "day":
            return [parts]
        ideas: list[list[_Part]] = []
        for part in parts:
            if ideas and self._joined(ideas[-1], part):
                ideas[-1].append(part)
            else:
                ideas.append([part])
        return ideas

    def _joined(self, idea: list[_Part], part: _Part) -> bool:
        last = max(idea, key=lambda one: one.end)
        if part.begin < last.end:
            return True
        if self.joins == "overlap" or (self.joins == "after_loss" and last.lost <= 0.0):
            return False
        return part.begin - last.end <= self.gap_s

    def say(self, reading: Reading) -> str:
        """The sentence."""
        which = f" (position {', '.join(map(str, reading.offending[:5]))})" if reading.offending else ""
        return f"The worst trade idea lost {number(reading.value)}{which}; the limit is {number(reading.threshold)}"
