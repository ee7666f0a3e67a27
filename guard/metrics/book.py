"""The book: every position and symbol with its value in account currency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from operator import mul
from typing import Any

from guard.metrics.block import NOW, OPENED, PROFIT, SIDE, VOLUME, Block, turn
from guard.metrics.convert import Quotes, rate
from guard.metrics.facts import facts
from guard.metrics.value import MIN_UNITS, choose_k, k_by_calc, k_by_contract, k_by_profit
from guard.model.trading import (
    OPTION_MODES,
    Account,
    Asked,
    Position,
    Symbol,
    Tick,
)

ONE = (1.0, 1.0)


class SymbolFigures:
    """One symbol in use: its ``k``, lots on each side, price and spread. Lots; prices in the symbol's own.

    ``columns`` and ``block`` are the held positions turned by 90 degrees when every figure of theirs is known, else
    ``None``; ``stopped`` says that each of them has a stop of its own.
    """

    symbol: Symbol | None = None
    asset_class: str = "other"
    collateral: bool = False
    k: float | None = None
    flagged: bool = False
    inverse: bool = False
    base_rate: float | None = None
    price: float | None = None
    spread: float | None = None
    buy_lots: float = 0.0
    sell_lots: float = 0.0
    notional_signed: float | None = 0.0
    notional_gross: float | None = 0.0
    opened: float | None = 0.0
    why: str = ""
    columns: tuple[Any, ...] | None = None
    block: Block | None = None
    money: float | None = None
    stopped: bool = False
    held: Sequence[Position] = ()

    def __init__(self, name: str) -> None:
        """An empty entry for ``name``."""
        self.name = name

    @property
    def net_lots(self) -> float:
        """Buy lots - sell lots."""
        return self.buy_lots - self.sell_lots

    @property
    def moving_lots(self) -> float:
        """Net lots as a price move from here is felt.

        Where a result converts at the price itself (``inverse``) the profit already made converts anew as well, so
        each lot counts with its opening price over the present one.
        """
        if not self.inverse or self.opened is None or self.price is None:
            return self.net_lots
        return self.opened / self.price


class PositionFigures:
    """One position with its figures; ``None`` is unknown, ``why`` says what is missing."""

    __slots__ = (
        "covered", "entry_equity", "in_symbol", "loss_at_stop", "loss_from_here", "notional", "position", "risk_pct",
        "stop", "unprotected", "why",
    )  # fmt: skip

    def __init__(self, position: Position, in_symbol: SymbolFigures, notional: float | None) -> None:
        """A position in its symbol's entry; risk is filled in by ``metrics.trade_risk``."""
        self.position = position
        self.in_symbol = in_symbol
        self.notional = notional
        self.covered = False

    stop: float | None
    unprotected: bool | None
    loss_at_stop: float | None
    loss_from_here: float | None
    risk_pct: float | None
    entry_equity: float | None
    why: str

    @property
    def asset_class(self) -> str:
        """The symbol's asset class."""
        return self.in_symbol.asset_class


def _own_k(
    positions: Sequence[Position], columns: tuple[Any, ...] | None, tick_size: float | None, minor: float
) -> float | None:
    """``k`` from the position with the largest profit or loss."""
    if tick_size is None:
        return None
    if columns is not None:
        profits = columns[PROFIT]
        high, low = max(profits), min(profits)
        most = high if high > -low else low
        if abs(most) < MIN_UNITS * minor:
            return None
        at = profits.index(most)
        move = columns[NOW][at] - columns[OPENED][at]
        return k_by_profit(most, move * columns[SIDE][at], columns[VOLUME][at], minor, tick_size)
    best = max((p for p in positions if p.profit is not None), key=_size_of_profit, default=None)
    if best is None or best.profit is None:
        return None
    side, volume, opened, now = best[3:7]
    if side is None or volume is None or opened is None or now is None:
        return None
    return k_by_profit(best.profit, (now - opened) * side, volume, minor, tick_size)


def _size_of_profit(position: Position) -> float:
    return abs(position.profit) if position.profit is not None else 0.0


def _asked_k(name: str, asked: tuple[Asked, ...], minor: float) -> float | None:
    """``k`` from ``order_calc_profit`` over a distance; a sell's distance counts the other way round."""
    found = None
    for question in asked:
        args = question.args
        if question.call != "order_calc_profit" or question.result is None or len(args) != 5 or args[1] != name:
            continue
        side, _, lots, start, end = args
        if isinstance(lots, (int, float)) and isinstance(start, (int, float)) and isinstance(end, (int, float)):
            distance = float(end) - float(start)
            found = k_by_calc(question.result, distance if side == 0 else -distance, float(lots), minor_unit=minor)
    return found


def symbol_k(entry: SymbolFigures, currency: str | None, minor: float, table: Quotes, asked: tuple[Asked, ...]) -> None:
    """Fill ``entry.k`` and its companions from all sources that are available; ``minor`` is the smallest money step."""
    symbol = entry.symbol
    own = tick_k = contract_k = None
    if symbol is not None:
        known = facts(symbol, currency)
        entry.asset_class, entry.collateral, entry.inverse, tick_k, contract_size, contract_k, priced_by, forex_base = (
            known
        )
        own = _own_k(entry.held, entry.columns, symbol.tick_size, minor)
        if currency is not None:
            if priced_by is not None:
                found = rate(table, priced_by, currency)
                contract_k = None if found is None else k_by_contract(contract_size, found[1])
            if forex_base is not None:
                both = rate(table, forex_base, currency) if forex_base != currency else ONE
                entry.base_rate = None if both is None else (both[0] + both[1]) / 2.0
    asked_k = _asked_k(entry.name, asked, minor) if asked else None
    if asked_k is None and own is None and contract_k is None and tick_k is None:
        asked_k = _asked_k(entry.name, asked, 0.0)  # nothing else is known: a coarse answer is better than none
    entry.k, entry.flagged = choose_k(own, contract_k, tick_k, asked_k)
    if entry.k is None:
        entry.why = f"the value of a price move of {entry.name} is unknown (no contract data, tick value or quotes)"


def _fill_prices(entry: SymbolFigures, held: Sequence[Position]) -> None:
    net = 1 if entry.net_lots >= 0.0 else -1
    fallback = None
    for position in held:
        if position.price_current is not None:
            if position.side == net:
                entry.price = position.price_current
                return
            if fallback is None:
                fallback = position.price_current
    entry.price = fallback


def _by_base(entry: SymbolFigures) -> float | None:
    """What one lot is worth where no price is needed: contract x base rate for FX, nothing for collateral."""
    if entry.collateral:
        return 0.0
    if entry.symbol is None or entry.base_rate is None or not entry.symbol.contract_size or entry.flagged:
        return None
    return k_by_contract(entry.symbol.contract_size, entry.base_rate)


def _fill_sums(entry: SymbolFigures) -> None:
    """Lots, notional and price of one symbol: volume x contract x base rate for FX, else price x k x volume."""
    k, by_base, columns, block = entry.k, _by_base(entry), entry.columns, entry.block
    if columns is None or block is None:
        _fill_sums_with_holes(entry, by_base)
        return
    entry.stopped = block.stopped
    entry.buy_lots, entry.sell_lots = buys, sells = block.buys, block.sells
    if by_base is not None:
        entry.notional_signed, entry.notional_gross = by_base * (buys - sells), by_base * (buys + sells)
    elif k is not None:
        worth = list(map(mul, block.signed, columns[NOW]))
        entry.notional_signed = k * sum(worth)
        entry.notional_gross = k * sum(map(abs, worth))
    else:
        entry.notional_signed = entry.notional_gross = None
    if entry.inverse:
        entry.opened = sum(map(mul, block.signed, columns[OPENED]))
    net = 1 if buys >= sells else -1
    sides = columns[SIDE]
    entry.price = columns[NOW][sides.index(net) if net in sides else 0]


def _fill_sums_with_holes(entry: SymbolFigures, by_base: float | None) -> None:
    signed: float | None = 0.0
    gross: float | None = 0.0
    for position in entry.held:
        side, volume = position.side, position.volume
        value = _notional(position, entry.k, by_base)
        if value is None or side is None:
            signed = None
        elif signed is not None:
            signed += value * side
        gross = None if value is None or gross is None else gross + value
        if side is not None and volume is not None:
            if side > 0:
                entry.buy_lots += volume
            else:
                entry.sell_lots += volume
    if entry.inverse:
        entry.opened = _opened(entry.held)
    entry.notional_signed, entry.notional_gross = signed, gross


def _notional(position: Position, k: float | None, by_base: float | None) -> float | None:
    volume, price = position[4], position[6]
    if volume is None:
        return None
    if by_base is not None:
        return volume * by_base
    return price * k * volume if k is not None and price is not None else None


def _opened(held: Sequence[Position]) -> float | None:
    """Sum of side x volume x opening price, or ``None`` when one of them is unknown."""
    total = 0.0
    for position in held:
        if position.side is None or position.volume is None or position.price_open is None:
            return None
        total += position.side * position.volume * position.price_open
    return total


def build(
    positions: tuple[Position, ...],
    account: Account,
    symbols: Mapping[str, Symbol],
    ticks: Mapping[str, Tick],
    table: Quotes,
    asked: tuple[Asked, ...],
) -> dict[str, SymbolFigures]:
    """The symbols the positions are in, with ``k``, lots, price, spread and notional."""
    by_name: defaultdict[str | None, list[Position]] = defaultdict(list)
    for position in positions:
        by_name[position[2]].append(position)
    if None in by_name:
        by_name["?"] += by_name.pop(None)
    entries: dict[str, SymbolFigures] = {}
    currency, digits = account.currency, account.currency_digits
    minor = 10.0 ** -(digits if digits is not None else 2)
    for unsafe, held in by_name.items():
        name = unsafe if unsafe is not None else "?"
        entry = entries[name] = SymbolFigures(name)
        entry.held = held
        entry.symbol = symbols.get(name)
        entry.columns, entry.block, entry.money = turn(name, held)
        symbol_k(entry, currency, minor, table, asked)
        _fill_sums(entry)
        tick = ticks.get(name)
        if tick is not None and tick.bid and tick.ask:
            entry.spread = tick.ask - tick.bid if tick.ask > tick.bid else 0.0
        if entry.columns is None:
            _fill_prices(entry, held)
    return entries


def rows_of(entries: Mapping[str, SymbolFigures]) -> list[PositionFigures]:
    """Every position with its notional, symbol by symbol."""
    out: list[PositionFigures] = []
    for entry in entries.values():
        by_base = _by_base(entry)
        out += [PositionFigures(position, entry, _notional(position, entry.k, by_base)) for position in entry.held]
    return out


def is_option(entry: SymbolFigures) -> bool:
    """Whether the symbol is an option, whose notional is its premium and is flagged."""
    return entry.symbol is not None and entry.symbol.calc_mode in OPTION_MODES
