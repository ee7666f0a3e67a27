"""Equity and margin of an account by the guard's own formulas, from a snapshot that its reader read.

For comparing them with the simulated broker, which has formulas of its own. What no terminal tells (margin rates, what
margin converted at when a position opened) is taken from the drawn book.
"""

from __future__ import annotations

import fakes.metatrader5 as mt5
from fakes.symbols import FUTURES_MODES
from guard.metrics.convert import Quotes, quotes, rate, same_money
from guard.metrics.hedging import hedged_margin, larger_leg_margin, weighted_price
from guard.metrics.margin import maintenance_per_lot, position_margin
from guard.metrics.profit import profit_by_contract, profit_by_ticks
from guard.model.records_json import read_symbols, read_ticks
from guard.model.snapshot import Snapshot
from guard.model.trading import BOND_MODES, COLLATERAL, FX_MODES, Position, Symbol
from tests.random_books import PAIRS, Book


def our_rate(name: str, side: int) -> float:
    """What margin converts at now, by the guard's own conversion over the terminal's records."""
    names = {*PAIRS, name}
    symbols = read_symbols({n: mt5.symbol_info(n)._asdict() for n in names}, [])
    ticks = read_ticks({n: mt5.symbol_info_tick(n)._asdict() for n in names}, [])
    symbol, tick = symbols[name], ticks[name]
    currency = mt5.account_info().currency
    if symbol.calc_mode in FX_MODES and symbol.currency_profit == currency:
        return float(tick.ask if side > 0 else tick.bid)  # type: ignore[arg-type]
    margin_currency = mt5.symbol_info(name).currency_margin
    found = rate(quotes(symbols.values(), ticks), margin_currency, currency)
    assert found is not None
    return found[1] if side > 0 else found[0]


def _result(position: Position, symbol: Symbol, table: Quotes, currency: str, digits: int) -> float:
    """A position's profit by the guard's formulas."""
    side, lots, opened, now = (
        float(position.side or 0),
        *_known(position.volume, position.price_open, position.price_current),
    )
    mode = symbol.calc_mode
    if mode == COLLATERAL:  # no profit, but an asset: what it is worth, as far as it counts
        worth = side * lots * sum(_known(symbol.contract_size)) * now * _told(position.symbol, "trade_liquidity_rate")
        low_high = rate(table, symbol.currency_profit or "", currency)
        assert low_high is not None
        return round(worth * low_high[0 if side > 0 else 1], digits)
    if mode in FUTURES_MODES:
        gains = (now - opened) * side >= 0
        value = symbol.tick_value if gains else symbol.tick_value_loss
        return round(profit_by_ticks(side, lots, opened, now, *_known(value, symbol.tick_size)), digits)
    (size,) = _known(symbol.contract_size)
    if mode in BOND_MODES:
        size *= _told(position.symbol, "trade_face_value") / 100.0
    if mode in FX_MODES and same_money(symbol.currency_base, currency) and symbol.currency_profit != currency:
        cents = 100.0 if symbol.currency_base != currency else 1.0
        return round(profit_by_contract(side, lots, opened, now, size, cents / now), digits)
    low_high = rate(table, symbol.currency_profit or "", currency)
    assert low_high is not None
    one = profit_by_contract(side, lots, opened, now, size, 1.0)
    return round(one * low_high[0 if one >= 0 else 1], digits)


def _known(*values: float | None) -> tuple[float, ...]:
    assert all(value is not None for value in values)
    return tuple(float(value) for value in values if value is not None)


def _told(name: str | None, field: str) -> float:
    return float(getattr(mt5.symbol_info(name), field))


def our_equity(snapshot: Snapshot, table: Quotes) -> float:
    """Equity from balance, credit and every position's result, by the guard's formulas."""
    a = snapshot.account
    currency, digits = a.currency or "", a.currency_digits or 0
    total = sum(_known(a.balance, a.credit))
    for position in snapshot.positions or ():
        total += _result(position, snapshot.symbols[position.symbol or ""], table, currency, digits)
        total += position.swap or 0.0
    return total


def our_margin(book: Book, snapshot: Snapshot) -> float:
    """Margin of all positions and pending orders by the guard's formulas, with the broker's rates."""
    leverage, total = float(snapshot.account.leverage or 0), 0.0
    for name in {p.symbol or "" for p in snapshot.positions or ()} | {o.symbol or "" for o in snapshot.orders or ()}:
        info, spec = mt5.symbol_info(name), book.broker.specs[name]
        fixed = maintenance_per_lot(info.margin_initial, info.margin_maintenance)
        index = {"tick_value": spec.tick_value, "tick_size": info.trade_tick_size, "face_value": info.trade_face_value}
        rates = {side: spec.held_rate(side) for side in (1, -1)}
        legs = {1: [0.0, 0.0, 0.0, 0.0], -1: [0.0, 0.0, 0.0, 0.0]}  # lots, lots x price, margin before and after rates
        for p in snapshot.positions or ():
            if p.symbol == name:
                lots, opened = _known(p.volume, p.price_open)
                bare = position_margin(
                    spec.calc_mode, lots, info.trade_contract_size, opened, leverage, 1.0, fixed, **index
                )
                rate_then = our_rate(name, p.side or 0) if book.floating else book.conversions[p.ticket]
                converted = bare * rate_then
                legs[p.side or 0] = [
                    a + b for a, b in zip(legs[p.side or 0], (lots, lots * opened, bare, converted), strict=True)
                ]
        sides = {side: legs[side][3] * rates[side] for side in (1, -1)}
        orders = {1: 0.0, -1: 0.0}
        for order in snapshot.orders or ():
            if order.symbol == name and spec.rate_of(order.type or 0) > 0:
                way = order.side or 0
                lots, at = _known(order.volume, order.price_open)
                converts = at if spec.calc_mode in FX_MODES and spec.currency_profit == book.broker.currency else None
                then = our_rate(name, way) if book.floating else book.conversions[order.ticket]
                factor = (converts or then) * spec.rate_of(order.type or 0)
                orders[way] += position_margin(
                    spec.calc_mode, lots, info.trade_contract_size, at, leverage, factor, info.margin_initial, **index,
                )  # fmt: skip
        if not book.broker.hedging or info.margin_hedged_use_leg:
            total += larger_leg_margin(sides[1] + orders[1], sides[-1] + orders[-1])
            continue
        total += orders[1] + orders[-1]
        if not legs[1][0] or not legs[-1][0]:
            total += sides[1] + sides[-1]
            continue
        bare, converted = legs[1][2] + legs[-1][2], legs[1][3] + legs[-1][3]
        total += _pairs(book, name, legs, rates, converted / bare if bare else 0.0, leverage, fixed)
    return total


def _pairs(
    book: Book, name: str, legs: dict[int, list[float]], rates: dict[int, float], mean: float, leverage: float,
    fixed: float,
) -> float:  # fmt: skip
    """A hedge: the uncovered part converts as its own side did, the pairs at the mean of all positions."""
    info, spec = mt5.symbol_info(name), book.broker.specs[name]
    index = {"tick_value": spec.tick_value, "tick_size": info.trade_tick_size, "face_value": info.trade_face_value}

    def margin(of_hedged: float, buy_rate: float, sell_rate: float) -> float:
        return hedged_margin(
            spec.calc_mode, legs[1][0], weighted_price(legs[1][1], legs[1][0]), legs[-1][0],
            weighted_price(legs[-1][1], legs[-1][0]), info.trade_contract_size, leverage, of_hedged,
            buy_rate, sell_rate, fixed, **index,
        )  # fmt: skip

    own = {side: rates[side] * weighted_price(legs[side][3], legs[side][2]) for side in (1, -1)}
    if spec.calc_mode == COLLATERAL:
        return 0.0
    uncovered = margin(0.0, own[1], own[-1])
    if info.margin_hedged == 0:
        return uncovered
    return (
        uncovered
        + margin(info.margin_hedged, rates[1] * mean, rates[-1] * mean)
        - margin(0.0, rates[1] * mean, rates[-1] * mean)
    )
