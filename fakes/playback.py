"""Recorded or drawn prices played on a broker, in the order of their server times."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, NamedTuple

from fakes.pricefile import PriceBar, PriceFile, PriceFileError, PriceTick
from fakes.symbols import SymbolSpec

if TYPE_CHECKING:
    from fakes.broker import Broker

_SECOND_MSC = 1000


class Tick(NamedTuple):
    """A quote to come: server milliseconds, symbol, bid, ask."""

    time_msc: int
    symbol: str
    bid: float
    ask: float


def of_bars(symbol: str, spec: SymbolSpec, bars: list[PriceBar]) -> Iterator[Tick]:
    """Four ticks a bar: open, the extreme nearer to it, the other one, close, spread evenly over the bar's length.

    Between two bars nothing is made up: a gap in the file is a gap in the market. A bar without a spread, or one that
    says 0, has the symbol's usual spread.
    """
    if not bars:
        return
    length = min((after.time_s - before.time_s for before, after in pairwise(bars)), default=60)
    for bar in bars:
        near_low = bar.open - bar.low <= bar.high - bar.open
        prices = (bar.open, bar.low, bar.high, bar.close) if near_low else (bar.open, bar.high, bar.low, bar.close)
        spread = bar.spread * spec.point if bar.spread else spec.spread
        for number, bid in enumerate(prices):
            at = bar.time_s * _SECOND_MSC + length * _SECOND_MSC * number // 4
            yield Tick(at, symbol, bid, bid + spread)


def of_ticks(symbol: str, ticks: Iterable[PriceTick]) -> Iterator[Tick]:
    """The ticks of a tick export."""
    return (Tick(tick.time_msc, symbol, tick.bid, tick.ask) for tick in ticks)


def of_file(symbol: str, spec: SymbolSpec, file: PriceFile) -> Iterator[Tick]:
    """The ticks of one symbol of a price file; a file that names no symbols is any symbol's.

    Raises:
        PriceFileError: the file does not have the symbol.
    """
    for name in (symbol, ""):
        if name in file.ticks:
            return of_ticks(symbol, file.ticks[name])
        if name in file.bars:
            return of_bars(symbol, spec, file.bars[name])
    have = ", ".join(sorted({*file.bars, *file.ticks})) or "nothing"
    raise PriceFileError(f"the file has no prices of {symbol}, but of {have}")


def later(ticks: Iterable[Tick], by_msc: int) -> Iterator[Tick]:
    """The same ticks, moved in time."""
    return (tick._replace(time_msc=tick.time_msc + by_msc) for tick in ticks)


class Feed:
    """Plays ticks of several symbols on a broker; ticks of one instant are quoted together.

    Args:
        broker: whose clock and quotes are moved.
        ticks: by symbol, each in the order of time; what is before the broker's own time is passed over.
    """

    def __init__(self, broker: Broker, ticks: Mapping[str, Iterable[Tick]]) -> None:
        self._broker = broker
        merged = heapq.merge(*ticks.values(), key=lambda tick: tick.time_msc)
        self._groups = groupby(merged, key=lambda tick: tick.time_msc)
        self._next: list[Tick] | None = None
        self._draw()

    def _draw(self) -> None:
        found = next(self._groups, None)
        self._next = None if found is None else list(found[1])

    @property
    def next_msc(self) -> int | None:
        """Server time of the next tick; ``None`` at the end."""
        return None if self._next is None else self._next[0].time_msc

    def step(self) -> bool:
        """Move to the next instant that has ticks; ``False`` at the end."""
        if self._next is None:
            return False
        due, self._next = self._next, None
        self._draw()
        self._to(due[0].time_msc)
        if due[0].time_msc >= self._broker.server_msc:
            self._broker.set_quotes({tick.symbol: (tick.bid, tick.ask) for tick in due})
        return True

    def until(self, server_msc: int) -> int:
        """Play everything up to a server time, and move the clock there; how many instants there were."""
        count = 0
        while self.next_msc is not None and self.next_msc <= server_msc:
            self.step()
            count += 1
        self._to(server_msc)
        return count

    def _to(self, server_msc: int) -> None:
        ahead = (server_msc - self._broker.server_msc) / _SECOND_MSC
        if ahead > 0:
            self._broker.advance(ahead)
