"""Trade requests as the simulated trade server answers them.

First what the terminal and the server's rules refuse (nothing is numbered then), then the dealer's verdict, then the
execution.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fakes import checks, market_orders, matching, pendings
from fakes.dealer import DONE
from fakes.errand import CLOSE_BY, DEAL, MODIFY, PENDING, REMOVE, SLTP, Errand
from fakes.ledger import BY_EXPERT, WORDS, Fields, Order, Rejected

if TYPE_CHECKING:
    from fakes.broker import Broker

_EMPTY: Fields = {
    "action": 0, "magic": 0, "order": 0, "symbol": "", "volume": 0.0, "price": 0.0, "stoplimit": 0.0, "sl": 0.0,
    "tp": 0.0, "deviation": 0, "type": 0, "type_filling": 0, "type_time": 0, "expiration": 0, "comment": "",
    "position": 0, "position_by": 0,
}  # fmt: skip


def _find(broker: Broker, ticket: int) -> Order:
    """The active order of a ticket that is not being executed at this moment."""
    for order in broker.orders:
        if order.ticket == ticket:
            if order.due_msc > 0:
                raise Rejected(10023)
            return order
    raise Rejected(10035)


def _pending(errand: Errand, request: Fields) -> Fields:
    broker = errand.broker
    spec = checks.spec_of(broker, request["symbol"])
    if not 2 <= request["type"] <= 7:
        raise Rejected(10013)
    order = errand.order(request)
    order.price = request["price"]
    order.stoplimit = request["stoplimit"] if order.type in {6, 7} else 0.0
    checks.kind(spec, order.type, order.sl, order.tp)
    pendings.check(broker, order)
    errand.ask(request, order.symbol)
    pendings.place(broker, order)
    return {"order": order.ticket, "volume": float(order.volume)}


def _sltp(errand: Errand, request: Fields) -> Fields:
    broker, sl, tp = errand.broker, request["sl"], request["tp"]
    held = broker.held(request["symbol"]) if not broker.hedging and request["position"] == 0 else []
    position = held[0] if held else broker.position(request["position"])
    checks.kind(broker.specs[position.symbol], 0, sl, tp)
    quote = checks.market(broker, position.symbol)
    checks.unlocked(broker, position.ticket)
    if (sl, tp) == (position.sl, position.tp):
        raise Rejected(10025)
    checks.frozen_position(broker, position)
    checks.stops(broker, position.symbol, position.side, quote.closing(position.side), sl, tp)
    errand.ask(request, position.symbol)
    position.sl, position.tp, position.update_msc = sl, tp, broker.server_msc
    broker.put(position)
    broker.tell("modify", f"{position.symbol} stop {sl:g}, target {tp:g}")
    return {}


def _modify(errand: Errand, request: Fields) -> Fields:
    broker, order = errand.broker, _find(errand.broker, request["order"])
    if not order.pending:
        raise Rejected(10035)
    checks.market(broker, order.symbol)
    wanted = replace(
        order, price=request["price"], sl=request["sl"], tp=request["tp"], type_time=request["type_time"],
        expiration=request["expiration"], stoplimit=request["stoplimit"] if order.type in {6, 7} else order.stoplimit,
    )  # fmt: skip
    checks.kind(broker.specs[order.symbol], order.type, wanted.sl, wanted.tp)
    pendings.check_change(broker, order, wanted)
    errand.ask(request, order.symbol)
    pendings.change(broker, order, wanted)
    return {"order": order.ticket}


def _remove(errand: Errand, request: Fields) -> Fields:
    broker, order = errand.broker, _find(errand.broker, request["order"])
    checks.market(broker, order.symbol)
    if order.pending:
        checks.frozen_order(broker, order)
    errand.ask(request, order.symbol)
    matching.remove(broker, order)
    return {"order": order.ticket}


def _close_by(errand: Errand, request: Fields) -> Fields:
    broker = errand.broker
    position, other = broker.position(request["position"]), broker.position(request["position_by"])
    if not broker.hedging or position.symbol != other.symbol or position.side == other.side:
        raise Rejected(10013)
    checks.kind(broker.specs[position.symbol], 8)
    checks.market(broker, position.symbol)
    for one in (position, other):
        checks.free(broker, one.ticket)
        checks.frozen_position(broker, one)
    if broker.rules.fifo_close:
        checks.oldest(broker, min(position, other, key=lambda p: (p.time_msc, p.ticket)))
    errand.ask(request, position.symbol)
    whole = request | {"symbol": position.symbol, "type": 8, "volume": min(position.volume, other.volume)}
    order = errand.order(whole)
    first, _ = matching.close_by(broker, position, other, order)
    return {"order": order.ticket, "deal": first.ticket, "volume": float(first.volume), "price": first.price}


_JOBS: dict[int, Callable[[Errand, Fields], Fields]] = {
    DEAL: market_orders.deal, PENDING: _pending, SLTP: _sltp, MODIFY: _modify, REMOVE: _remove, CLOSE_BY: _close_by,
}  # fmt: skip


def full(**fields: Any) -> Fields:
    """A request with what is not given at zero."""
    return _EMPTY | fields


def carry_out(
    broker: Broker, request: Fields, *, by: int = BY_EXPERT, linked: bool = True, real: bool = True
) -> Fields:
    """Carry out a request and return the fields of its result.

    Args:
        broker: the books.
        request: a whole request.
        by: ORDER_REASON of the sender.
        linked: whether the terminal is connected to the server.
        real: ``False`` looks only at what would be (order_check): the dealer is not asked.

    Raises:
        Rejected: a refusal, with the trade server's code; also after an execution whose answer is what went wrong.
    """
    job = _JOBS.get(request["action"])
    if job is None:
        raise Rejected(10013)
    errand = Errand(broker, by, linked=linked, real=real)
    errand.permitted()
    done = job(errand, request)
    numbered = {"request_id": broker.requests} if real else {}
    if errand.unheard != DONE:
        raise Rejected(errand.unheard, answer=numbered)
    return {"retcode": DONE} | numbered | done


def send(broker: Broker, request: Fields, *, by: int = BY_EXPERT, linked: bool = True) -> Fields:
    """Carry out a request; the fields of OrderSendResult. A refusal is a result too."""
    try:
        result = carry_out(broker, request, by=by, linked=linked)
    except Rejected as refusal:
        return {"retcode": refusal.retcode, "comment": refusal.comment} | refusal.answer
    return {"comment": WORDS[result["retcode"]]} | result


def check(broker: Broker, request: Fields, *, linked: bool = True) -> Fields:
    """The fields of OrderCheckResult: account totals after the operation; retcode 0 is fine."""
    after = broker.twin()
    retcode, comment = 0, "Done"
    try:
        carry_out(after, request, linked=linked, real=False)
        margin = after.margin
    except Rejected as refusal:
        if refusal.margin is None:
            return {"retcode": refusal.retcode, "comment": refusal.comment}
        retcode, comment, margin = refusal.retcode, refusal.comment, refusal.margin
    shown = after if any(deal.entry != 0 for deal in after.deals) else broker
    return {
        "retcode": retcode, "comment": comment, "balance": shown.balance, "equity": shown.equity,
        "profit": round(shown.floating, broker.digits), "margin": margin,
        "margin_free": round(shown.equity - margin, broker.digits),
        "margin_level": shown.equity / margin * 100 if margin > 0 else 0.0,
    }  # fmt: skip
