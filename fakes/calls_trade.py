"""Positions, orders, history and trade requests of the simulated module."""

from __future__ import annotations

from typing import Any

from fakes import arguments, slots, trading, views
from fakes.broker import Broker
from fakes.calls_market import known
from fakes.faults import CallError
from fakes.ledger import WORDS, Deal, Order
from fakes.records import Record, record
from fakes.session import SESSION, vendor_call

_PICK = ("ticket", "symbol", "group")


@vendor_call("none")
def positions_total() -> int:
    """How many positions are open."""
    broker = SESSION.broker("positions_total")
    return len(broker.shown.positions(broker)) if SESSION.connected else 0


@vendor_call("none")
def orders_total() -> int:
    """How many orders are active."""
    broker = SESSION.broker("orders_total")
    return len(broker.shown.orders(broker)) if SESSION.connected else 0


def _picked(rows: list[Any], how: str, value: Any) -> list[Any]:
    if how == "ticket":
        return [row for row in rows if row.ticket == value]
    if how == "symbol":
        return [row for row in rows if row.symbol == value]
    if how == "group":
        return [row for row in rows if arguments.in_group(row.symbol, value)]
    return rows


@vendor_call("keywords")
def positions_get(*args: Any, **kwargs: Any) -> tuple[Record, ...]:
    """Open positions: all, or by ticket, symbol or group. Before the server's data arrive there are none."""
    how, value = arguments.selection(args, kwargs, _PICK)
    broker = SESSION.broker("positions_get")
    rows = broker.shown.positions(broker) if SESSION.connected else []
    return tuple(views.position(row) for row in _picked(rows, how, value))


@vendor_call("keywords")
def orders_get(*args: Any, **kwargs: Any) -> tuple[Record, ...]:
    """Active orders: all, or by ticket, symbol or group."""
    how, value = arguments.selection(args, kwargs, _PICK)
    broker = SESSION.broker("orders_get")
    rows = broker.shown.orders(broker) if SESSION.connected else []
    return tuple(views.order(broker, row) for row in _picked(rows, how, value))


def _history(call: str, chosen: arguments.Past) -> tuple[Broker, list[Any]]:
    """Deals or orders of the past by two dates, a ticket or a position."""
    window, how, value = chosen
    broker = SESSION.broker(call)
    shown = broker.shown
    rows: list[Deal] | list[Order] = (
        shown.history(broker, broker.deals) if "deals" in call else shown.history(broker, broker.history)
    )
    if window is not None:
        first, last = window
        kept: list[Any] = [row for row in rows if first <= _when(row) // 1000 <= last]
    elif how == "position":
        kept = [row for row in rows if _belongs(row, value)]
    else:
        kept = [row for row in rows if row.ticket == value][:1]
    return broker, _picked(kept, how, value) if how == "group" else kept


def _belongs(row: Deal | Order, position: int) -> bool:
    """Whether a row of the history is of this position; an order that closed two by one another is of both."""
    return row.position_id == position or (isinstance(row, Order) and row.position_by_id == position)


def _total(call: str, args: tuple[Any, ...]) -> int:
    slots.count(args, 2)
    return len(_history(call, arguments.past(args, {}))[1])


def _when(row: Deal | Order) -> int:
    return row.time_msc if isinstance(row, Deal) else row.done_msc


@vendor_call("keywords")
def history_deals_get(*args: Any, **kwargs: Any) -> tuple[Record, ...]:
    """Deals between two server times, of a position, or the one of a ticket."""
    _, rows = _history("history_deals_get", arguments.past(args, kwargs))
    return tuple(views.deal(row) for row in rows)


@vendor_call("keywords")
def history_orders_get(*args: Any, **kwargs: Any) -> tuple[Record, ...]:
    """Orders done between two server times, of a position, or the one of a ticket."""
    broker, rows = _history("history_orders_get", arguments.past(args, kwargs))
    return tuple(views.order(broker, row) for row in rows)


@vendor_call("positional")
def history_deals_total(*args: Any) -> int:
    """How many deals there are between two server times."""
    return _total("history_deals_total", args)


@vendor_call("positional")
def history_orders_total(*args: Any) -> int:
    """How many orders were done between two server times."""
    return _total("history_orders_total", args)


@vendor_call("positional")
def order_calc_margin(*args: Any) -> float:
    """Margin of an order by itself, in account currency."""
    slots.count(args, 4)
    action = slots.action(args[0])
    volume, price = slots.number(args[2]), slots.number(args[3])
    name = slots.symbol(args[1])
    broker = SESSION.broker("order_calc_margin")
    if not 0 <= action <= 7 or volume <= 0 or price <= 0:
        raise CallError(-2)
    spec = broker.specs[known(broker, name)]
    side = 1 if action % 2 == 0 else -1
    amount = broker.margin_for(name, side, volume, price, spec.rate_of(action))
    if amount is None:
        raise CallError(-1)
    return amount


@vendor_call("positional")
def order_calc_profit(*args: Any) -> float:
    """Result of a trade between two prices, in account currency, at today's conversion."""
    slots.count(args, 5)
    action = slots.action(args[0])
    volume, opened, closed = (slots.number(value) for value in args[2:])
    name = slots.symbol(args[1])
    broker = SESSION.broker("order_calc_profit")
    if action not in {0, 1} or volume <= 0:
        raise CallError(-2)
    result = broker.profit_of(known(broker, name), 1 if action == 0 else -1, volume, opened, closed)
    if result is None:
        raise CallError(-1)
    return result


@vendor_call("request")
def order_send(*args: Any, **kwargs: Any) -> Record:
    """Send a trade request; a refusal by the trade server is a result too."""
    request = arguments.order_request(args, kwargs)
    broker = SESSION.broker("order_send")
    if SESSION.options.get("tradeapi_disabled", False):
        raise CallError(-8)
    refusal = _forbidden(broker)
    result = trading.send(broker, request, linked=SESSION.connected) if refusal is None else refusal
    return record("OrderSendResult", result | {"request": record("TradeRequest", request)})


def _forbidden(broker: Broker) -> dict[str, Any] | None:
    """The answer when the terminal or the login does not allow trading: none of these asks the server."""
    if not SESSION.options.get("algo_trading", True):
        code = 10027
    elif not broker.rules.trade_expert:
        code = 10026
    elif SESSION.options.get("investor", False):
        code = 10017
    else:
        return None
    return {"retcode": code, "comment": WORDS[code]}


@vendor_call("request")
def order_check(*args: Any, **kwargs: Any) -> Record:
    """What the account would look like after a trade request."""
    request = arguments.order_request(args, kwargs)
    broker = SESSION.broker("order_check")
    refusal = _forbidden(broker)
    result = trading.check(broker, request, linked=SESSION.connected) if refusal is None else refusal
    return record("OrderCheckResult", result | {"request": record("TradeRequest", request)})
