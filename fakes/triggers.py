"""What the market does to the books by itself: stops, targets, pending orders, roll-over, margin call and stop-out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakes.ledger import BY_SL, BY_STOP_OUT, BY_TP, CANCELED, Order, Position, Rejected
from fakes.matching import close, remove, trade

if TYPE_CHECKING:
    from fakes.broker import Broker

_DAY_MSC = 86_400_000


def _close_by(broker: Broker, position: Position, reason: int, comment: str, kind: str) -> None:
    order = broker.new_order(
        position.symbol, 1 if position.side > 0 else 0, position.volume,
        magic=position.magic, comment=comment, reason=reason,
    )  # fmt: skip
    close(broker, position, order, kind=kind)


def after_quote(broker: Broker, symbol: str) -> None:
    """Stops, targets and pending orders of a symbol whose price moved. Stops fill at the market: gaps slip."""
    quote, digits = broker.quotes[symbol], broker.specs[symbol].digits
    for position in broker.held(symbol):
        price, side = quote.closing(position.side), position.side
        if position.sl > 0 and (price - position.sl) * side <= 0:
            _close_by(broker, position, BY_SL, f"[sl {position.sl:.{digits}f}]", "sl")
        elif position.tp > 0 and (price - position.tp) * side >= 0:
            _close_by(broker, position, BY_TP, f"[tp {position.tp:.{digits}f}]", "tp")
    for order in [o for o in broker.orders if o.symbol == symbol]:
        _trigger(broker, order)


def _trigger(broker: Broker, order: Order) -> None:
    price, kind = broker.quotes[order.symbol].opening(order.side), order.type
    reached = (price - order.price) * order.side
    if kind in {6, 7} and not order.armed:
        if reached >= 0:
            order.armed, order.price, order.type = True, order.stoplimit, kind - 4
        return
    if (kind in {2, 3} and reached <= 0) or (kind in {4, 5} and reached >= 0):
        broker.orders.remove(order)
        try:
            trade(broker, order)
        except Rejected as refusal:
            order.state, order.done_msc = CANCELED, broker.server_msc
            broker.history.append(order)
            broker.changed()
            broker.tell("reject", f"Pending order {order.ticket} on {order.symbol} not filled: {refusal.comment}")


def after_time(broker: Broker, before_msc: int) -> None:
    """Roll-over at server midnight, expired orders, stop-out."""
    now = broker.server_msc
    for day in range(before_msc // _DAY_MSC + 1, now // _DAY_MSC + 1):
        weekday = (day + 3) % 7  # day 0 of the server's calendar, 1 January 1970, was a Thursday
        if weekday not in {6, 0}:  # the nights to Sunday and Monday carry nothing: Wednesday's counts three times
            _roll_over(broker, 3 if weekday == 3 else 1)
    for order in [o for o in broker.orders if 0 < o.expiration * 1000 <= now]:
        remove(broker, order)
    stop_out(broker)


def _roll_over(broker: Broker, nights: int) -> None:
    for position in broker.positions:
        spec = broker.specs[position.symbol]
        points = spec.swap_long if position.side > 0 else spec.swap_short
        amount = points * spec.point * spec.contract_size * position.volume * nights
        rate = broker.exchange.rate(spec.currency_profit, broker.currency, low=amount >= 0)
        if rate is not None and amount:
            position.swap = round(position.swap + amount * rate, broker.digits)
    broker.changed()


def _reached(broker: Broker, level: float) -> bool:
    if broker.margin <= 0 or level <= 0:
        return False
    return broker.equity <= level if broker.so_money else broker.margin_level <= level


def stop_out(broker: Broker) -> None:
    """Margin call (told once), then stop-out: pending orders that hold margin, then the largest loss, one by one."""
    called = _reached(broker, broker.so_call)
    if called and not broker.margin_called:
        broker.tell("margin_call", f"Margin call: margin level {broker.margin_level:.1f}%")
    broker.margin_called = called
    while _reached(broker, broker.so_so):
        holding = [order for order in broker.orders if broker.order_margin(order) > 0]
        if holding:
            remove(broker, max(holding, key=broker.order_margin), BY_STOP_OUT)
            continue
        worst = min(broker.positions, key=lambda position: position.profit + position.swap)
        _close_by(broker, worst, BY_STOP_OUT, f"[so {broker.margin_level:.1f}%]", "stop_out")
