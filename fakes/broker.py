"""A simulated broker: one account, its quotes, positions, orders, deals and server clock.

Deterministic: it moves only when told to (``set_price``, ``set_prices``, ``advance``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from fakes import checks, errand, stopout, trading, triggers
from fakes.account import Account
from fakes.books import kept_ticks
from fakes.dealer import Dealer
from fakes.lag import Shown
from fakes.ledger import BALANCE, BY_CLIENT, CORRECTION, CREDIT, Deal, Order, Rejected
from fakes.money import Exchange
from fakes.rates import Bars
from fakes.rules import Rules
from fakes.symbols import STANDARD, SymbolSpec
from fakes.terms import Terms

# What a money operation is called in the narration, by DEAL_TYPE.
_OPERATIONS = {2: "deposit", 3: "credit", 4: "charge", 5: "correction", 6: "bonus", 7: "commission", 12: "interest",
               15: "dividend", 17: "tax"}  # fmt: skip


class Broker(Account):
    """One simulated trading account.

    Args:
        balance: first deposit, dated 30 days before ``start_utc`` so that it is not part of the day.
        currency: account currency; ``USC`` is a cent account.
        leverage: the account's setting.
        hedging: ``True`` keeps opposite positions apart, ``False`` nets them.
        so_call: margin call level, percent (money when ``so_money``).
        so_so: stop-out level, likewise.
        start_utc: first instant, aware UTC.
        utc_offset_s: server clock minus UTC in seconds, or a rule of ``ServerZone`` such as ``us`` or ``eu``.
        seed: seeds whatever random moves are built on this broker.
        login: account number.
        server: server name; it must say SIMULATED.
        commission_per_lot: charged on each side of a trade, account currency.
        so_money: margin call and stop-out are amounts of equity.
        terms: the group's terms on margin, money and stop-out.
        rules: what the house forbids, limits and tells late.
        dealer: the server's temper; without one, everything is filled at once.
        exchange: an exchange account, which nets too (``hedging`` must be off).
    """

    def __init__(
        self, *, balance: float, currency: str = "USD", leverage: int = 100, hedging: bool = True,
        so_call: float = 100.0, so_so: float = 50.0, start_utc: datetime, utc_offset_s: int | str = 7200, seed: int = 0,
        login: int = 5012345, server: str = "SIMULATED-Demo", commission_per_lot: float = 0.0, so_money: bool = False,
        terms: Terms | None = None, rules: Rules | None = None, dealer: Dealer | None = None, exchange: bool = False,
    ) -> None:  # fmt: skip
        self.shown = Shown()
        super().__init__(
            currency, leverage, hedging, so_call, so_so, so_money, start_utc, utc_offset_s, seed, login, server,
            commission_per_lot, terms,
        )  # fmt: skip
        self.rules = self.rules if rules is None else rules
        self.dealer = self.dealer if dealer is None else dealer
        self.exchange_account = exchange and not hedging
        start, self._now = self._now, self._now - timedelta(days=30)
        self.deposit(balance, comment="Initial deposit")
        self._now = start
        self.margin_changes()
        self.events.clear()
        if self.rules.positions_lag_s > 0:
            self.shown.begin(self)

    def add_symbol(self, spec: SymbolSpec) -> None:
        """Offer a symbol, quoted at its first price."""
        self.specs[spec.name] = spec
        if spec.selected:
            self.selected.add(spec.name)
        self.set_price(spec.name, spec.price)

    def add_standard(self, names: Iterable[str] | None = None) -> Broker:
        """Offer well-known symbols (all of them, or those named) and return the broker."""
        for name in STANDARD if names is None else names:
            self.add_symbol(STANDARD[name])
        return self

    def set_price(self, symbol: str, bid: float, ask: float | None = None, *, last: float = 0.0) -> None:
        """Quote a symbol now, by default with its usual spread. Stops, pending orders and stop-out follow.

        ``last`` is the price of the last trade, where the market tells one: it values positions and sets off stops.
        """
        self._quote(symbol, bid, ask, last)
        triggers.after_quote(self, symbol)
        stopout.check(self)

    def set_prices(self, bids: Mapping[str, float]) -> None:
        """Quote several symbols at one instant: triggers are looked at after all of them are in."""
        self.set_quotes({symbol: (bid, None) for symbol, bid in bids.items()})

    def set_quotes(self, quotes: Mapping[str, tuple[float, float | None]]) -> None:
        """Quote several symbols at one instant by bid and ask; an ask of ``None`` is the usual spread away."""
        for symbol, (bid, ask) in quotes.items():
            self._quote(symbol, bid, ask)
        for symbol in quotes:
            triggers.after_quote(self, symbol)
        stopout.check(self)

    def advance(self, seconds: float) -> None:
        """Move the clock. What falls due on the way (the ends of days, orders) is done at its own instant.

        Roll-over swap, expired orders and stop-out are dealt with; prices stay as they are.
        """
        left = round(seconds * 1000)
        while True:
            before = self.server_msc
            step = min(left, triggers.until_next(self, before))
            self._now += timedelta(milliseconds=step)
            self.margin_changes()
            triggers.after_time(self, before)
            left -= step
            if left <= 0:
                return

    def open(
        self, side: str | int, symbol: str, lots: float, *, sl: float = 0.0, tp: float = 0.0, magic: int = 0,
        comment: str = "", by: int = BY_CLIENT,
    ) -> int:  # fmt: skip
        """Trade at the market and return the position's ticket (the order's, when it is executed later).

        ``by`` is the ORDER_REASON of the one who trades: 0 desktop, 1 mobile, 2 web, 3 a program.

        Raises:
            Rejected: the broker refuses, with the trade server's code.
        """
        direction = {"buy": 1, "sell": -1}[side] if isinstance(side, str) else side
        ticket = self._market(direction, symbol, lots, by, sl=sl, tp=tp, magic=magic, comment=comment)
        order = next((order for order in reversed(self.history) if order.ticket == ticket), None)
        found = [p.ticket for p in self.held(symbol) if order is not None and p.identifier == order.position_id]
        return found[0] if found else ticket

    def _market(self, direction: int, symbol: str, lots: float, by: int, **fields: Any) -> int:
        """A market order with the filling the symbol takes, at the price that is shown; its ticket."""
        spec, quote = checks.spec_of(self, symbol), self.quotes[symbol]
        either = 0 if spec.filling_mode & 1 else 1 if spec.filling_mode & 2 else 2
        request = trading.full(
            action=errand.DEAL, symbol=symbol, volume=lots, type=0 if direction > 0 else 1,
            price=quote.opening(direction), type_filling=either if spec.execution >= checks.MARKET else 0, **fields,
        )  # fmt: skip
        return int(trading.carry_out(self, request, by=by)["order"])

    def pending(
        self, order_type: int, symbol: str, lots: float, price: float, *, sl: float = 0.0, tp: float = 0.0,
        stoplimit: float = 0.0, type_time: int = 0, expiration: int = 0, magic: int = 0, comment: str = "",
        by: int = BY_CLIENT,
    ) -> int:  # fmt: skip
        """Place a pending order of an ORDER_TYPE_* value and return its ticket; ``expiration`` in server seconds."""
        request = trading.full(
            action=errand.PENDING, symbol=symbol, volume=lots, type=order_type, price=price, sl=sl, tp=tp,
            stoplimit=stoplimit, type_time=type_time, expiration=expiration, type_filling=2, magic=magic,
            comment=comment,
        )  # fmt: skip
        return int(trading.carry_out(self, request, by=by)["order"])

    def close(self, ticket: int, lots: float | None = None, *, by: int = BY_CLIENT) -> None:
        """Close a position, whole or in part, at the market."""
        position = self.position(ticket)
        volume = position.volume if lots is None else lots
        self._market(-position.side, position.symbol, volume, by, position=ticket)

    def close_by(self, ticket: int, other: int, *, by: int = BY_CLIENT) -> None:
        """Close two opposite positions by one another."""
        trading.carry_out(self, trading.full(action=errand.CLOSE_BY, position=ticket, position_by=other), by=by)

    def modify(self, ticket: int, *, sl: float, tp: float, by: int = BY_CLIENT) -> None:
        """Set both stops of a position; 0.0 removes one."""
        trading.carry_out(self, trading.full(action=errand.SLTP, position=ticket, sl=sl, tp=tp), by=by)

    def remove(self, ticket: int, *, by: int = BY_CLIENT) -> None:
        """Delete a pending order."""
        trading.carry_out(self, trading.full(action=errand.REMOVE, order=ticket), by=by)

    def changed(self) -> None:
        """Positions or orders changed: value everything anew; the terminal may hear of it later."""
        super().changed()
        if self.rules.positions_lag_s > 0:
            self.shown.note(self)
        else:
            self.shown.current = True

    def book(self, deal: Deal) -> None:
        """Enter a deal into the history; the terminal may hear of it later."""
        super().book(deal)
        if self.rules.history_lag_s > 0:
            self.shown.hide(self, deal.ticket)

    def file(self, order: Order) -> None:
        """Enter a finished order into the history; the terminal may hear of it later."""
        super().file(order)
        if self.rules.history_lag_s > 0:
            self.shown.hide(self, order.ticket)

    def lag(self, *, positions_s: float = 0.0, history_s: float = 0.0) -> None:
        """From now on the terminal's lists and its history are this late."""
        self.shown.begin(self)
        self.rules.positions_lag_s, self.rules.history_lag_s = positions_s, history_s

    def twin(self) -> Broker:
        """A copy that may be traded on and quoted without touching this broker: no past, no bars, a meek dealer."""
        other, specs, quotes = copy(self), dict(self.specs), dict(self.quotes)
        vars(other).update(
            specs=specs, quotes=quotes, exchange=Exchange(specs, quotes), bars=Bars(), ticks=kept_ticks(),
            selected=set(self.selected), silent=set(self.silent),
            _positions={ticket: replace(position) for ticket, position in self._positions.items()},
            orders=[replace(order) for order in self.orders], deals=[], history=[], events=[], gone=set(self.gone),
            asked_msc=self.asked_msc.copy(), rules=replace(self.rules), dealer=Dealer(), shown=Shown(),
            _order_conversion=dict(self._order_conversion),
        )  # fmt: skip
        return other

    def operate(self, kind: int, amount: float, comment: str) -> None:
        """A money operation of a DEAL_TYPE_* value: credit goes to the credit, everything else to the balance."""
        if kind == CREDIT:
            self.credit = round(self.credit + amount, self.digits)
        else:
            self.balance = round(self.balance + amount, self.digits)
        self.book(Deal(self.ticket(), 0, self.server_msc, kind, 0, profit=amount, comment=comment))
        word = _OPERATIONS.get(kind, "operation")
        if kind == BALANCE and amount < 0:
            word = "withdrawal"
        self.changed()
        self.tell(word, f"{comment} of {amount:.{self.digits}f} {self.currency}")

    def deposit(self, amount: float, comment: str = "Deposit") -> None:
        """Pay in (or out, negative): a BALANCE deal."""
        self.operate(BALANCE, amount, comment)

    def withdraw(self, amount: float, comment: str = "Withdrawal") -> None:
        """Pay out what is free: no credit, no margin in use, no open profit.

        Raises:
            Rejected: more than that.
        """
        own = min(self.balance, self.free_margin - self.credit)
        if amount <= 0 or amount > own:
            raise Rejected(10019, f"at most {own:.{self.digits}f} {self.currency} can be paid out")
        self.operate(BALANCE, -amount, comment)

    def credit_in(self, amount: float, comment: str = "Credit") -> None:
        """Grant credit (or take it back, negative): a CREDIT deal."""
        self.operate(CREDIT, amount, comment)

    def correction(self, amount: float, comment: str = "Correction") -> None:
        """Put the balance right: a CORRECTION deal."""
        self.operate(CORRECTION, amount, comment)
