"""How orders become deals: opening, netting, closing, triggers of stops and pendings, roll-over and stop-out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakes.ledger import (
    BY_CLIENT, BY_EXPERT, BY_SL, BY_STOP_OUT, BY_TP, CANCELED, FILLED, IN, INOUT, OUT, PLACED, Deal, Order, Position,
    Rejected,
)  # fmt: skip
from fakes.margin import Leg

if TYPE_CHECKING:
    from fakes.broker import Broker

_DAY_MSC = 86_400_000
_WORD = {1: "Buy", -1: "Sell"}


def trade(broker: Broker, order: Order, price: float | None = None) -> Deal:
    """Execute a market order (or a triggered pending one) and return its deal, whose ``position_id`` names the position.

    Raises:
        Rejected: bad volume or stops, or not enough free margin.
    """
    quote = broker.quotes[order.symbol]
    at = quote.opening(order.side) if price is None else price
    check_volume(broker, order)
    if not broker.hedging:
        held = broker.held(order.symbol)
        if held:
            return _net(broker, held[0], order, at)
    return _enter(broker, order, at, order.volume, IN)


def check_volume(broker: Broker, order: Order) -> None:
    """Refuse a volume off the symbol's grid or outside its bounds."""
    spec = broker.specs[order.symbol]
    steps = order.volume / spec.volume_step
    if not spec.volume_min <= order.volume <= spec.volume_max or abs(steps - round(steps)) > 1e-6:
        raise Rejected(10014, "Invalid volume")
    limit, held = spec.volume_limit, sum(p.volume for p in broker.held(order.symbol))
    if limit > 0 and held + order.volume > limit + 1e-9:
        raise Rejected(10034, "Limit volume")


def check_stops(broker: Broker, symbol: str, side: int, price: float, sl: float, tp: float) -> None:
    """Refuse a stop or target on the wrong side of the price or nearer than the stops level."""
    spec = broker.specs[symbol]
    near = spec.stops_level * spec.point
    if (sl > 0 and (price - sl) * side < near) or (tp > 0 and (tp - price) * side < near):
        raise Rejected(10016, "Invalid stops")


def _enter(broker: Broker, order: Order, price: float, volume: float, entry: int) -> Deal:
    spec, side = broker.specs[order.symbol], order.side
    check_stops(broker, order.symbol, side, broker.quotes[order.symbol].closing(side), order.sl, order.tp)
    conversion = broker.conversion(order.symbol, side, price)
    if conversion is None:
        raise Rejected(10021, "No prices")
    after = broker.margin_of(order.symbol, Leg(side, volume, price, conversion))
    grown = after - broker.margin_of(order.symbol)
    if grown > 0 and broker.free_margin < grown:
        raise Rejected(10019, "No money")
    now = broker.server_msc
    position = Position(
        order.ticket, order.ticket, order.symbol, side, volume, price, conversion, now, now, order.sl, order.tp,
        magic=order.magic, reason=min(order.reason, BY_EXPERT), comment=order.comment,
    )  # fmt: skip
    broker.put(position)
    order.position_id = position.identifier
    deal = _deal(broker, order, entry, volume, price, 0.0, 0.0)
    stops = f", stop {order.sl:.{spec.digits}f}" if order.sl > 0 else ", no stop"
    broker.tell("open", f"{_WORD[side]} {volume:g} {order.symbol} at {price:.{spec.digits}f}{stops}")
    return deal


def _net(broker: Broker, held: Position, order: Order, price: float) -> Deal:
    """Netting: add to, reduce or reverse the one position of the symbol."""
    if held.side == order.side:
        conversion = broker.conversion(order.symbol, order.side, price)
        if conversion is None:
            raise Rejected(10021, "No prices")
        grown = broker.margin_of(order.symbol, Leg(order.side, order.volume, price, conversion))
        if broker.free_margin < grown - broker.margin_of(order.symbol):
            raise Rejected(10019, "No money")
        total = round(held.volume + order.volume, 8)
        held.price_open = (held.price_open * held.volume + price * order.volume) / total
        held.conversion = (held.conversion * held.volume + conversion * order.volume) / total
        held.volume, held.sl, held.tp, held.update_msc = total, order.sl, order.tp, broker.server_msc
        order.position_id = held.identifier
        broker.put(held)
        return _deal(broker, order, IN, order.volume, price, 0.0, 0.0)
    if order.volume <= held.volume + 1e-9:
        return close(broker, held, order, price=price)
    rest = round(order.volume - held.volume, 8)
    profit, swap = _settle(broker, held, held.volume, price)
    broker.drop(held)
    conversion = broker.conversion(order.symbol, order.side, price)
    if conversion is None:
        raise Rejected(10021, "No prices")
    now = broker.server_msc
    broker.put(
        Position(
            order.ticket, held.identifier, order.symbol, order.side, rest, price, conversion, now, now, order.sl, order.tp,
            magic=order.magic, comment=order.comment,
        )
    )  # fmt: skip
    order.position_id = held.identifier
    return _deal(broker, order, INOUT, order.volume, price, profit, swap)


def _settle(broker: Broker, position: Position, volume: float, price: float) -> tuple[float, float]:
    """Realize a part of a position: its profit and its share of the swap."""
    profit = broker.profit_of(position.symbol, position.side, volume, position.price_open, price)
    if profit is None:
        raise Rejected(10021, "No prices")
    return profit, round(position.swap * volume / position.volume, broker.digits)


def close(broker: Broker, position: Position, order: Order, *, price: float | None = None, kind: str = "close") -> Deal:
    """Close a position, whole or in part.

    Raises:
        Rejected: more than is held, or a volume off the grid.
    """
    if order.volume > position.volume + 1e-9:
        raise Rejected(10038, "Invalid close volume")
    quote = broker.quotes[position.symbol]
    at = quote.closing(position.side) if price is None else price
    left = round(position.volume - order.volume, 8)
    if left > 1e-9:
        check_volume_grid(broker, order, left)
    profit, swap = _settle(broker, position, order.volume, at)
    order.position_id = position.identifier
    if left > 1e-9:
        position.volume, position.update_msc = left, broker.server_msc
        position.swap = round(position.swap - swap, broker.digits)
        broker.put(position)
    else:
        broker.drop(position)
    deal = _deal(broker, order, OUT, order.volume, at, profit, swap)
    digits = broker.specs[position.symbol].digits
    broker.tell(kind, f"Closed {order.volume:g} {position.symbol} at {at:.{digits}f}: {profit:+.{broker.digits}f}")
    return deal


def check_volume_grid(broker: Broker, order: Order, left: float) -> None:
    """Refuse a partial close off the volume grid, or one that leaves less than the minimum."""
    spec = broker.specs[order.symbol]
    steps = order.volume / spec.volume_step
    if abs(steps - round(steps)) > 1e-6 or order.volume < spec.volume_min or left < spec.volume_min - 1e-9:
        raise Rejected(10014, "Invalid volume")


def set_stops(broker: Broker, position: Position, sl: float, tp: float) -> None:
    """Set both stops of a position.

    Raises:
        Rejected: wrong side, too near, or nothing changes.
    """
    if (sl, tp) == (position.sl, position.tp):
        raise Rejected(10025, "No changes")
    price = broker.quotes[position.symbol].closing(position.side)
    check_stops(broker, position.symbol, position.side, price, sl, tp)
    position.sl, position.tp, position.update_msc = sl, tp, broker.server_msc
    broker.put(position)
    broker.tell("modify", f"{position.symbol} stop {sl:g}, target {tp:g}")


def place(broker: Broker, order: Order) -> None:
    """Accept a pending order.

    Raises:
        Rejected: bad volume, or a price on the wrong side of the market.
    """
    check_volume(broker, order)
    quote = broker.quotes[order.symbol]
    below = order.price < quote.ask if order.side > 0 else order.price < quote.bid
    wants_below = {2: True, 3: False, 4: False, 5: True, 6: False, 7: True}[order.type]
    if order.price <= 0 or below != wants_below:
        raise Rejected(10015, "Invalid price")
    check_stops(broker, order.symbol, order.side, order.price, order.sl, order.tp)
    order.state = PLACED
    broker.orders.append(order)
    broker.changed()
    broker.tell("pending", f"Pending order {order.volume:g} {order.symbol} at {order.price:g}")


def remove(broker: Broker, order: Order, reason: int = BY_CLIENT) -> None:
    """Delete a pending order."""
    broker.orders.remove(order)
    order.state, order.done_msc, order.reason = CANCELED, broker.server_msc, reason
    broker.history.append(order)
    broker.changed()
    broker.tell("remove", f"Pending order {order.ticket} on {order.symbol} deleted")


def _deal(broker: Broker, order: Order, entry: int, volume: float, price: float, profit: float, swap: float) -> Deal:
    """Book the execution of an order and its money."""
    order.state, order.done_msc, order.volume_current = FILLED, broker.server_msc, 0.0
    order.price = order.price if order.price > 0 else price
    broker.history.append(order)
    commission = 0.0 - round(broker.commission_per_lot * volume, broker.digits)
    broker.balance = round(broker.balance + profit + swap + commission, broker.digits)
    deal = Deal(
        broker.ticket(), order.ticket, broker.server_msc, 0 if order.side > 0 else 1, entry, order.symbol, volume, price,
        commission, swap, profit, order.position_id, order.magic, order.reason, order.comment,
    )  # fmt: skip
    broker.book(deal)
    broker.changed()
    return deal


def _close_by(broker: Broker, position: Position, reason: int, comment: str, kind: str) -> None:
    order = broker.new_order(
        position.symbol, 1 if position.side > 0 else 0, position.volume, magic=position.magic, comment=comment, reason=reason
    )
    close(broker, position, order, kind=kind)


def after_quote(broker: Broker, symbol: str) -> None:
    """Stops, targets and pending orders of a symbol whose price moved. Stops fill at the market (gaps slip)."""
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
        if weekday not in {6, 0}:  # the night to Sunday and to Monday carries nothing: Wednesday's is charged three times
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
    """Margin call (told once), then stop-out: pending orders that hold margin first, then the largest loss, one at a time."""
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
