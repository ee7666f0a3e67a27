"""Equity that was not seen, worked out from M1 bars: what positions were worth at an instant, and at best in a span.

The floating result at an instant is what a position made in the end less what its price moved since. Bars hold the
bid; a sell is worth the ask. Values convert at present rates, so the result is marked as rebuilt.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from guard.metrics.book import SymbolFigures, symbol_k
from guard.metrics.convert import quotes
from guard.metrics.flows import is_flow
from guard.metrics.value import value_of_move
from guard.model.snapshot import Snapshot
from guard.model.trading import Bar, Deal

OUT = frozenset({1, 3})
OLDEST_BAR_S = 4.5 * 86_400.0  # the longest a symbol may be silent: a long weekend
MINUTE_S = 60.0


class Leg(NamedTuple):
    """Volume held from ``begin_s`` to ``end_s`` (server seconds), and its profit and swap at the end."""

    symbol: str
    side: int
    lots: float
    money: float
    price: float
    begin_s: float
    end_s: float


class Path:
    """What was held and what prices did; ``why`` says why nothing can be rebuilt, or is empty."""

    def __init__(self, snapshot: Snapshot, since_s: float) -> None:
        """``since_s``: server seconds from which legs matter."""
        self._snapshot = snapshot
        self._books: dict[str, SymbolFigures] = {}
        self._rates = quotes(snapshot.symbols.values(), snapshot.ticks)
        self._times = {name: [bar.time for bar in bars] for name, bars in snapshot.bars.items()}
        self.legs, self.why = _legs(snapshot, since_s)

    def floating_at(self, server_s: float) -> tuple[float | None, str]:
        """The floating result at an instant: the higher of the last price before and the first after it."""
        found: list[float] = []
        for after in (False, True):
            total = 0.0
            for leg in self._held(server_s):
                price = self._price(leg, server_s, after=after)
                if price is None:
                    return None, f"there are no M1 bars of {leg.symbol} at that instant"
                worth = self._worth(leg, price)
                if worth is None:
                    return None, f"the value of a price move of {leg.symbol} is unknown"
                total += worth
            found.append(total)
        return max(found), ""

    def best(self, balance: float, from_s: float, to_s: float) -> tuple[float | None, str]:
        """The highest equity in a span, later deposits and withdrawals counted as if they had been there before."""
        deals = [deal for deal in self._snapshot.deals or () if deal.time is not None and deal.time >= from_s]
        highest = balance
        for minute in self._minutes(from_s, to_s):
            floating, why = self._best_of(minute)
            if floating is None:
                return None, why
            later = 0.0
            for deal in deals:
                if deal.time is not None and deal.time >= minute and not is_flow(deal):
                    if deal.net is None:
                        return None, "a deal lacks its amount"
                    later += deal.net
            highest = max(highest, balance - later + floating)
        return highest, ""

    def _best_of(self, minute: float) -> tuple[float | None, str]:
        by_symbol: dict[str, list[Leg]] = {}
        for leg in self._held(minute):
            by_symbol.setdefault(leg.symbol, []).append(leg)
        total = 0.0
        for name, legs in by_symbol.items():
            bar = self._bar(name, minute)
            if bar is None:
                return None, f"there are no M1 bars of {name} for that time"
            prices = (bar.high, bar.low) if bar.time >= minute - MINUTE_S else (bar.close,)
            sums = []
            for bid in prices:
                parts = [self._worth(leg, self._side_price(leg, bid, bar)) for leg in legs]
                known = [part for part in parts if part is not None]
                if len(known) < len(parts):
                    return None, f"the value of a price move of {name} is unknown"
                sums.append(sum(known))
            total += max(sums)
        return total, ""

    def _minutes(self, from_s: float, to_s: float) -> Iterator[float]:
        names = {leg.symbol for leg in self.legs}
        times = {at for name in names for at in self._times.get(name, ()) if from_s - MINUTE_S < at <= to_s}
        deals = {deal.time + 0.001 for deal in self._snapshot.deals or () if deal.time is not None}
        yield from sorted(times | {at for at in deals if from_s <= at <= to_s} | {from_s})

    def _held(self, server_s: float) -> list[Leg]:
        return [leg for leg in self.legs if leg.begin_s <= server_s < leg.end_s]

    def _bar(self, name: str, server_s: float) -> Bar | None:
        """The bar that holds an instant, or the last one before it."""
        at = bisect.bisect_right(self._times.get(name, []), server_s) - 1
        bar = self._snapshot.bars[name][at] if at >= 0 else None
        return bar if bar is not None and server_s - bar.time <= OLDEST_BAR_S else None

    def _price(self, leg: Leg, server_s: float, *, after: bool) -> float | None:
        bars = self._snapshot.bars.get(leg.symbol, ())
        at = bisect.bisect_left(self._times.get(leg.symbol, []), server_s)
        if after and at < len(bars) and bars[at].time - server_s <= MINUTE_S:
            return self._side_price(leg, bars[at].open, bars[at])
        before = bars[at - 1] if at > 0 else None
        if before is None or server_s - before.time > OLDEST_BAR_S:
            return None
        return self._side_price(leg, before.close, before)

    def _side_price(self, leg: Leg, bid: float, bar: Bar) -> float:
        symbol = self._snapshot.symbols.get(leg.symbol)
        point = symbol.point if symbol is not None else None
        wide = bar.spread * point if bar.spread is not None and point is not None else 0.0
        return bid if leg.side > 0 else bid + wide

    def _worth(self, leg: Leg, price: float) -> float | None:
        entry = self._entry(leg.symbol)
        if entry.k is None:
            return None
        moved = value_of_move(entry.k, leg.price, price, leg.price, inverse=entry.inverse)
        return leg.money - leg.side * moved * leg.lots

    def _entry(self, name: str) -> SymbolFigures:
        entry = self._books.get(name)
        if entry is None:
            entry = self._books[name] = SymbolFigures(name)
            entry.symbol = self._snapshot.symbols.get(name)
            entry.held = [row for row in self._snapshot.positions or () if row.symbol == name]
            digits = self._snapshot.account.currency_digits
            minor = 10.0 ** -(digits if digits is not None else 2)
            symbol_k(entry, self._snapshot.account.currency, minor, self._rates, self._snapshot.asked)
        return entry


def _legs(snapshot: Snapshot, since_s: float) -> tuple[list[Leg], str]:
    if snapshot.positions is None or snapshot.deals is None:
        return [], "positions or deals are missing"
    opened: dict[int, list[Deal]] = {}
    for deal in snapshot.deals:
        if deal.entry == 0 and deal.position_id:
            opened.setdefault(deal.position_id, []).append(deal)
        if deal.entry == 2 and deal.time is not None and deal.time >= since_s:  # DEAL_ENTRY_INOUT
            return [], f"position {deal.position_id} was reversed in between"
    legs: list[Leg] = []
    for row in snapshot.positions:
        if None in (row.symbol, row.side, row.volume, row.price_current, row.profit, row.swap, row.time):
            return [], f"a figure of position {row.ticket} is unknown"
        added = [deal for deal in opened.get(row.identifier or -1, []) if deal.time is not None]
        if len([deal for deal in added if deal.time is not None and deal.time >= since_s]) > 1 or (
            len(added) > 1 and max(deal.time for deal in added if deal.time is not None) >= since_s
        ):
            return [], f"position {row.ticket} was added to in between"
        legs.append(Leg(row.symbol, row.side, row.volume, row.profit + row.swap, row.price_current, row.time, 1e18))  # type: ignore[arg-type,operator]  # checked above
    for deal in snapshot.deals:
        if deal.entry not in OUT or deal.time is None or deal.time < since_s:
            continue
        if None in (deal.symbol, deal.type, deal.volume, deal.profit, deal.swap, deal.price):
            return [], f"a figure of deal {deal.ticket} is unknown"
        begin = min((one.time for one in opened.get(deal.position_id or -1, []) if one.time is not None), default=0.0)
        side = -1 if deal.type == 0 else 1  # a buy deal closes a sell
        legs.append(Leg(deal.symbol, side, deal.volume, deal.profit + deal.swap, deal.price, begin, deal.time))  # type: ignore[arg-type,operator]  # checked above
    return legs, ""


def covers(bars: Mapping[str, tuple[Bar, ...]], names: set[str]) -> str | None:
    """A symbol without bars, or ``None``."""
    return next((name for name in sorted(names) if not bars.get(name)), None)
