"""What the trade server refuses before it lets a request near the market, each with its code."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from fakes.ledger import Order, Position, Quote, Rejected
from fakes.symbols import SymbolSpec

if TYPE_CHECKING:
    from fakes.broker import Broker

_KINDS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 8, 7: 8, 8: 64}
_SL_BIT, _TP_BIT = 16, 32
_FILLINGS = {0: 1, 1: 2, 3: 4}
_LIMITS = frozenset({2, 3})
RETURN, BOC = 2, 3
MARKET, EXCHANGE = 2, 3
LONG_ONLY, SHORT_ONLY, CLOSE_ONLY = 1, 2, 3
_TINY = 1e-9


def spec_of(broker: Broker, symbol: str) -> SymbolSpec:
    """The symbol's facts; an unknown one is an invalid request."""
    if symbol not in broker.specs:
        raise Rejected(10013)
    return broker.specs[symbol]


def market(broker: Broker, symbol: str) -> Quote:
    """The symbol's quote, if it trades at all, trades now and has prices."""
    if spec_of(broker, symbol).trade_mode == 0:
        raise Rejected(10017)
    if not broker.is_open(symbol):
        raise Rejected(10018)
    if symbol in broker.silent or symbol not in broker.quotes:
        raise Rejected(10021)
    return broker.quotes[symbol]


def kind(spec: SymbolSpec, order_type: int, sl: float = 0.0, tp: float = 0.0) -> None:
    """Refuse an order type, a stop or a target that the symbol does not take."""
    wanted = _KINDS[order_type] | (_SL_BIT if sl else 0) | (_TP_BIT if tp else 0)
    if wanted & ~spec.order_mode:
        raise Rejected(10035)


def direction(broker: Broker, order: Order) -> None:
    """Refuse an opening that the symbol's trade mode or the account does not allow; reducing is always allowed."""
    spec, side = broker.specs[order.symbol], order.side
    held = broker.held(order.symbol)
    opposite = sum(p.volume for p in held if p.side != side)
    if not broker.hedging and not order.pending and order.volume <= opposite + _TINY:
        return
    if spec.trade_mode == LONG_ONLY and side < 0:
        raise Rejected(10042)
    if spec.trade_mode == SHORT_ONLY and side > 0:
        raise Rejected(10043)
    if spec.trade_mode == CLOSE_ONLY:
        raise Rejected(10044)
    if broker.hedging and broker.rules.hedge_prohibited and opposite > 0:
        raise Rejected(10046)


def filling(spec: SymbolSpec, policy: int, *, order_type: int) -> None:
    """Refuse a filling policy that the execution mode or the symbol does not know."""
    if policy == BOC:
        allowed = spec.execution == EXCHANGE and order_type in _LIMITS and bool(spec.filling_mode & _FILLINGS[BOC])
    elif policy == RETURN:
        allowed = order_type > 1 or spec.execution != MARKET
    elif policy in _FILLINGS:
        allowed = spec.execution < MARKET or bool(spec.filling_mode & _FILLINGS[policy])
    else:
        allowed = False
    if not allowed:
        raise Rejected(10030)


def expiration(broker: Broker, spec: SymbolSpec, type_time: int, until_s: int) -> None:
    """Refuse a lifetime that the symbol does not take, or one that has ended."""
    if type_time not in {0, 1, 2, 3} or not spec.expiration_mode & (1 << type_time):
        raise Rejected(10022)
    if type_time > 1 and end_msc(type_time, until_s, broker.server_msc) <= broker.server_msc:
        raise Rejected(10022)


DAY_MSC = 86_400_000


def end_msc(type_time: int, until_s: int, setup_msc: int) -> int:
    """When an order's life ends, server milliseconds: midnight for orders of the day; 0 is never."""
    if type_time == 1:
        return (setup_msc // DAY_MSC + 1) * DAY_MSC
    if type_time == 2:
        return until_s * 1000
    return (until_s * 1000 // DAY_MSC + 1) * DAY_MSC if type_time == 3 and until_s > 0 else 0


def grid(spec: SymbolSpec, volume: float) -> None:
    """Refuse a volume off the symbol's grid or outside the bounds of one order."""
    if not isfinite(volume) or not spec.volume_min - _TINY <= volume <= spec.volume_max + _TINY:
        raise Rejected(10014)
    steps = volume / spec.volume_step
    if abs(steps - round(steps)) > 1e-6:
        raise Rejected(10014)


def limits(broker: Broker, order: Order) -> None:
    """Refuse what would be too much: volume on one side, pending orders, positions."""
    spec, rules = broker.specs[order.symbol], broker.rules
    if spec.volume_limit > 0:
        there = sum(p.volume for p in broker.held(order.symbol) if p.side == order.side)
        there += sum(
            o.volume_current
            for o in broker.orders
            if o.symbol == order.symbol and o.side == order.side and not o.closes
        )
        if there + order.volume > spec.volume_limit + _TINY:
            raise Rejected(10034)
    waiting = sum(1 for other in broker.orders if other.pending)
    if order.pending and 0 < rules.limit_orders <= waiting:
        raise Rejected(10033)
    if rules.limit_positions > 0 and (broker.hedging or not (order.pending or broker.held(order.symbol))):
        count = broker.position_count + (waiting if order.pending else 0)
        if count >= rules.limit_positions:
            raise Rejected(10040)


def on_grid(spec: SymbolSpec, price: float) -> bool:
    """Whether a price is a whole number of the symbol's steps."""
    steps = price / spec.step
    return isfinite(steps) and abs(steps - round(steps)) <= 1e-3


def stops(broker: Broker, symbol: str, side: int, price: float, sl: float, tp: float) -> None:
    """Refuse a stop or target off the grid, on the wrong side of ``price`` or nearer than the stops level."""
    spec = broker.specs[symbol]
    near = spec.stops_level * spec.point - spec.point / 1000
    for level, gap in ((sl, (price - sl) * side), (tp, (tp - price) * side)):
        if level != 0 and (level < 0 or not on_grid(spec, level) or gap < near):
            raise Rejected(10016)


def pending_price(broker: Broker, order: Order, quote: Quote) -> None:
    """Refuse a pending order's price on the wrong side of the market or too near it.

    A limit order on an exchange may be at or through the market: it is filled at once, unless it is book-or-cancel.
    """
    spec, side = broker.specs[order.symbol], order.side
    limit, price = order.type in _LIMITS, order.price
    if price <= 0 or not on_grid(spec, price):
        raise Rejected(10015)
    gap = (quote.opening(side) - price) * (side if limit else -side)
    if limit and spec.execution == EXCHANGE:
        if order.filling == BOC and gap <= 0:
            raise Rejected(10006)
        return
    if gap <= 0:
        raise Rejected(10015)
    if gap < spec.stops_level * spec.point - spec.point / 1000:
        raise Rejected(10016)
    if order.type in {6, 7}:
        under = (price - order.stoplimit) * side
        if order.stoplimit <= 0 or not on_grid(spec, order.stoplimit) or under < 0:
            raise Rejected(10015)
        if under < spec.stops_level * spec.point - spec.point / 1000:
            raise Rejected(10016)


def _frozen(spec: SymbolSpec, gaps: list[float]) -> None:
    level = spec.freeze_level * spec.point - spec.point / 1000
    if spec.freeze_level > 0 and any(gap < level for gap in gaps):
        raise Rejected(10029)


def frozen_order(broker: Broker, order: Order) -> None:
    """Refuse to touch a pending order that is about to be filled."""
    price = broker.quotes[order.symbol].opening(order.side)
    _frozen(broker.specs[order.symbol], [abs(price - order.price)])


def frozen_position(broker: Broker, position: Position) -> None:
    """Refuse to touch a position whose stop or target is about to be filled."""
    price = broker.quotes[position.symbol].closing(position.side)
    gaps = [(price - position.sl) * position.side] if position.sl > 0 else []
    gaps += [(position.tp - price) * position.side] if position.tp > 0 else []
    _frozen(broker.specs[position.symbol], gaps)


def oldest(broker: Broker, position: Position) -> None:
    """Refuse to close a position before older ones of its symbol, where the account closes first in, first out."""
    held = broker.held(position.symbol)
    if broker.rules.fifo_close and min(held, key=lambda p: (p.time_msc, p.ticket)).ticket != position.ticket:
        raise Rejected(10045)


def free(broker: Broker, ticket: int) -> None:
    """Refuse a second order that closes a position while one is at work."""
    if any(order.closes == ticket for order in broker.orders):
        raise Rejected(10039)


def unlocked(broker: Broker, ticket: int) -> None:
    """Refuse to change a position while an order that closes it is at work."""
    if any(order.closes == ticket for order in broker.orders):
        raise Rejected(10028)
