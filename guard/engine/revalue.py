"""The account at other prices: every result, conversion and tick value follows; margin stays as charged.

A result converts at the moved rates: as loss at the dearer side, as profit at the cheaper one, and at the symbol's own
price where the account's currency is its base. Spreads stay as they are. Stops and pending orders are left alone: in a
gap they do not fill at their price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from guard.metrics.book import SymbolFigures
from guard.metrics.compute import Metrics
from guard.metrics.convert import Quotes, quotes, rate
from guard.metrics.value import k_by_tick
from guard.model.snapshot import Gap, Snapshot
from guard.model.trading import BOND_MODES, FUTURES_MODES, FX_MODES, Asked, Position, Symbol, Tick

LOWEST = 1e-6  # of the present price: nothing trades at 0


def bid_of(snapshot: Snapshot, name: str) -> float | None:
    """The symbol's bid: of its tick, else of the slower reading, else ``None``."""
    tick, symbol = snapshot.ticks.get(name), snapshot.symbols.get(name)
    for bid in (tick.bid if tick is not None else None, symbol.bid if symbol is not None else None):
        if bid is not None and bid > 0.0:
            return bid
    return next((p.price_current for p in snapshot.positions or () if p.symbol == name and p.price_current), None)


def at_prices(m: Metrics, bids: Mapping[str, float]) -> Snapshot:
    """The snapshot when these symbols' bids are such; equity is ``None``, with a gap, where a result is not told."""
    snapshot = m.snapshot
    was = {name: bid_of(snapshot, name) for name in bids}
    moves = {name: max(bids[name], bid * LOWEST) - bid for name, bid in was.items() if bid is not None}
    ticks = {name: _tick(tick, moves.get(name, 0.0)) for name, tick in snapshot.ticks.items()}
    moved = {name: _symbol(symbol, moves.get(name, 0.0)) for name, symbol in snapshot.symbols.items()}
    table = quotes(moved.values(), ticks)
    if snapshot.positions is None or m.by_symbol is None:
        account = snapshot.account._replace(equity=None, profit=None, margin_free=None, margin_level=None)
        return replace(snapshot, account=account, ticks=ticks, symbols=moved)
    gaps: list[Gap] = []
    change: float | None = 0.0
    results: dict[int, Position] = {}
    ratios: dict[str, float] = {}
    for name, entry in m.by_symbol.items():
        one = _One(m, entry, table, moves.get(name, 0.0))
        ratios[name] = one.ratio
        if entry.collateral and one.moves:
            gaps.append(Gap(f"whatif.{name}", f"{name} is collateral: how much of it counts is the broker's"))
            change = None
            continue
        for p in entry.held:
            found = one.position(p)
            if found is None or found.profit is None or p.profit is None:
                gaps.append(Gap(f"whatif.{p.ticket}", f"what position {p.ticket} in {name} would make is unknown"))
                change = None
                continue
            results[p.ticket] = found
            change = None if change is None else change + found.profit - p.profit
    a = snapshot.account
    equity = None if change is None or a.equity is None else a.equity + change
    profit = None if change is None or a.profit is None else a.profit + change
    free = None if equity is None or a.margin is None else equity - a.margin
    level = None if equity is None or a.margin is None else equity / a.margin * 100.0 if a.margin > 0.0 else 0.0
    return replace(
        snapshot,
        account=a._replace(equity=equity, profit=profit, margin_free=free, margin_level=level),
        positions=tuple(results.get(p.ticket, p._replace(profit=None)) for p in snapshot.positions),
        ticks=ticks,
        symbols={name: _ticks_worth(symbol, ratios.get(name, 1.0)) for name, symbol in moved.items()},
        asked=tuple(_asked(one, ratios) for one in snapshot.asked),
        gaps=(*snapshot.gaps, *gaps),
    )


def _tick(tick: Tick, by: float) -> Tick:
    if by == 0.0:
        return tick
    return tick._replace(
        bid=None if tick.bid is None else tick.bid + by,
        ask=None if tick.ask is None else tick.ask + by,
        last=None if tick.last is None else tick.last + by if tick.last else tick.last,
    )


def _symbol(symbol: Symbol, by: float) -> Symbol:
    if by == 0.0:
        return symbol
    return symbol._replace(
        bid=None if symbol.bid is None else symbol.bid + by if symbol.bid else symbol.bid,
        ask=None if symbol.ask is None else symbol.ask + by if symbol.ask else symbol.ask,
        last=None if symbol.last is None else symbol.last + by if symbol.last else symbol.last,
    )


def _ticks_worth(symbol: Symbol, ratio: float) -> Symbol:
    """The published tick values at the new conversion."""
    if ratio == 1.0:
        return symbol
    values = symbol.tick_value, symbol.tick_value_profit, symbol.tick_value_loss
    value, profit, loss = (None if told is None else told * ratio for told in values)
    return symbol._replace(tick_value=value, tick_value_profit=profit, tick_value_loss=loss)


def _asked(asked: Asked, ratios: Mapping[str, float]) -> Asked:
    name = asked.args[1] if len(asked.args) > 1 else None
    ratio = ratios.get(name, 1.0) if isinstance(name, str) else 1.0
    if asked.call != "order_calc_profit" or ratio == 1.0 or asked.result is None:
        return asked
    return asked._replace(result=asked.result * ratio)


def _exact(entry: SymbolFigures) -> float | None:
    """``k`` as exactly as it is told: by the tick value where a result is not price x contract, if nothing lies."""
    symbol = entry.symbol
    if symbol is None or entry.flagged or symbol.calc_mode not in FUTURES_MODES | BOND_MODES:
        return entry.k
    value = symbol.tick_value_loss if symbol.tick_value_loss else symbol.tick_value
    told = k_by_tick(value, symbol.tick_size) if value is not None and symbol.tick_size is not None else None
    return entry.k if told is None else told


class _One:
    """One symbol's results before and after."""

    def __init__(self, m: Metrics, entry: SymbolFigures, table: Quotes, move: float) -> None:
        symbol, currency = entry.symbol, m.account.currency
        self._move, self.ratio = move, 1.0
        self._own_price = entry.inverse and symbol is not None and symbol.calc_mode in FX_MODES
        profit = symbol.currency_profit if symbol is not None else None
        self._was, self._now = (1.0, 1.0), (1.0, 1.0)
        self._k, self._price = _exact(entry), entry.price
        if self._own_price:
            bid = bid_of(m.snapshot, entry.name)
            self.ratio = 1.0 if bid is None else bid / (bid + move)
            self._price = bid if bid is not None else entry.price
        elif profit is not None and currency is not None:
            was, now = rate(m.rates, profit, currency), rate(table, profit, currency)
            if was is not None and now is not None:
                self._was, self._now = was, now
                self.ratio = now[1] / was[1]

    @property
    def moves(self) -> bool:
        """Whether the symbol's price or conversion moves."""
        return self._move != 0.0 or self._was != self._now

    def position(self, p: Position) -> Position | None:
        """The position at the new price; as it is where neither its price nor its conversion moves."""
        if not self.moves:
            return p if p.profit is not None else None
        k, now, opened = self._k, p.price_current, p.price_open
        if k is None or now is None or opened is None or p.side is None or p.volume is None or p.profit is None:
            return None
        then = now + self._move
        lots = p.side * p.volume
        if self._own_price:
            if self._price is None or then <= 0.0:
                return None
            unit = k * self._price  # one lot in account currency
            change = unit * lots * ((then - opened) / then - (now - opened) / now)
        else:
            change = self._worth((then - opened) * lots, self._now) - self._worth((now - opened) * lots, self._was)
        return p._replace(price_current=then, profit=p.profit + change)

    def _worth(self, amount: float, rates: tuple[float, float]) -> float:
        """A result in the profit currency (in units of ``k`` over its rate) in account currency."""
        per_unit = (self._k if self._k is not None else 0.0) / self._was[1]
        return amount * per_unit * (rates[0] if amount >= 0.0 else rates[1])
