"""Market orders as the trade server takes them: opening, adding, netting, closing; at once, in part or later."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from fakes import checks, matching, pendings
from fakes.dealer import DONE, PARTIAL, PLACED, Verdict
from fakes.errand import Errand
from fakes.ledger import CANCELED, STARTED, Fields, Order, Position, Rejected

if TYPE_CHECKING:
    from fakes.broker import Broker

_FOK, _IOC, _RETURN = 0, 1, 2
_TINY = 1e-9


def deal(errand: Errand, request: Fields) -> Fields:
    """TRADE_ACTION_DEAL."""
    broker = errand.broker
    spec = checks.spec_of(broker, request["symbol"])
    if request["type"] not in {0, 1}:
        raise Rejected(10013)
    order = errand.order(request)
    checks.kind(spec, order.type, order.sl, order.tp)
    checks.market(broker, order.symbol)
    checks.filling(spec, order.filling, order_type=order.type)
    if spec.execution < checks.MARKET:
        if not isfinite(request["price"]) or request["price"] <= 0:
            raise Rejected(10015)
        order.price = request["price"]
    if request["position"]:
        _check_target(broker, order, broker.position(request["position"]))
    if not order.closes:
        _check_opening(broker, order)
    return _execute(errand, order, request, errand.ask(request, order.symbol))


def _check_target(broker: Broker, order: Order, position: Position) -> None:
    """The position a market order names. On netting accounts naming it changes nothing: more than it holds reverses."""
    if position.symbol != order.symbol or (broker.hedging and position.side == order.side):
        raise Rejected(10013)
    if broker.hedging:
        order.closes = position.ticket
        _check_closing(broker, order, position)


def _check_closing(broker: Broker, order: Order, position: Position) -> None:
    spec, left = broker.specs[order.symbol], position.volume - order.volume
    whole = abs(left) <= _TINY and order.volume <= spec.volume_max + _TINY
    if not whole:
        checks.grid(spec, order.volume)
        if left < -_TINY:
            raise Rejected(10038)
        if left < spec.volume_min - _TINY:
            raise Rejected(10014)
    checks.free(broker, position.ticket)
    checks.oldest(broker, position)
    checks.frozen_position(broker, position)


def _check_opening(broker: Broker, order: Order) -> None:
    spec = broker.specs[order.symbol]
    opposite = [] if broker.hedging else [p for p in broker.held(order.symbol) if p.side != order.side]
    if any(abs(p.volume - order.volume) <= _TINY for p in opposite) and order.volume <= spec.volume_max + _TINY:
        pass  # the whole position, whatever the grid is by now
    else:
        checks.grid(spec, order.volume)
    for position in opposite:
        checks.frozen_position(broker, position)
    checks.direction(broker, order)
    if not any(order.volume <= position.volume + _TINY for position in opposite):
        checks.limits(broker, order)
        price = broker.quotes[order.symbol].closing(order.side)
        checks.stops(broker, order.symbol, order.side, price, order.sl, order.tp)


def _execute(errand: Errand, order: Order, request: Fields, verdict: Verdict) -> Fields:
    """Fill a market order at once, in part or later."""
    broker, spec, quote = errand.broker, errand.broker.specs[order.symbol], errand.broker.quotes[order.symbol]
    if verdict.delay_s > 0 or verdict.retcode == PLACED:
        order.due_msc = broker.utc_msc + max(1, round(verdict.delay_s * 1000))
        order.state = STARTED
        return _leave(broker, order)
    price = spec.round(quote.opening(order.side) + order.side * verdict.slip * spec.point)
    if order.price > 0 and abs(price - order.price) > (order.deviation + 1e-3) * spec.point:
        raise errand.refusal(10004, request, order.symbol)
    lots = pendings.available(broker, order, verdict.lots)
    if lots < order.volume and (order.filling == _FOK or (order.filling == _IOC and lots <= _TINY)):
        raise errand.refusal(10006, request, order.symbol)
    if lots <= _TINY:
        return _leave(broker, order)
    done = matching.fill(broker, order, price, lots)
    rest = order.volume_current > _TINY
    if rest and order.filling == _RETURN:
        broker.orders.append(order)
    elif rest:
        matching.finish(broker, order, CANCELED, price)
    filled = {"deal": done.ticket, "order": done.order, "volume": float(lots), "price": done.price}
    return {"retcode": PARTIAL if rest else DONE, "bid": quote.bid, "ask": quote.ask} | filled


def _leave(broker: Broker, order: Order) -> Fields:
    """A market order the server has taken and not yet filled."""
    broker.orders.append(order)
    broker.changed()
    return {"retcode": PLACED, "order": order.ticket, "volume": float(order.volume)}
