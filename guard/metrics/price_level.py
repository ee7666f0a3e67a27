"""The price of one symbol at which the account has lost a given amount, if only that symbol moves.

Everything that the price touches moves with it: the symbol's own positions, and those of other symbols whose result
converts through it. A profit converts at the side of a quote that gives less, a loss at the one that costs more.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from guard.metrics.book import SymbolFigures
from guard.metrics.compute import Metrics
from guard.metrics.convert import Quotes, rate
from guard.metrics.value import k_by_tick
from guard.model.trading import BOND_MODES, FUTURES_MODES, FX_MODES

_HIGHEST = 1000.0
_STEPS = 100
_EXACT = 1e-10


class _Held(NamedTuple):
    """A position of the symbol: signed lots, prices at which it opened and would close now, its result now."""

    lots: float
    opened: float
    closes: float
    profit: float | None


class _Mover:
    """What the account gains when the symbol's quotes move by a distance."""

    def __init__(self, m: Metrics, entry: SymbolFigures, k: float) -> None:
        self._table, self._currency = m.rates, m.account.currency
        symbol = entry.symbol
        self._pair: tuple[str, str] | None = None
        self._profit = symbol.currency_profit if symbol is not None else None
        self._own_price = entry.inverse and symbol is not None and symbol.calc_mode in FX_MODES
        if symbol is not None and symbol.calc_mode in FX_MODES and symbol.currency_base and symbol.currency_profit:
            pair, tick = (symbol.currency_base, symbol.currency_profit), m.snapshot.ticks.get(entry.name)
            told = (tick.bid, tick.ask) if tick is not None else (symbol.bid, symbol.ask)
            self._pair = pair if self._table.get(pair) == told else None
        self._minor = m.minor_unit
        self._held = [
            _Held(p.side * p.volume, p.price_open, p.price_current, p.profit)
            for p in entry.held
            if p.side is not None and p.volume is not None and p.price_open is not None and p.price_current is not None
        ]
        self.whole = len(self._held) == len(entry.held)
        high = self._rates(self._table, self._profit)[1]
        self._unit = self._exact(entry, k) / high
        # One unit of the base in account currency (1, or 100 on a cent account): what a result at its own price is in.
        self._scale = high * self._table[self._pair][0] if self._pair is not None else entry.price or math.nan
        self._others = self._dependent(m, entry, self._pair) if self._pair is not None else []
        self._base = self._start()

    @property
    def room(self) -> float:
        """How far the quotes can fall before one of them is nothing."""
        quotes = [held.closes for held in self._held]
        if self._pair is not None:
            quotes.append(self._table[self._pair][0])
        return min(quotes) * (1.0 - 1e-12)

    def _start(self) -> float:
        """The results now, as the terminal rounds them; as computed where it tells another one."""
        low, high = self._rates(self._table, self._profit)
        total = 0.0
        for held in self._held:
            own = self._result(held, 0.0, low, high)
            told = held.profit
            total += told if told is not None and abs(told - own) <= self._minor else own
        return total

    def _exact(self, entry: SymbolFigures, k: float) -> float:
        """``k`` as exactly as it is told: the tick value where the profit is not price x contract, if nothing lies."""
        symbol = entry.symbol
        if symbol is None or entry.flagged or symbol.calc_mode not in FUTURES_MODES | BOND_MODES:
            return k
        value = symbol.tick_value_loss if symbol.tick_value_loss else symbol.tick_value
        told = k_by_tick(value, symbol.tick_size) if value is not None and symbol.tick_size is not None else None
        return k if told is None else told

    def _rates(self, table: Quotes, currency: str | None) -> tuple[float, float]:
        """Low and high rate into the account's currency; 1 both where none is known, as ``k`` then holds it."""
        if currency is None or self._currency is None:
            return 1.0, 1.0
        return rate(table, currency, self._currency) or (1.0, 1.0)

    def _moved(self, distance: float) -> Quotes:
        if self._pair is None:
            return self._table
        bid, ask = self._table[self._pair]
        return {**self._table, self._pair: (bid + distance, ask + distance)}

    def _dependent(self, m: Metrics, entry: SymbolFigures, pair: tuple[str, str]) -> list[tuple[str, float]]:
        """Results of other symbols by the currency they convert from, where that goes through this pair."""
        bid, ask = self._table[pair]
        shifted = {**self._table, pair: (bid * 1.01, ask * 1.01)}
        sums: dict[tuple[str, bool], float] = {}
        for other in (m.by_symbol or {}).values():
            symbol = other.symbol
            if other is entry or symbol is None or symbol.currency_profit is None:
                continue
            if other.inverse and symbol.calc_mode in FX_MODES:
                continue
            if self._rates(shifted, symbol.currency_profit) == self._rates(self._table, symbol.currency_profit):
                continue
            for position in other.held:
                if position.profit is not None:
                    key = symbol.currency_profit, position.profit >= 0.0
                    sums[key] = sums.get(key, 0.0) + position.profit
        moved = [(currency, profit) for (currency, _), profit in sums.items()]
        return moved + [
            (currency, value)
            for currency, value in _collateral(m).items()
            if self._rates(shifted, currency) != self._rates(self._table, currency)
        ]

    def gain(self, distance: float) -> float:
        """Change of equity when bid and ask move by ``distance``."""
        table = self._moved(distance)
        low, high = self._rates(table, self._profit)
        total = sum(self._result(held, distance, low, high) for held in self._held) - self._base
        for currency, profit in self._others:
            side = 0 if profit >= 0.0 else 1
            total += profit * (self._rates(table, currency)[side] / self._rates(self._table, currency)[side] - 1.0)
        return total

    def _result(self, held: _Held, distance: float, low: float, high: float) -> float:
        price = held.closes + distance
        amount = (price - held.opened) * held.lots * self._unit
        if self._own_price:
            return amount * self._scale / price
        return amount * (low if amount >= 0.0 else high)


def _collateral(m: Metrics) -> dict[str, float]:
    """What collateral adds to the equity, by currency: all that balance and results leave open, shared by its worth."""
    worth: dict[str, float] = {}
    for entry in (m.by_symbol or {}).values():
        symbol = entry.symbol
        if entry.collateral and symbol is not None and symbol.currency_profit and entry.k is not None:
            value = sum(p.volume * p.price_current * entry.k for p in entry.held if p.volume and p.price_current)
            worth[symbol.currency_profit] = worth.get(symbol.currency_profit, 0.0) + value
    a, whole = m.account, sum(worth.values())
    if whole <= 0.0 or a.equity is None or a.balance is None or a.credit is None:
        return {}
    left = a.equity - a.balance - a.credit
    for position in m.snapshot.positions or ():
        if position.profit is None or position.swap is None:
            return {}
        left -= position.profit + position.swap
    return {currency: left * value / whole for currency, value in worth.items()}


def solve(m: Metrics, entry: SymbolFigures, loss: float) -> float | None:
    """The price (of the larger side's closing) at which equity has fallen by ``loss``; ``None`` out of reach.

    With a loss below 0 (the level is passed already) it is the price at which the level is left again.
    """
    if entry.k is None or entry.price is None or entry.price <= 0.0 or not math.isfinite(loss):
        return None
    mover = _Mover(m, entry, entry.k)
    if not mover.whole:
        return None
    start = mover.gain(0.0)
    if (start + loss) * loss <= 0.0:
        return entry.price  # within the rounding of the results, the level is here
    probe = entry.price * 1e-6
    slopes = [(mover.gain(side * probe) - start) / probe * -math.copysign(1.0, loss) for side in (1.0, -1.0)]
    # The way that gets there faster first. A hedge whose legs convert at different rates loses both ways.
    for side, slope in sorted(zip((1.0, -1.0), slopes, strict=True), key=lambda one: -one[1]):
        if not math.isfinite(slope) or slope == 0.0:
            continue
        distance = _distance(mover, loss, side, start, slope, entry.price)
        if distance is not None:
            found = entry.price + side * distance
            return found if math.isfinite(found) and found > 0.0 else None
    return None


def _distance(mover: _Mover, loss: float, way: float, start: float, slope: float, price: float) -> float | None:
    """How far the price has to go one way until the loss is reached; ``None``: it never is."""
    farthest = mover.room if way < 0.0 else price * _HIGHEST
    near, far = 0.0, min(farthest, abs((loss + start) / slope))
    at_near, at_far = start + loss, mover.gain(way * far) + loss
    while at_far * at_near > 0.0:
        if far >= farthest:
            return None
        near, at_near, far = far, at_far, min(farthest, far * 2.0)
        at_far = mover.gain(way * far) + loss
    return _root(mover, loss, way, near, at_near, far, at_far)


def _root(mover: _Mover, loss: float, way: float, near: float, at_near: float, far: float, at_far: float) -> float:
    """The distance between ``near`` and ``far`` at which the loss is reached: false position, the Illinois way."""
    enough = _EXACT * max(1.0, abs(loss))
    if abs(at_far) <= enough:
        return far
    middle, kept = far, 0
    for _ in range(_STEPS):
        if at_far == at_near or near == far:
            break
        middle = (near * at_far - far * at_near) / (at_far - at_near)
        value = mover.gain(way * middle) + loss
        if abs(value) <= enough:
            return middle
        if value * at_far > 0.0:
            far, at_far = middle, value
            at_near = at_near / 2.0 if kept < 0 else at_near
            kept = -1
        else:
            near, at_near = middle, value
            at_far = at_far / 2.0 if kept > 0 else at_far
            kept = 1
    return middle
