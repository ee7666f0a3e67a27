"""The book: every position and symbol with its value in account currency."""

from __future__ import annotations

from collections.abc import Mapping

from guard.metrics.convert import Quotes, asset_class, rate, same_money
from guard.metrics.value import choose_k, k_by_calc, k_by_contract, k_by_profit, k_by_tick
from guard.model.trading import (
    BOND_MODES,
    COLLATERAL,
    FUTURES_MODES,
    OPTION_MODES,
    Account,
    Asked,
    Position,
    Symbol,
    Tick,
)


class SymbolFigures:
    """One symbol in use: its ``k``, lots on each side, price and spread. Lots; prices in the symbol's own."""

    __slots__ = (
        "asset_class", "base_rate", "buy_lots", "collateral", "flagged", "inverse", "k", "name", "notional_gross",
        "notional_signed", "opened", "price", "sell_lots", "spread", "symbol", "why",
    )  # fmt: skip

    def __init__(self, name: str) -> None:
        """An empty entry for ``name``."""
        self.name = name
        self.symbol: Symbol | None = None
        self.asset_class = "other"
        self.collateral = False
        self.k: float | None = None
        self.flagged = False
        self.inverse = False
        self.base_rate: float | None = None
        self.price: float | None = None
        self.spread: float | None = None
        self.buy_lots = 0.0
        self.sell_lots = 0.0
        self.notional_signed: float | None = 0.0
        self.notional_gross: float | None = 0.0
        self.opened: float | None = 0.0
        self.why = ""

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


def _own_k(positions: list[Position], tick_size: float | None, minor: float) -> float | None:
    """``k`` from the position with the largest profit or loss."""
    best, most = None, 0.0
    for position in positions:
        profit = position[9]
        if profit is not None and (profit > most or -profit > most):
            best, most = position, abs(profit)
    if best is None or tick_size is None or best.profit is None:
        return None
    side, volume, opened, now = best[3:7]
    if side is None or volume is None or opened is None or now is None:
        return None
    return k_by_profit(best.profit, (now - opened) * side, volume, minor_unit=minor, tick_size=tick_size)


def _contract_k(symbol: Symbol, currency: str | None, table: Quotes) -> float | None:
    """``k`` from contract size and conversion; not for modes whose profit is not price x contract."""
    mode, profit = symbol.calc_mode, symbol.currency_profit
    if mode is None or mode in FUTURES_MODES or mode in BOND_MODES or symbol.contract_size is None:
        return None
    if profit is None or currency is None:
        return None
    found = rate(table, profit, currency)
    return None if found is None else k_by_contract(symbol.contract_size, found[1])


def _asked_k(name: str, asked: tuple[Asked, ...]) -> float | None:
    """``k`` from ``order_calc_profit`` over a distance; a sell's distance counts the other way round."""
    found = None
    for question in asked:
        args = question.args
        if question.call != "order_calc_profit" or question.result is None or len(args) != 5 or args[1] != name:
            continue
        side, _, lots, start, end = args
        if isinstance(lots, (int, float)) and isinstance(start, (int, float)) and isinstance(end, (int, float)):
            distance = float(end) - float(start)
            found = k_by_calc(question.result, distance if side == 0 else -distance, float(lots))
    return found


def symbol_k(
    entry: SymbolFigures, positions: list[Position], account: Account, table: Quotes, asked: tuple[Asked, ...]
) -> None:
    """Fill ``entry.k`` and its companions from all sources that are available."""
    symbol, currency = entry.symbol, account.currency
    minor = 10.0 ** -(account.currency_digits if account.currency_digits is not None else 2)
    own = tick_k = contract_k = None
    if symbol is not None:
        own = _own_k(positions, symbol.tick_size, minor)
        base, quote = symbol.currency_base, symbol.currency_profit
        entry.inverse = same_money(base, currency) and quote is not None and not same_money(quote, currency)
        contract_k = _contract_k(symbol, currency, table)
        if entry.asset_class == "forex" and symbol.currency_base is not None and currency is not None:
            both = rate(table, symbol.currency_base, currency)
            entry.base_rate = None if both is None else (both[0] + both[1]) / 2.0
        value = symbol.tick_value_loss if symbol.tick_value_loss else symbol.tick_value
        if value is not None and symbol.tick_size is not None:
            tick_k = k_by_tick(value, symbol.tick_size)
    entry.k, entry.flagged = choose_k(own, contract_k, tick_k, _asked_k(entry.name, asked))
    if entry.k is None:
        entry.why = f"the value of a price move of {entry.name} is unknown (no contract data, tick value or quotes)"


def _fill_prices(entry: SymbolFigures, held: list[Position], tick: Tick | None) -> None:
    if tick is not None and tick.bid and tick.ask:
        entry.spread = max(0.0, tick.ask - tick.bid)
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


def _fill_rows(entry: SymbolFigures, held: list[Position], rows: list[PositionFigures]) -> None:
    """Rows, lots and notional of one symbol: volume x contract x base rate for FX, else price x k x volume."""
    k, by_base = entry.k, _by_base(entry)
    buys = sells = 0.0
    signed: float | None = 0.0
    gross: float | None = 0.0
    for position in held:
        side, volume, price = position[3], position[4], position[6]
        value: float | None = None
        if volume is not None:
            if by_base is not None:
                value = volume * by_base
            elif k is not None and price is not None:
                value = price * k * volume
        if value is None or side is None or volume is None:
            signed = None
            gross = None if value is None or gross is None else gross + value
        else:
            gross = None if gross is None else gross + value
            if side > 0:
                buys += volume
                signed = None if signed is None else signed + value
            else:
                sells += volume
                signed = None if signed is None else signed - value
        if value is None and side is not None and volume is not None:
            buys, sells = (buys + volume, sells) if side > 0 else (buys, sells + volume)
        rows.append(PositionFigures(position, entry, value))
    if entry.inverse:
        entry.opened = _opened(held)
    entry.buy_lots, entry.sell_lots = buys, sells
    entry.notional_signed, entry.notional_gross = signed, gross


def _opened(held: list[Position]) -> float | None:
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
) -> tuple[list[PositionFigures], dict[str, SymbolFigures]]:
    """All positions and the symbols they are in, with ``k``, lots, price, spread and notional."""
    by_name: dict[str, list[Position]] = {}
    for position in positions:
        name = position[2] if position[2] is not None else "?"
        held = by_name.get(name)
        if held is None:
            by_name[name] = [position]
        else:
            held.append(position)
    entries: dict[str, SymbolFigures] = {}
    rows: list[PositionFigures] = []
    for name, held in by_name.items():
        entry = entries[name] = SymbolFigures(name)
        entry.symbol = symbols.get(name)
        if entry.symbol is not None:
            entry.asset_class = asset_class(entry.symbol)
            entry.collateral = entry.symbol.calc_mode == COLLATERAL
        symbol_k(entry, held, account, table, asked)
        _fill_rows(entry, held, rows)
        _fill_prices(entry, held, ticks.get(name))
    return rows, entries


def is_option(entry: SymbolFigures) -> bool:
    """Whether the symbol is an option, whose notional is its premium and is flagged."""
    return entry.symbol is not None and entry.symbol.calc_mode in OPTION_MODES
