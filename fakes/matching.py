"""How fills become deals and positions: opening, adding, netting, reversing and closing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakes import checks
from fakes.ledger import (
    BY_EXPERT,
    CANCELED,
    EXPIRED,
    FILLED,
    IN,
    INOUT,
    OUT,
    OUT_BY,
    PARTIAL,
    Deal,
    Order,
    Position,
    Rejected,
)
from fakes.margin import Leg

if TYPE_CHECKING:
    from fakes.broker import Broker

_WORD = {1: "Buy", -1: "Sell"}
_TINY = 1e-9


def fill(broker: Broker, order: Order, price: float, volume: float, kind: str = "close") -> Deal:
    """Fill an order, whole or in part, at a price; the deal's ``position_id`` names the position.

    Args:
        broker: whose books they are.
        order: the order; ``closes`` names the position it closes, if any.
        price: of the fill.
        volume: lots, at most what is left of the order.
        kind: word for the narration of a closing.

    Raises:
        Rejected: not enough free margin, stops on the wrong side, no conversion, or more than is held.
    """
    if order.closes:
        return _reduce(broker, broker.position(order.closes), order, price, volume, kind)
    held = broker.held(order.symbol)
    if broker.hedging:
        own = [position for position in held if position.ticket == order.ticket]
        return _add(broker, own[0], order, price, volume) if own else _enter(broker, order, price, volume)
    if not held:
        return _enter(broker, order, price, volume)
    position = held[0]
    if position.side == order.side:
        return _add(broker, position, order, price, volume)
    if volume <= position.volume + _TINY:
        return _reduce(broker, position, order, price, volume, kind)
    return _reverse(broker, position, order, price, volume)


def _conversion(broker: Broker, order: Order, price: float) -> float:
    conversion = broker.conversion(order.symbol, order.side, price)
    if conversion is None:
        raise Rejected(10021)
    return conversion


def _afford(broker: Broker, order: Order, price: float, volume: float, conversion: float) -> None:
    """Refuse what the free margin does not carry; nothing more is asked of what reduces the margin."""
    asked = broker.margin_asked(order.symbol, Leg(order.side, volume, price, conversion))
    if asked > 0 and broker.free_margin < asked:
        raise Rejected(10019, margin=round(broker.margin + asked, broker.digits))


def _check_stops(broker: Broker, order: Order) -> None:
    if order.pending:  # its stops were checked when it was placed: now the market may have jumped over them
        return
    price = broker.quotes[order.symbol].closing(order.side)
    checks.stops(broker, order.symbol, order.side, price, order.sl, order.tp)


def _enter(broker: Broker, order: Order, price: float, volume: float) -> Deal:
    spec, side = broker.specs[order.symbol], order.side
    _check_stops(broker, order)
    conversion = _conversion(broker, order, price)
    _afford(broker, order, price, volume, conversion)
    now = broker.server_msc
    position = Position(
        order.ticket, order.ticket, order.symbol, side, volume, price, conversion, now, now, order.sl, order.tp,
        magic=order.magic, reason=min(order.reason, BY_EXPERT), comment=order.comment,
    )  # fmt: skip
    broker.put(position)
    order.position_id = position.identifier
    deal = _book(broker, order, IN, volume, price)
    stops = f", stop {order.sl:.{spec.digits}f}" if order.sl > 0 else ", no stop"
    broker.tell("open", f"{_WORD[side]} {volume:g} {order.symbol} at {price:.{spec.digits}f}{stops}")
    return deal


def _add(broker: Broker, held: Position, order: Order, price: float, volume: float) -> Deal:
    """More of the same side, at the average price.

    On netting accounts the order's stops replace the position's; on hedging ones this is the next part of the order
    that opened the position, whose stops the trader may have moved since.
    """
    if not broker.hedging:
        _check_stops(broker, order)
        held.sl, held.tp = order.sl, order.tp
    conversion = _conversion(broker, order, price)
    _afford(broker, order, price, volume, conversion)
    total = round(held.volume + volume, 8)
    held.price_open = (held.price_open * held.volume + price * volume) / total
    held.conversion = (held.conversion * held.volume + conversion * volume) / total
    held.volume, held.update_msc = total, broker.server_msc
    order.position_id = held.identifier
    broker.put(held)
    return _book(broker, order, IN, volume, price)


def _reverse(broker: Broker, held: Position, order: Order, price: float, volume: float) -> Deal:
    """Netting: an opposite order larger than the position. Its margin is the larger one of the position's and its own.

    The new position keeps the identifier and gets the order's ticket.
    """
    _check_stops(broker, order)
    conversion = _conversion(broker, order, price)
    _afford(broker, order, price, volume, conversion)
    rest = round(volume - held.volume, 8)
    profit, swap = _settle(broker, held, held.volume, price)
    broker.drop(held)
    now = broker.server_msc
    turned = Position(
        order.ticket, held.identifier, order.symbol, order.side, rest, price, conversion, now, now, order.sl, order.tp,
        magic=order.magic, reason=min(order.reason, BY_EXPERT), comment=order.comment,
    )  # fmt: skip
    broker.put(turned)
    order.position_id = held.identifier
    deal = _book(broker, order, INOUT, volume, price, profit, swap, opened=rest)
    digits = broker.specs[order.symbol].digits
    broker.tell("open", f"Reversed {order.symbol} to {rest:g} {_WORD[order.side].lower()} at {price:.{digits}f}")
    return deal


def _settle(broker: Broker, position: Position, volume: float, price: float) -> tuple[float, float]:
    """What a part of a position realizes: its profit and its share of the swap."""
    profit = broker.profit_of(position.symbol, position.side, volume, position.price_open, price)
    if profit is None:
        raise Rejected(10021)
    return profit, round(position.swap * volume / position.volume, broker.digits)


def _reduce(broker: Broker, position: Position, order: Order, price: float, volume: float, kind: str) -> Deal:
    """Close a position, whole or in part; what is left keeps its stops."""
    if volume > position.volume + _TINY:
        raise Rejected(10038)
    profit, swap = _settle(broker, position, volume, price)
    order.position_id = position.identifier
    shrink(broker, position, volume, swap)
    deal = _book(broker, order, OUT, volume, price, profit, swap)
    digits = broker.specs[position.symbol].digits
    broker.tell(kind, f"Closed {volume:g} {position.symbol} at {price:.{digits}f}: {profit:+.{broker.digits}f}")
    return deal


def shrink(broker: Broker, position: Position, volume: float, swap: float) -> None:
    """Take a volume and its swap out of a position; nothing left is the end of it."""
    left = round(position.volume - volume, 8)
    if left > _TINY:
        position.volume, position.update_msc = left, broker.server_msc
        position.swap = round(position.swap - swap, broker.digits)
        broker.put(position)
    else:
        broker.drop(position)


def close_by(broker: Broker, position: Position, other: Position, order: Order) -> list[Deal]:
    """Close two opposite positions by one another, at the second one's open price: the result is in the first deal."""
    volume, price = min(position.volume, other.volume), other.price_open
    profit, swap = _settle(broker, position, volume, price)
    other_swap = round(other.swap * volume / other.volume, broker.digits)
    order.volume = order.volume_current = volume
    order.position_id, order.position_by_id = position.identifier, other.identifier
    order.comment = f"#{position.ticket} by #{other.ticket}"
    shrink(broker, position, volume, swap)
    shrink(broker, other, volume, other_swap)
    first = book(broker, order, OUT_BY, volume, price, profit, swap, side=-position.side)
    order.position_id = other.identifier
    second = book(broker, order, OUT_BY, volume, price, 0.0, other_swap, side=-other.side)
    order.position_id = position.identifier
    finish(broker, order, FILLED, price)
    broker.tell("close", f"Closed {volume:g} {position.symbol} by its opposite: {profit:+.{broker.digits}f}")
    return [first, second]


def close(broker: Broker, position: Position, order: Order, *, price: float | None = None, kind: str = "close") -> Deal:
    """Close a position by the server's own order, at the market with slippage when no price is given."""
    spec, side = broker.specs[position.symbol], order.side
    at = broker.quotes[position.symbol].opening(side) + side * broker.dealer.slip() * spec.point
    order.closes = position.ticket
    return fill(broker, order, spec.round(at) if price is None else price, order.volume, kind)


def remove(broker: Broker, order: Order, reason: int | None = None, *, state: int = CANCELED) -> None:
    """Take an active order out of the books."""
    order.reason = order.reason if reason is None else reason
    finish(broker, order, state)
    word = "expired" if state == EXPIRED else "deleted"
    broker.tell("remove", f"Pending order {order.ticket} on {order.symbol} {word}")


def finish(broker: Broker, order: Order, state: int, price: float = 0.0) -> None:
    """An order is over: from the active ones, if it was among them, to the history."""
    if order in broker.orders:
        broker.orders.remove(order)
    order.state, order.done_msc, order.due_msc = state, broker.server_msc, 0
    order.price_current = price if price > 0 else broker.quotes[order.symbol].opening(order.side)
    if state == FILLED:
        order.volume_current = 0.0
    broker.file(order)
    broker.changed()


def _book(
    broker: Broker, order: Order, entry: int, volume: float, price: float, profit: float = 0.0, swap: float = 0.0,
    *, opened: float = 0.0,
) -> Deal:  # fmt: skip
    """Book a fill and move the order on; the order's rest stays with it."""
    order.price = order.price if order.price > 0 else price
    order.volume_current = round(order.volume_current - volume, 8)
    if order.volume_current > _TINY:
        order.state = PARTIAL
    else:
        finish(broker, order, FILLED, price)
    return book(broker, order, entry, volume, price, profit, swap, side=order.side, opened=opened)


def book(
    broker: Broker, order: Order, entry: int, volume: float, price: float, profit: float, swap: float, *, side: int,
    opened: float = 0.0,
) -> Deal:  # fmt: skip
    """Enter a deal and its money; ``opened`` is the part of a reversal that opens."""
    commission = _commission(broker, entry, volume, opened)
    broker.balance = round(broker.balance + profit + swap + commission, broker.digits)
    deal = Deal(
        broker.ticket(), order.ticket, broker.server_msc, 0 if side > 0 else 1, entry, order.symbol, volume, price,
        commission, swap, profit, order.position_id, order.magic, order.reason, order.comment,
    )  # fmt: skip
    broker.book(deal)
    broker.changed()
    return deal


def _commission(broker: Broker, entry: int, volume: float, opened: float) -> float:
    """The commission of a deal, by its volume: on both sides, or all of it on the entry; none for a close by."""
    if entry == OUT_BY:
        return 0.0
    if broker.rules.commission_on_entry:
        return broker.commission(2 * {IN: volume, INOUT: opened, OUT: 0.0}[entry])
    return broker.commission(volume)
