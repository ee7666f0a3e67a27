"""Margin call and stop-out, in the documented order, and a debt that the broker waives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakes.ledger import BY_STOP_OUT, Position
from fakes.matching import close, remove

if TYPE_CHECKING:
    from fakes.broker import Broker

_REAL = 2


def reached(broker: Broker, level: float) -> bool:
    """Whether a level (percent of margin, or an amount of equity) is reached: at the value or below it.

    Without margin there is no level, so nothing is reached in percent mode; in money mode only positions or orders that
    hold margin are at stake. A level of 0 is never reached by an account that owns something.
    """
    if broker.margin <= 0:
        return False
    return broker.equity <= level if broker.so_money else broker.margin_level <= level


def check(broker: Broker) -> None:
    """Tell a margin call once, then stop out: pending orders that hold margin, then positions, one by one."""
    called = reached(broker, broker.so_call)
    if called and not broker.margin_called:
        broker.tell("margin_call", f"Margin call: margin level {broker.margin_level:.1f}%")
    broker.margin_called = called
    if not called and broker.so_so <= broker.so_call and not broker.terms.so_on_negative:
        return
    stopped = False
    while _must_close(broker):
        holding = [order for order in broker.orders if broker.order_margin(order) > 0]
        closable = [position for position in broker.positions if broker.tradable(position.symbol)]
        if holding:
            remove(broker, max(holding, key=broker.order_margin), BY_STOP_OUT)
        elif closable:
            _close(broker, _next(broker, closable))
        else:  # every market is closed: what is due is done at the next quote
            break
        stopped = True
    if stopped and not broker.positions and broker.balance < 0 and broker.rules.zero_negative:
        waive(broker)


def _must_close(broker: Broker) -> bool:
    if broker.terms.so_on_negative and broker.margin <= 0 and broker.positions:
        return broker.equity < 0
    return reached(broker, broker.so_so) and bool(broker.positions or broker.orders)


def _next(broker: Broker, closable: list[Position]) -> Position:
    """The position with the largest loss; under the FIFO rule the oldest one of its symbol."""
    worst = min(closable, key=lambda position: position.profit + position.swap)
    return broker.held(worst.symbol)[0] if broker.rules.fifo_close else worst


def _close(broker: Broker, position: Position) -> None:
    """Close at the market; on a netting account of a real client no more than the largest order at once."""
    volume = position.volume
    if not broker.hedging and broker.rules.trade_mode == _REAL:
        volume = min(volume, broker.specs[position.symbol].volume_max)
    order = broker.new_order(
        position.symbol, 1 if position.side > 0 else 0, volume, magic=position.magic,
        comment=f"[so {broker.margin_level:.1f}%]", reason=BY_STOP_OUT,
    )  # fmt: skip
    close(broker, position, order, kind="stop_out")


def waive(broker: Broker) -> None:
    """Make good a balance below zero; credit goes first."""
    if broker.credit > 0:
        broker.credit_in(-broker.credit, "so credit compensation")
    broker.correction(-broker.balance, "so compensation")
