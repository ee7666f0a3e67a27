"""A simulated broker: one account, its quotes, positions, orders, deals and server clock.

Deterministic: it moves only when told to (``set_price``, ``set_prices``, ``advance``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from fakes import matching, triggers
from fakes.account import Account
from fakes.ledger import BALANCE, CREDIT, PLACED, Deal
from fakes.symbols import STANDARD, SymbolSpec


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
        utc_offset_s: server clock minus UTC.
        seed: seeds whatever random moves are built on this broker.
        login: account number.
        server: server name; it must say SIMULATED.
        commission_per_lot: charged on each side of a trade, account currency.
        so_money: margin call and stop-out are amounts of equity.
    """

    def __init__(
        self, *, balance: float, currency: str = "USD", leverage: int = 100, hedging: bool = True,
        so_call: float = 100.0, so_so: float = 50.0, start_utc: datetime, utc_offset_s: int = 7200, seed: int = 0,
        login: int = 5012345, server: str = "SIMULATED-Demo", commission_per_lot: float = 0.0, so_money: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(
            currency, leverage, hedging, so_call, so_so, so_money, start_utc, utc_offset_s, seed, login, server,
            commission_per_lot,
        )  # fmt: skip
        start, self._now = self._now, self._now - timedelta(days=30)
        self.deposit(balance, comment="Initial deposit")
        self._now = start
        self.events.clear()

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

    def set_price(self, symbol: str, bid: float, ask: float | None = None) -> None:
        """Quote a symbol now, by default with its usual spread. Stops, pending orders and stop-out follow."""
        self._quote(symbol, bid, ask)
        triggers.after_quote(self, symbol)
        triggers.stop_out(self)

    def set_prices(self, bids: Mapping[str, float]) -> None:
        """Quote several symbols at one instant: triggers are looked at after all of them are in."""
        for symbol, bid in bids.items():
            self._quote(symbol, bid, None)
        for symbol in bids:
            triggers.after_quote(self, symbol)
        triggers.stop_out(self)

    def advance(self, seconds: float) -> None:
        """Move the clock. Roll-over swap, expired orders and stop-out are dealt with; prices stay as they are."""
        before = self.server_msc
        self._now += timedelta(milliseconds=round(seconds * 1000))
        triggers.after_time(self, before)

    def open(
        self, side: str | int, symbol: str, lots: float, *, sl: float = 0.0, tp: float = 0.0, magic: int = 0,
        comment: str = "",
    ) -> int:  # fmt: skip
        """Trade at the market and return the position's ticket.

        Raises:
            Rejected: the broker refuses, with the trade server's code.
        """
        direction = {"buy": 1, "sell": -1}[side] if isinstance(side, str) else side
        order = self.new_order(symbol, 0 if direction > 0 else 1, lots, sl=sl, tp=tp, magic=magic, comment=comment)
        return matching.trade(self, order).position_id

    def pending(
        self, order_type: int, symbol: str, lots: float, price: float, *, sl: float = 0.0, tp: float = 0.0
    ) -> int:
        """Place a pending order of an ORDER_TYPE_* value and return its ticket."""
        order = self.new_order(symbol, order_type, lots, sl=sl, tp=tp)
        order.price, order.state = price, PLACED
        matching.place(self, order)
        return order.ticket

    def close(self, ticket: int, lots: float | None = None) -> None:
        """Close a position, whole or in part, at the market."""
        position = self.position(ticket)
        volume = position.volume if lots is None else lots
        order = self.new_order(position.symbol, 1 if position.side > 0 else 0, volume)
        matching.close(self, position, order)

    def modify(self, ticket: int, *, sl: float, tp: float) -> None:
        """Set both stops of a position; 0.0 removes one."""
        matching.set_stops(self, self.position(ticket), sl, tp)

    def deposit(self, amount: float, comment: str = "Deposit") -> None:
        """Pay in (or out, negative): a BALANCE deal."""
        self.balance = round(self.balance + amount, self.digits)
        self.book(Deal(self.ticket(), 0, self.server_msc, BALANCE, 0, profit=amount, comment=comment))
        self.tell("deposit" if amount >= 0 else "withdrawal", f"{comment} of {amount:.{self.digits}f} {self.currency}")

    def credit_in(self, amount: float, comment: str = "Credit") -> None:
        """Grant credit (or take it back, negative): a CREDIT deal."""
        self.credit = round(self.credit + amount, self.digits)
        self.book(Deal(self.ticket(), 0, self.server_msc, CREDIT, 0, profit=amount, comment=comment))
        self.tell("credit", f"{comment} of {amount:.{self.digits}f} {self.currency}")
