"""What market and clock do to the books by themselves: stops, targets, pending orders, the end of the day, stop-out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakes import matching, pendings, stopout, swaps
from fakes.ledger import BY_SL, BY_TP, EXPIRED, Position, Rejected

if TYPE_CHECKING:
    from fakes.broker import Broker

_DAY_MSC = 86_400_000
_IOC = 1
_GTC = 0
_DAILY = 1


def after_quote(broker: Broker, symbol: str) -> None:
    """Stops, targets and pending orders of a symbol whose price moved, as long as it trades.

    Stops fill at the market: gaps slip. What a closed market jumps over is filled at its next quote.
    """
    held = broker.held(symbol)
    waiting = [order for order in broker.orders if order.symbol == symbol] if broker.orders else []
    if not (held or waiting) or not broker.tradable(symbol):
        return
    for position in held:
        _stop_or_target(broker, position)
    filled = len(broker.deals)
    for order in waiting:
        if order in broker.orders:
            pendings.trigger(broker, order)
    if len(broker.deals) > filled:  # what has just been opened may already be beyond its stop
        for position in broker.held(symbol):
            _stop_or_target(broker, position)


def _stop_or_target(broker: Broker, position: Position) -> None:
    spec, side = broker.specs[position.symbol], position.side
    price = broker.quotes[position.symbol].valuing(side)
    if position.sl > 0 and (price - position.sl) * side <= 0:
        _close(broker, position, BY_SL, position.sl, f"[sl {position.sl:.{spec.digits}f}]", "sl")
    elif position.tp > 0 and (price - position.tp) * side >= 0:
        _close(broker, position, BY_TP, position.tp, f"[tp {position.tp:.{spec.digits}f}]", "tp")


def _close(broker: Broker, position: Position, reason: int, level: float, comment: str, kind: str) -> None:
    """The server's own order at a stop or target; a target is a limit: slippage never makes it worse than its level."""
    spec, quote, side = broker.specs[position.symbol], broker.quotes[position.symbol], position.side
    order = broker.new_order(
        position.symbol, 1 if side > 0 else 0, position.volume, magic=position.magic, comment=comment, reason=reason,
    )  # fmt: skip
    order.filling, order.price, order.closes = _IOC, level, position.ticket
    order.setup_msc = max(position.time_msc, broker.server_msc - broker.rules.stop_latency_msc)
    market = quote.closing(side)
    price = spec.round(market - side * broker.dealer.slip() * spec.point)
    if reason == BY_TP and (market - level) * side >= 0:
        price = max(price * side, level * side) * side
    try:
        matching.fill(broker, order, price, position.volume, kind)
    except Rejected as refusal:
        broker.tell("reject", f"{position.symbol} not closed at its level: {refusal.comment}")


def until_next(broker: Broker, server_msc: int) -> int:
    """Milliseconds to what falls due next by the clock: midnight, an order's end, margin by the calendar."""
    soonest = _DAY_MSC - server_msc % _DAY_MSC
    for order in broker.orders:
        soonest = min(soonest, pendings.due_in(order, server_msc, broker.utc_msc))
    return min([soonest, *(change.until_edge(server_msc) for change in broker.terms.margin_changes)])


def after_time(broker: Broker, before_msc: int) -> None:
    """The ends of server days, orders whose time has come, stop-out."""
    now = broker.server_msc
    for day in range(before_msc // _DAY_MSC + 1, now // _DAY_MSC + 1):
        _end_of_day(broker, (day + 3) % 7)  # day 0 of the server's calendar, 1 January 1970, was a Thursday
    if broker.orders:
        pendings.after_time(broker)
    if broker.unsettled:
        stopout.check(broker)


def _end_of_day(broker: Broker, weekday: int) -> None:
    """The server's midnight after a day of week (0 Sunday): symbols may keep orders and stops for one day only."""
    for position in broker.positions:
        if broker.specs[position.symbol].order_gtc_mode == _DAILY and (position.sl or position.tp):
            position.sl = position.tp = 0.0
            position.update_msc = broker.server_msc
            broker.put(position)
    for order in list(broker.orders):
        if order.pending and broker.specs[order.symbol].order_gtc_mode != _GTC:
            matching.remove(broker, order, state=EXPIRED)
    swaps.end_of_day(broker, weekday)
