"""A trade request on its way to the server: who may send it, what the dealer says to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakes import checks
from fakes.dealer import DONE, PARTIAL, PLACED, Verdict
from fakes.ledger import BY_EXPERT, Fields, Order, Rejected

if TYPE_CHECKING:
    from fakes.broker import Broker

DEAL, PENDING, SLTP, MODIFY, REMOVE, CLOSE_BY = 1, 5, 6, 7, 8, 10
_REAL_ACCOUNT = 2
_SECOND_MSC = 1000


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
        self.unheard = DONE

    def permitted(self) -> None:
        """The account's own permissions, and how many requests the server takes."""
        broker, rules = self.broker, self.broker.rules
        if self.by == BY_EXPERT and not rules.trade_expert:
            raise Rejected(10026)
        if not rules.trade_allowed:
            raise Rejected(10017)
        if rules.only_real and rules.trade_mode != _REAL_ACCOUNT:
            raise Rejected(10032)
        if rules.requests_per_s > 0 and self.real:
            asked, now = broker.asked_msc, broker.utc_msc
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
            self.unheard = verdict.retcode
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
