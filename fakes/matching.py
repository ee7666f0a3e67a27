"""How orders become deals: opening, netting, closing, in hand and by pending order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakes.ledger import (
    BY_CLIENT,
    BY_EXPERT,
    CANCELED,
    FILLED,
    IN,
    INOUT,
    OUT,
    PLACED,
    Deal,
    Order,
    Position,
    Rejected,
)
from fakes.margin import Leg

if TYPE_CHECKING:
    from fakes.broker import Broker

_WORD = {1: "Buy", -1: "Sell"}


def trade(broker: Broker, order: Order, price: float | None = None) -> Deal:
    """Execute a market order, or a triggered pending one; its deal's ``position_id`` names the position.

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
            order.ticket, held.identifier, order.symbol, order.side, rest, price, conversion, now, now, order.sl,
            order.tp, magic=order.magic, comment=order.comment,
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
        broker.ticket(), order.ticket, broker.server_msc, 0 if order.side > 0 else 1, entry, order.symbol, volume,
        price, commission, swap, profit, order.position_id, order.magic, order.reason, order.comment,
    )  # fmt: skip
    broker.book(deal)
    broker.changed()
    return deal
