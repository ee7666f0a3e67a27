"""Trade requests as the simulated trade server answers them.

First what the terminal and the server's rules refuse (nothing is numbered then), then the dealer's verdict, then the
execution.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING, Any

from fakes import checks, matching, pendings
from fakes.dealer import DONE, PARTIAL, PLACED, Verdict
from fakes.ledger import BY_EXPERT, CANCELED, STARTED, WORDS, Fields, Order, Position, Rejected

if TYPE_CHECKING:
    from fakes.broker import Broker

DEAL, PENDING, SLTP, MODIFY, REMOVE, CLOSE_BY = 1, 5, 6, 7, 8, 10
_FOK, _IOC, _RETURN = 0, 1, 2
_SECOND_MSC = 1000
_TINY = 1e-9
_EMPTY: Fields = {
    "action": 0, "magic": 0, "order": 0, "symbol": "", "volume": 0.0, "price": 0.0, "stoplimit": 0.0, "sl": 0.0,
    "tp": 0.0, "deviation": 0, "type": 0, "type_filling": 0, "type_time": 0, "expiration": 0, "comment": "",
    "position": 0, "position_by": 0,
}  # fmt: skip


class Errand:
    """One request on its way to the server.

    Args:
        broker: the books.
        by: ORDER_REASON of the sender.
        linked: whether the terminal is connected to the server.
        real: ``False`` looks only at what would be (order_check): the dealer is not asked.
    """

    def __init__(self, broker: Broker, by: int = BY_EXPERT, *, linked: bool = True, real: bool = True) -> None:
        self.broker, self.by, self.linked, self.real = broker, by, linked, real
        self._unheard = DONE

    def run(self, request: Fields) -> Fields:
        """Carry out a request and return the fields of its result.

        Raises:
            Rejected: a refusal, with the trade server's code.
        """
        job = _JOBS.get(request["action"])
        if job is None:
            raise Rejected(10013)
        self._permitted()
        done = job(self, request)
        numbered = {"request_id": self.broker.requests} if self.real else {}
        if self._unheard != DONE:
            raise Rejected(self._unheard, answer=numbered)
        return {"retcode": DONE} | numbered | done

    def _permitted(self) -> None:
        """The account's own permissions, and how many requests the server takes."""
        broker, rules = self.broker, self.broker.rules
        if self.by == BY_EXPERT and not rules.trade_expert:
            raise Rejected(10026)
        if not rules.trade_allowed:
            raise Rejected(10017)
        if rules.only_real and rules.trade_mode != 2:
            raise Rejected(10032)
        if rules.requests_per_s > 0 and self.real:
            asked, now = broker.asked_msc, broker.server_msc
            while asked and asked[0] <= now - _SECOND_MSC:
                asked.popleft()
            if len(asked) >= rules.requests_per_s:
                raise Rejected(10024)
            asked.append(now)

    def ask(self, request: Fields, symbol: str) -> Verdict:
        """The link and the dealer's verdict on a request that is correct; the dealer's refusals are numbered."""
        broker, action = self.broker, request["action"]
        if not self.linked:
            raise Rejected(10031)
        if not self.real:
            return Verdict()
        broker.requests += 1
        quoted = action == DEAL and broker.specs[symbol].execution < checks.MARKET
        verdict = broker.dealer.decide(action, symbol, quoted=quoted)
        if verdict.retcode not in {DONE, PLACED, PARTIAL}:
            if not verdict.executed:
                raise self.refusal(verdict.retcode, request, symbol)
            self._unheard = verdict.retcode
        return verdict

    def refusal(self, retcode: int, request: Fields, symbol: str) -> Rejected:
        """A refusal by the dealer: it has a number; a requote has the new prices too."""
        answer: Fields = {"request_id": self.broker.requests}
        if retcode in {10004, 10020}:
            quote = self.broker.quotes[symbol]
            side = 1 if request["type"] == 0 else -1
            answer |= {"volume": request["volume"], "price": quote.opening(side), "bid": quote.bid, "ask": quote.ask}
        return Rejected(retcode, answer=answer)

    def order(self, request: Fields) -> Order:
        """An order made of a request, not in the books yet."""
        order = self.broker.new_order(
            request["symbol"], request["type"], request["volume"], sl=request["sl"], tp=request["tp"],
            magic=request["magic"], comment=request["comment"], reason=self.by,
        )  # fmt: skip
        order.filling, order.type_time = request["type_filling"], request["type_time"]
        order.expiration, order.deviation = request["expiration"], request["deviation"]
        return order


def _find(broker: Broker, ticket: int) -> Order:
    """The active order of a ticket that is not being executed at this moment."""
    for order in broker.orders:
        if order.ticket == ticket:
            if order.due_msc > 0:
                raise Rejected(10023)
            return order
    raise Rejected(10035)


# ---------------------------------------------------------------------------------------------------- market orders
def _deal(errand: Errand, request: Fields) -> Fields:
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
        order.due_msc = broker.server_msc + max(1, round(verdict.delay_s * 1000))
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
    deal = matching.fill(broker, order, price, lots)
    rest = order.volume_current > _TINY
    if rest and order.filling == _RETURN:
        broker.orders.append(order)
    elif rest:
        matching.finish(broker, order, CANCELED, price)
    filled = {"deal": deal.ticket, "order": deal.order, "volume": float(lots), "price": deal.price}
    return {"retcode": PARTIAL if rest else DONE, "bid": quote.bid, "ask": quote.ask} | filled


def _leave(broker: Broker, order: Order) -> Fields:
    """A market order the server has taken and not yet filled."""
    broker.orders.append(order)
    broker.changed()
    return {"retcode": PLACED, "order": order.ticket, "volume": float(order.volume)}


# --------------------------------------------------------------------------------------------- everything that is not
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
    DEAL: _deal, PENDING: _pending, SLTP: _sltp, MODIFY: _modify, REMOVE: _remove, CLOSE_BY: _close_by,
}  # fmt: skip


def full(**fields: Any) -> Fields:
    """A request with what is not given at zero."""
    return _EMPTY | fields


def send(broker: Broker, request: Fields, *, by: int = BY_EXPERT, linked: bool = True) -> Fields:
    """Carry out a request; the fields of OrderSendResult. A refusal is a result too."""
    try:
        result = Errand(broker, by, linked=linked).run(request)
    except Rejected as refusal:
        return {"retcode": refusal.retcode, "comment": refusal.comment} | refusal.answer
    return {"comment": WORDS[result["retcode"]]} | result


def check(broker: Broker, request: Fields, *, linked: bool = True) -> Fields:
    """The fields of OrderCheckResult: account totals after the operation; retcode 0 is fine."""
    after = broker.twin()
    retcode, comment = 0, "Done"
    try:
        Errand(after, linked=linked, real=False).run(request)
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
