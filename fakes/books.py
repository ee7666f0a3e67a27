"""The books of the simulated broker: clock, quotes, positions and what they are worth.

The formulas are the broker's own, from published rules; the guard's formulas are never used here, so that one can be
checked against the other.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import UTC, datetime

from fakes.dealer import Dealer
from fakes.ledger import Deal, Event, Order, Position, Quote, Rejected
from fakes.margin import Leg, lot_margin, symbol_margin
from fakes.money import Exchange, digits_of, profit
from fakes.rates import Bars
from fakes.rules import Rules
from fakes.symbols import SymbolSpec


class Books:
    """State and valuation of one account; ``Broker`` adds the trader's hand and the market's."""

    def __init__(
        self, currency: str, leverage: int, hedging: bool, so_call: float, so_so: float, so_money: bool,
        start_utc: datetime, utc_offset_s: int, seed: int, login: int, server: str, commission_per_lot: float,
    ) -> None:  # fmt: skip
        if "SIMULATED" not in server:
            raise ValueError("the server name of a simulated broker says SIMULATED")
        self.currency, self.leverage, self.hedging = currency, leverage, hedging
        self.so_call, self.so_so, self.so_money = so_call, so_so, so_money
        self.login, self.server, self.commission_per_lot, self.seed = login, server, commission_per_lot, seed
        self.utc_offset_s = utc_offset_s
        self.digits = digits_of(currency)
        self.rules, self.dealer = Rules(), Dealer(seed)
        self.exchange_account = False
        self.silent: set[str] = set()
        self.gone: set[int] = set()
        self.requests = 0
        self.asked_msc: deque[int] = deque()
        self.specs: dict[str, SymbolSpec] = {}
        self.quotes: dict[str, Quote] = {}
        self.selected: set[str] = set()
        self.bars = Bars()
        self.exchange = Exchange(self.specs, self.quotes)
        self.deals: list[Deal] = []
        self.orders: list[Order] = []
        self.history: list[Order] = []
        self.events: list[Event] = []
        self.balance = self.credit = 0.0
        self.margin_called = False
        self._positions: dict[int, Position] = {}
        self._ticket = 70_000_000 + login % 1000
        self._margin: float | None = None
        self._stale = True
        self._floating = 0.0
        self._now = start_utc.astimezone(UTC)

    @property
    def now_utc(self) -> datetime:
        """The broker's instant, aware UTC."""
        return self._now

    @property
    def server_msc(self) -> int:
        """Server clock in milliseconds, encoded as if it were UTC: what every ``time_msc`` field holds."""
        return round(self._now.timestamp() * 1000) + self.utc_offset_s * 1000

    @property
    def server_now_s(self) -> float:
        """Server clock in seconds."""
        return self.server_msc / 1000

    @property
    def positions(self) -> list[Position]:
        """Open positions, oldest first, valued at current prices."""
        self._value()
        return list(self._positions.values())

    @property
    def floating(self) -> float:
        """Profit of all open positions, without swap."""
        self._value()
        return self._floating

    @property
    def equity(self) -> float:
        """Balance + credit + floating profit + swap."""
        swap = sum(position.swap for position in self._positions.values())
        return round(self.balance + self.credit + self.floating + swap, self.digits)

    @property
    def margin(self) -> float:
        """Used margin: frozen at the open prices, so it changes only when positions or orders do."""
        if self._margin is None:
            total = sum(self.margin_of(symbol) for symbol in {p.symbol for p in self._positions.values()})
            total += sum(self.order_margin(order) for order in self.orders)
            self._margin = round(total, self.digits)
        return self._margin

    @property
    def margin_level(self) -> float:
        """Equity / margin in percent; 0.0 when there is no margin, as the terminal shows it."""
        return self.equity / self.margin * 100 if self.margin > 0 else 0.0

    @property
    def free_margin(self) -> float:
        """Equity minus margin."""
        return round(self.equity - self.margin, self.digits)

    def _value(self) -> None:
        if not self._stale:
            return
        total = 0.0
        for position in self._positions.values():
            quote = self.quotes[position.symbol]
            position.price_current = quote.valuing(position.side)
            result = self.profit_of(
                position.symbol, position.side, position.volume, position.price_open, position.price_current
            )
            if result is not None:
                position.profit = result
            total += position.profit
        self._floating, self._stale = total, False

    def profit_of(self, symbol: str, side: int, volume: float, opened: float, closed: float) -> float | None:
        """Result in account currency, or ``None`` without a conversion path."""
        return profit(self.exchange, self.currency, self.specs[symbol], side, volume, opened, closed)

    def conversion(self, symbol: str, side: int, price: float) -> float | None:
        """Margin currency to account currency for a deal of this side: ask for buys, bid for sells."""
        spec = self.specs[symbol]
        if (spec.currency_base, spec.currency_profit) == (spec.margin_currency, self.currency) and price > 0:
            return price
        return self.exchange.rate(spec.margin_currency, self.currency, low=side < 0)

    def margin_of(self, symbol: str, extra: Leg | None = None) -> float:
        """Margin of all positions of a symbol, with one more leg when given."""
        legs = [Leg(p.side, p.volume, p.price_open, p.conversion) for p in self.held(symbol)]
        return symbol_margin(self.specs[symbol], [*legs, extra] if extra else legs, self.leverage)

    def margin_for(
        self, symbol: str, side: int, volume: float, price: float, rate: float | None = None
    ) -> float | None:
        """Margin of a new order by itself, or ``None`` without a conversion path."""
        spec = self.specs[symbol]
        conversion = self.conversion(symbol, side, price)
        if conversion is None:
            return None
        unit = lot_margin(spec, price, self.leverage, held=False)
        return round(volume * unit * conversion * (spec.rate(side) if rate is None else rate), self.digits)

    def order_margin(self, order: Order) -> float:
        """Margin a pending order holds; most brokers charge nothing."""
        rate = self.specs[order.symbol].rate_pending
        amount = self.margin_for(order.symbol, order.side, order.volume_current, order.price, rate) if rate > 0 else 0.0
        return amount if amount is not None else 0.0

    def _quote(self, symbol: str, bid: float, ask: float | None, last: float = 0.0) -> None:
        spec = self.specs[symbol]
        low = spec.round(bid)
        high = max(low, spec.round(low + spec.spread if ask is None else ask))
        self.quotes[symbol] = Quote(low, high, self.server_msc, spec.round(last))
        self.bars.add(symbol, self.server_msc, low, high)
        self._stale = True

    def ticket(self) -> int:
        """The next ticket number."""
        self._ticket += 1
        return self._ticket

    def new_order(
        self, symbol: str, order_type: int, lots: float, *, sl: float = 0.0, tp: float = 0.0, magic: int = 0,
        comment: str = "", reason: int = 0,
    ) -> Order:  # fmt: skip
        """An order that is not in the books yet."""
        if symbol not in self.specs:
            raise Rejected(10013)
        return Order(
            self.ticket(), symbol, order_type, lots, 0.0, self.server_msc, volume_current=lots, sl=sl, tp=tp,
            magic=magic, comment=comment[: self.rules.comment_units], reason=reason,
        )  # fmt: skip

    def held(self, symbol: str) -> list[Position]:
        """Open positions of a symbol, as last valued."""
        return [position for position in self._positions.values() if position.symbol == symbol]

    def position(self, ticket: int) -> Position:
        """The open position of this ticket."""
        if ticket not in self._positions:
            raise Rejected(10036 if ticket in self.gone else 10013)
        return self._positions[ticket]

    @property
    def position_count(self) -> int:
        """How many positions are open."""
        return len(self._positions)

    def is_open(self, symbol: str) -> bool:
        """Whether the symbol trades now, by its hours."""
        hours = self.specs[symbol].hours
        return hours is None or hours.is_open(self.server_msc)

    def tradable(self, symbol: str) -> bool:
        """Whether something of the symbol can be executed now: not disabled, open and quoted."""
        return self.specs[symbol].trade_mode != 0 and symbol not in self.silent and self.is_open(symbol)

    def put(self, position: Position) -> None:
        """Enter a position, or note that it changed."""
        self._positions[position.ticket] = position
        self.changed()

    def drop(self, position: Position) -> None:
        """Remove a closed position."""
        del self._positions[position.ticket]
        self.gone.add(position.ticket)
        self.changed()

    def changed(self) -> None:
        """Positions or orders changed: value everything anew."""
        self._stale, self._margin = True, None

    def book(self, deal: Deal) -> None:
        """Enter a deal into the history."""
        self.deals.append(replace(deal))

    def tell(self, kind: str, text: str) -> None:
        """Note an event for narration."""
        self.events.append(Event(self._now, kind, text))
