"""The book: every position and symbol with its value in account currency."""

from __future__ import annotations

from collections.abc import Mapping

from guard.metrics.convert import Quotes, asset_class, rate
from guard.metrics.value import choose_k, k_by_calc, k_by_contract, k_by_profit, k_by_tick
from guard.model.trading import BOND_MODES, COLLATERAL, FUTURES_MODES, OPTION_MODES, Account, Asked, Position, Symbol, Tick


class SymbolFigures:
    """One symbol in use: its ``k``, lots on each side, price and spread. Lots; prices in the symbol's own."""

    __slots__ = (
        "asset_class", "base_rate", "buy_lots", "flagged", "inverse", "k", "name", "notional_signed", "price", "sell_lots",
        "spread", "symbol", "why",
    )  # fmt: skip

    def __init__(self, name: str) -> None:
        """An empty entry for ``name``."""
        self.name = name
        self.symbol: Symbol | None = None
        self.asset_class = "other"
        self.k: float | None = None
        self.flagged = False
        self.inverse = False
        self.base_rate: float | None = None
        self.price: float | None = None
        self.spread: float | None = None
        self.buy_lots = 0.0
        self.sell_lots = 0.0
        self.notional_signed: float | None = 0.0
        self.why = ""

    @property
    def net_lots(self) -> float:
        """Buy lots - sell lots."""
        return self.buy_lots - self.sell_lots


class PositionFigures:
    """One position with its figures; ``None`` is unknown, ``why`` says what is missing."""

    __slots__ = (
        "asset_class", "covered", "entry_equity", "in_symbol", "loss_at_stop", "notional", "position", "risk_pct", "stop",
        "unprotected", "unprotected_s", "why",
    )  # fmt: skip

    def __init__(self, position: Position, in_symbol: SymbolFigures) -> None:
        """A position in its symbol's entry; figures are filled in by ``metrics.trade_risk``."""
        self.position = position
        self.in_symbol = in_symbol
        self.asset_class = in_symbol.asset_class
        self.notional: float | None = None
        self.stop: float | None = None
        self.unprotected: bool | None = None
        self.unprotected_s: float | None = None
        self.loss_at_stop: float | None = None
        self.risk_pct: float | None = None
        self.entry_equity: float | None = None
        self.covered = False
        self.why = ""


def symbol_k(
    entry: SymbolFigures,
    positions: list[Position],
    account: Account,
    table: Quotes,
    asked: tuple[Asked, ...],
) -> None:
    """Fill ``entry.k`` and its companions from all sources that are available."""
    symbol = entry.symbol
    minor = 10.0 ** -(account.currency_digits if account.currency_digits is not None else 2)
    own = tick_k = contract_k = calc_k = None
    tick_size = symbol.tick_size if symbol is not None else None
    best = 0.0
    for p in positions:
        if p.profit is None or p.price_open is None or p.price_current is None or p.volume is None or p.side is None:
            continue
        if tick_size is not None and abs(p.profit) > best:
            found = k_by_profit(
                p.profit, (p.price_current - p.price_open) * p.side, p.volume, minor_unit=minor, tick_size=tick_size
            )
            if found is not None:
                own, best = found, abs(p.profit)
    if symbol is not None:
        profit_ccy, account_ccy = symbol.currency_profit, account.currency
        mode = symbol.calc_mode
        entry.inverse = symbol.currency_base is not None and symbol.currency_base == account_ccy != profit_ccy
        if profit_ccy is not None and account_ccy is not None and symbol.contract_size is not None and mode is not None:
            found_rate = rate(table, profit_ccy, account_ccy)
            if found_rate is not None and mode not in FUTURES_MODES and mode not in BOND_MODES:
                contract_k = k_by_contract(symbol.contract_size, found_rate[1])
        if entry.asset_class == "forex" and symbol.currency_base is not None and account_ccy is not None:
            base = rate(table, symbol.currency_base, account_ccy)
            entry.base_rate = None if base is None else (base[0] + base[1]) / 2.0
        value = symbol.tick_value_loss if symbol.tick_value_loss else symbol.tick_value
        if value is not None and tick_size is not None:
            tick_k = k_by_tick(value, tick_size)
    for question in asked:
        args = question.args
        if question.call == "order_calc_profit" and question.result is not None and len(args) == 5 and args[1] == entry.name:
            side, _, lots, start, end = args
            if all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in (side, lots, start, end)):
                sign = 1.0 if side == 0 else -1.0
                calc_k = k_by_calc(question.result, sign * (float(end) - float(start)), float(lots))  # type: ignore[arg-type]
    entry.k, entry.flagged = choose_k(own, contract_k, tick_k, calc_k)
    if entry.k is None:
        entry.why = f"the value of a price move of {entry.name} is unknown (no contract data, tick value or quotes)"


def position_notional(position: Position, entry: SymbolFigures) -> float | None:
    """Notional in account currency, 0 for collateral, ``None`` when price, volume or value is unknown."""
    symbol = entry.symbol
    if symbol is not None and symbol.calc_mode == COLLATERAL:
        return 0.0
    volume = position.volume
    if volume is None:
        return None
    if entry.base_rate is not None and symbol is not None and symbol.contract_size:
        if not entry.flagged:
            return volume * symbol.contract_size * entry.base_rate
    if entry.k is None or position.price_current is None:
        return None
    return position.price_current * entry.k * volume


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
        name = position.symbol if position.symbol is not None else "?"
        by_name.setdefault(name, []).append(position)
    entries: dict[str, SymbolFigures] = {}
    rows: list[PositionFigures] = []
    for name, held in by_name.items():
        entry = entries[name] = SymbolFigures(name)
        entry.symbol = symbols.get(name)
        if entry.symbol is not None:
            entry.asset_class = asset_class(entry.symbol)
        symbol_k(entry, held, account, table, asked)
        tick = ticks.get(name)
        if tick is not None and tick.bid and tick.ask:
            entry.spread = max(0.0, tick.ask - tick.bid)
        signed: float | None = 0.0
        for position in held:
            row = PositionFigures(position, entry)
            row.notional = value = position_notional(position, entry)
            side, volume = position.side, position.volume
            if side is None or volume is None or value is None:
                signed = None
            elif signed is not None:
                signed += side * value
            if side is not None and volume is not None:
                if side > 0:
                    entry.buy_lots += volume
                else:
                    entry.sell_lots += volume
            rows.append(row)
        entry.notional_signed = signed
        net = 1 if entry.net_lots >= 0.0 else -1
        prices = [p.price_current for p in held if p.price_current is not None and p.side == net]
        entry.price = prices[0] if prices else next((p.price_current for p in held if p.price_current is not None), None)
    return rows, entries


def is_option(entry: SymbolFigures) -> bool:
    """Whether the symbol is an option, whose notional is its premium and is flagged."""
    return entry.symbol is not None and entry.symbol.calc_mode in OPTION_MODES
