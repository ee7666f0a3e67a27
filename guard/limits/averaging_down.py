"""Adding to a losing position."""

from __future__ import annotations

from typing import Annotated, ClassVar, NamedTuple

from pydantic import Field

from guard.limits.base import Limit, Reading, over, unknown
from guard.metrics.compute import Metrics
from guard.metrics.trades import trades


class _Entry(NamedTuple):
    at: float
    price: float
    lots: float
    ticket: int


class AveragingDown(Limit):
    """How often a losing position was added to: entries of one symbol and side at a worse price than the ones before.

    Worse than the average so far means that what was held then was losing. Grids and martingales show here.
    """

    kind: ClassVar[str] = "averaging_down"
    title: ClassVar[str] = "Averaging down"
    unit: ClassVar[str] = "entries"
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "close_offending", "flatten")

    max: Annotated[int, Field(ge=0)] = Field(0, description="how many such entries one symbol and side may hold")
    distance_pct: Annotated[float, Field(ge=0.0, le=100.0)] = Field(
        0.0,
        description="an entry counts when it is this percent of the price worse",
        json_schema_extra={"tighter": "lower"},
    )

    def evaluate(self, m: Metrics) -> Reading:
        """The symbol and side that were averaged down most."""
        rows, deals = m.bare_rows, m.snapshot.deals
        most = float(self.max)
        if rows is None:
            return unknown(most, m.blind)
        known = trades(deals) if deals is not None else None
        lives = {trade.identifier: trade for trade in known or () if trade.closed_s is None}
        groups: dict[tuple[str, int], list[_Entry]] = {}
        for row in rows:
            if not self.scope.is_all and not self.scope.holds(row):
                continue
            p = row.position
            if p.side is None or p.price_open is None or p.volume is None or p.time is None:
                return unknown(most, f"side, price, volume or time of position {p.ticket} is unknown", (p.ticket,))
            life = lives.get(p.identifier) if p.identifier is not None else None
            added = [
                _Entry(deal.time, deal.price, deal.volume, p.ticket)
                for deal in (life.entries if life is not None else ())
                if deal.time is not None and deal.price is not None and deal.volume is not None
            ]
            # A netting position holds several entries; only its deals tell their prices.
            entries = added if len(added) > 1 else [_Entry(p.time, p.price_open, p.volume, p.ticket)]
            groups.setdefault((row.in_symbol.name, p.side), []).extend(entries)
        worst: list[int] = []
        name = ""
        for (symbol, side), entries in groups.items():
            found = self._down(sorted(entries), side)
            if len(found) > len(worst):
                worst, name = found, f"{symbol} {'buy' if side > 0 else 'sell'}"
        count = float(len(worst))
        return Reading(count, most, over(count, most), tuple(dict.fromkeys(worst)), detail=(name,))

    def _down(self, entries: list[_Entry], side: int) -> list[int]:
        found: list[int] = []
        lots = worth = 0.0
        for entry in entries:
            if lots > 0.0:
                average = worth / lots
                worse = side * (average - entry.price) / average * 100.0
                if worse > self.distance_pct + 1e-12:
                    found.append(entry.ticket)
            lots += entry.lots
            worth += entry.lots * entry.price
        return found

    def say(self, reading: Reading) -> str:
        """The sentence."""
        if not reading.value:
            return "No losing position was added to"
        where = reading.detail[0] if reading.detail else ""
        return f"{where} was added to {reading.value:.0f} times while it was losing; the limit is {self.max}"
