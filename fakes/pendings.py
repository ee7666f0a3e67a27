"""Pending orders, and market orders that are still at work: placed, changed, deleted, filled, run out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakes import checks
from fakes.ledger import CANCELED, EXPIRED, PLACED, REFUSED, Order, Rejected
from fakes.matching import fill, finish, remove

if TYPE_CHECKING:
    from fakes.broker import Broker

_LIMITS, _STOPS, _STOP_LIMITS = frozenset({2, 3}), frozenset({4, 5}), frozenset({6, 7})
_TINY = 1e-9


def check(broker: Broker, order: Order) -> None:
    """Refuse a pending order that the server would not take."""
    quote = checks.market(broker, order.symbol)
    spec = broker.specs[order.symbol]
    checks.direction(broker, order)
    checks.filling(spec, order.filling, order_type=order.type)
    checks.expiration(broker, spec, order.type_time, order.expiration)
    checks.grid(spec, order.volume)
    checks.limits(broker, order)
    _check_prices(broker, order, order)
    grown = broker.order_margin(order)
    if grown > 0 and broker.free_margin < grown:
        raise Rejected(10019, margin=round(broker.margin + grown, broker.digits))
    order.price_current = quote.opening(order.side)


def _check_prices(broker: Broker, order: Order, wanted: Order) -> None:
    checks.pending_price(broker, wanted, broker.quotes[order.symbol])
    entry = wanted.stoplimit if wanted.type in _STOP_LIMITS else wanted.price
    checks.stops(broker, order.symbol, order.side, entry, wanted.sl, wanted.tp)


def place(broker: Broker, order: Order) -> None:
    """Enter a checked pending order; one that is through the market on an exchange is filled at once."""
    order.state = PLACED
    broker.orders.append(order)
    broker.changed()
    broker.tell("pending", f"Pending order {order.volume:g} {order.symbol} at {order.price:g}")
    trigger(broker, order)


def _changeable(order: Order) -> tuple[float, float, float, float, int, int]:
    return order.price, order.sl, order.tp, order.stoplimit, order.type_time, order.expiration


def check_change(broker: Broker, order: Order, wanted: Order) -> None:
    """Refuse new prices and a new lifetime that are not new, not right, or too late."""
    if _changeable(order) == _changeable(wanted):
        raise Rejected(10025)
    checks.frozen_order(broker, order)
    checks.expiration(broker, broker.specs[order.symbol], wanted.type_time, wanted.expiration)
    _check_prices(broker, order, wanted)


def change(broker: Broker, order: Order, wanted: Order) -> None:
    """Give a pending order the prices and the lifetime of ``wanted``."""
    order.price, order.sl, order.tp, order.stoplimit, order.type_time, order.expiration = _changeable(wanted)
    broker.changed()
    broker.tell("modify", f"Pending order {order.ticket} on {order.symbol} now at {order.price:g}")


def trigger(broker: Broker, order: Order) -> None:
    """Fill a pending order whose price is reached, or what is left of an order in part filled.

    Limit orders fill at the market, never worse than their price; stop orders at the market, with slippage.
    """
    spec, quote, side = broker.specs[order.symbol], broker.quotes[order.symbol], order.side
    price = quote.opening(side)
    watched = quote.last if quote.last > 0 and order.type not in _LIMITS else price
    reached = (watched - order.price) * side
    if order.type in _STOP_LIMITS:
        if reached >= 0:
            order.armed, order.price, order.type = True, order.stoplimit, order.type - 4
            broker.changed()
        return
    if order.type in _LIMITS:
        if reached > 0:
            return
    elif order.type in _STOPS and reached < 0 and order.volume_current == order.volume:
        return
    else:
        price = spec.round(price + side * broker.dealer.slip() * spec.point)
    if order.due_msc == 0:
        execute(broker, order, price)


def available(broker: Broker, order: Order, lots: float) -> float:
    """How much of an order is filled when ``lots`` are offered, on the volume grid."""
    if lots >= order.volume_current:
        return order.volume_current
    step = broker.specs[order.symbol].volume_step
    return round(int(lots / step + 1e-6) * step, 8)


def execute(broker: Broker, order: Order, price: float) -> None:
    """Fill an active order as far as there is volume; one that the account cannot carry is cancelled."""
    lots = available(broker, order, broker.dealer.liquidity.get(order.symbol, order.volume_current))
    if lots <= _TINY:
        return
    try:
        if not order.closes and order.volume_current == order.volume:
            checks.direction(broker, order)
        fill(broker, order, price, lots)
    except Rejected as refusal:
        finish(broker, order, CANCELED if order.pending else REFUSED)
        code = 10041 if order.pending else refusal.retcode
        word = "Pending order" if order.pending else "Order"
        broker.tell("reject", f"{word} {order.ticket} on {order.symbol} not filled ({code}): {refusal.comment}")


def due_in(order: Order, server_msc: int, utc_msc: int) -> int:
    """Milliseconds until the clock does something to an order; a day when nothing is in sight or it is overdue."""
    if order.due_msc > 0:
        wait = order.due_msc - utc_msc
    else:
        wait = checks.end_msc(order.type_time, order.expiration, order.setup_msc) - server_msc
    return wait if wait > 0 else checks.DAY_MSC


def after_time(broker: Broker) -> None:
    """Orders whose time has come: market orders that waited are executed, those at the end of their life go."""
    now = broker.server_msc
    for order in list(broker.orders):
        if 0 < order.due_msc <= broker.utc_msc and broker.is_open(order.symbol) and order.symbol not in broker.silent:
            order.due_msc = 0
            late(broker, order)
        elif order.pending and 0 < checks.end_msc(order.type_time, order.expiration, order.setup_msc) <= now:
            remove(broker, order, state=EXPIRED)


def late(broker: Broker, order: Order) -> None:
    """Execute a market order that waited, at today's market; one quoted to the trader is refused if the market left."""
    spec = broker.specs[order.symbol]
    slip = order.side * broker.dealer.slip() * spec.point
    price = spec.round(broker.quotes[order.symbol].opening(order.side) + slip)
    if order.price > 0 and abs(price - order.price) > (order.deviation + 1e-3) * spec.point:
        finish(broker, order, REFUSED)
        broker.tell("reject", f"Order {order.ticket} on {order.symbol} not filled (10004): the price moved")
        return
    execute(broker, order, price)
