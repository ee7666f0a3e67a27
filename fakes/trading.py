"""Trade requests as the simulated trade server answers them."""

from __future__ import annotations

from typing import Any

from fakes import matching
from fakes.broker import Broker
from fakes.ledger import BY_EXPERT, Order, Rejected
from fakes.margin import Leg

DEAL, PENDING, SLTP, MODIFY, REMOVE, CLOSE_BY = 1, 5, 6, 7, 8, 10
DONE = 10009


def _order(broker: Broker, request: dict[str, Any]) -> Order:
    order = broker.new_order(
        request["symbol"], request["type"], request["volume"], sl=request["sl"], tp=request["tp"],
        magic=request["magic"], comment=request["comment"], reason=BY_EXPERT,
    )  # fmt: skip
    order.filling, order.type_time = request["type_filling"], request["type_time"]
    order.expiration, order.stoplimit = request["expiration"], request["stoplimit"]
    return order


def _check_filling(broker: Broker, request: dict[str, Any]) -> None:
    spec, filling = broker.specs[request["symbol"]], request["type_filling"]
    flags = {0: 1, 1: 2}
    market, exchange = spec.execution == 2, spec.execution == 3
    if market and (filling not in flags or not spec.filling_mode & flags[filling]):
        raise Rejected(10030, "Unsupported filling mode")
    if exchange and filling in flags and not spec.filling_mode & flags[filling]:
        raise Rejected(10030, "Unsupported filling mode")
    if not market and not exchange and request["price"] <= 0:
        raise Rejected(10015, "Invalid price")


def _deal(broker: Broker, request: dict[str, Any]) -> dict[str, Any]:
    if request["symbol"] not in broker.specs or request["type"] not in {0, 1}:
        raise Rejected(10013, "Invalid request")
    _check_filling(broker, request)
    order = _order(broker, request)
    mode = broker.specs[request["symbol"]].trade_mode
    if request["position"]:
        position = broker.position(request["position"])
        if position.symbol != order.symbol or position.side == order.side:
            raise Rejected(10013, "Invalid request")
        deal = matching.close(broker, position, order)
    else:
        if mode == 0:
            raise Rejected(10017, "Trade disabled")
        refusals = {1: (order.side < 0, 10042), 2: (order.side > 0, 10043), 3: (True, 10044)}
        refused, code = refusals.get(mode, (False, 0))
        if refused:
            raise Rejected(code, "Only closing, long or short trades are allowed")
        deal = matching.trade(broker, order)
    return {"deal": deal.ticket, "order": deal.order, "volume": float(deal.volume), "price": deal.price}


def _pending(broker: Broker, request: dict[str, Any]) -> dict[str, Any]:
    if request["symbol"] not in broker.specs or not 2 <= request["type"] <= 7:
        raise Rejected(10013, "Invalid request")
    order = _order(broker, request)
    order.price = request["price"]
    matching.place(broker, order)
    return {"order": order.ticket, "volume": float(order.volume)}


def _find(broker: Broker, ticket: int) -> Order:
    for order in broker.orders:
        if order.ticket == ticket:
            return order
    raise Rejected(10035, "Invalid order")


def _sltp(broker: Broker, request: dict[str, Any]) -> dict[str, Any]:
    matching.set_stops(broker, broker.position(request["position"]), request["sl"], request["tp"])
    return {}


def _modify(broker: Broker, request: dict[str, Any]) -> dict[str, Any]:
    order = _find(broker, request["order"])
    new = (request["price"], request["sl"], request["tp"], request["type_time"], request["expiration"])
    if new == (order.price, order.sl, order.tp, order.type_time, order.expiration):
        raise Rejected(10025, "No changes")
    if request["price"] <= 0:
        raise Rejected(10015, "Invalid price")
    order.price, order.sl, order.tp, order.type_time, order.expiration = new
    broker.changed()
    return {"order": order.ticket}


def _remove(broker: Broker, request: dict[str, Any]) -> dict[str, Any]:
    order = _find(broker, request["order"])
    matching.remove(broker, order)
    return {"order": order.ticket}


def _unknown(broker: Broker, request: dict[str, Any]) -> dict[str, Any]:
    raise Rejected(10013, f"Invalid request: action {request['action']} on {broker.server}")


_JOBS = {DEAL: _deal, PENDING: _pending, SLTP: _sltp, MODIFY: _modify, REMOVE: _remove}


def send(broker: Broker, request: dict[str, Any]) -> dict[str, Any]:
    """Carry out a request; the fields of OrderSendResult. A refusal is a result too."""
    try:
        done = _JOBS.get(request["action"], _unknown)(broker, request)
    except Rejected as refusal:
        return {"retcode": refusal.retcode, "comment": refusal.comment}
    quote = broker.quotes.get(request["symbol"])
    prices = {"bid": quote.bid, "ask": quote.ask} if quote and request["action"] == DEAL else {}
    return {"retcode": DONE, "comment": "Request executed", "request_id": broker.ticket() % 1_000_000} | prices | done


def check(broker: Broker, request: dict[str, Any]) -> dict[str, Any]:
    """The fields of OrderCheckResult: account totals after the operation; retcode 0 is fine."""
    margin = broker.margin
    if request["action"] == DEAL and not request["position"]:
        if request["symbol"] not in broker.specs or request["type"] not in {0, 1}:
            return {"retcode": 10013, "comment": "Invalid request"}
        symbol, side = request["symbol"], 1 if request["type"] == 0 else -1
        price = broker.quotes[symbol].opening(side)
        try:
            _check_filling(broker, request)
            matching.check_volume(broker, _order(broker, request))
        except Rejected as refusal:
            return {"retcode": refusal.retcode, "comment": refusal.comment}
        conversion = broker.conversion(symbol, side, price)
        if conversion is None:
            return {"retcode": 10021, "comment": "No prices"}
        leg = Leg(side, request["volume"], price, conversion)
        margin = round(margin + broker.margin_of(symbol, leg) - broker.margin_of(symbol), broker.digits)
    enough = margin <= broker.equity
    return {
        "retcode": 0 if enough else 10019, "comment": "Done" if enough else "No money", "balance": broker.balance,
        "equity": broker.equity, "profit": round(broker.floating, broker.digits), "margin": margin,
        "margin_free": round(broker.equity - margin, broker.digits),
        "margin_level": broker.equity / margin * 100 if margin > 0 else 0.0,
    }  # fmt: skip
