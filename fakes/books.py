"""The books of the simulated broker: clock, quotes, positions and what they are worth.

The formulas are the broker's own, from published rules; the guard's formulas are never used here, so that one can be
checked against the other.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import replace
from datetime import UTC, datetime

from fakes.dealer import Dealer
from fakes.ledger import Deal, Event, Order, Position, Quote, Rejected
from fakes.money import Exchange, converts_at_own_price, digits_of, profit
from fakes.rates import Bars
from fakes.rules import Rules
from fakes.server_zone import ServerZone
from fakes.symbols import SymbolSpec
from fakes.terms import MarginChange, Terms

_TICKS_KEPT = 10_000


def kept_ticks() -> defaultdict[str, deque[Quote]]:
    """Room for the newest ticks of every symbol."""
    return defaultdict(lambda: deque(maxlen=_TICKS_KEPT))


class Books:
    """State and valuation; ``Account`` adds margin, ``Broker`` the trader's hand and the market's."""

    def __init__(
        self, currency: str, leverage: int, hedging: bool, so_call: float, so_so: float, so_money: bool,
        start_utc: datetime, utc_offset_s: int | str, seed: int, login: int, server: str, commission_per_lot: float,
        terms: Terms | None = None,
    ) -> None:  # fmt: skip
        if "SIMULATED" not in server:
            raise ValueError("the server name of a simulated broker says SIMULATED")
        self.currency, self.leverage, self.hedging = currency, leverage, hedging
        self.so_call, self.so_so, self.so_money = so_call, so_so, so_money
        self.login, self.server, self.commission_per_lot, self.seed = login, server, commission_per_lot, seed
        self.zone = ServerZone(utc_offset_s)
        self.terms = terms if terms is not None else Terms()
        self.blocked_commission = self.won_today = 0.0
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
        self.ticks = kept_ticks()
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
        self._order_conversion: dict[int, float] = {}
        self._changes: tuple[MarginChange, ...] = ()
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
        return self.utc_msc + self.utc_offset_s * 1000

    @property
    def utc_msc(self) -> int:
        """The instant in milliseconds since 1970."""
        return round(self._now.timestamp() * 1000)

    @property
    def utc_offset_s(self) -> int:
        """Server clock minus UTC now, in seconds."""
        return self.zone.offset_s(self._now)

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
        if converts_at_own_price(spec, spec.margin_currency) and spec.currency_profit == self.currency and price > 0:
            return price
        return self.exchange.rate(spec.margin_currency, self.currency, low=side < 0)

    def _quote(self, symbol: str, bid: float, ask: float | None, last: float = 0.0) -> None:
        spec = self.specs[symbol]
        low = spec.round(bid)
        high = max(low, spec.round(low + spec.spread if ask is None else ask))
        self.quotes[symbol] = Quote(low, high, self.server_msc, spec.round(last))
        self.ticks[symbol].append(self.quotes[symbol])
        self.bars.add(symbol, self.server_msc, low, high)
        self._stale = True
        if self.terms.margin_conversion == "floating":
            self._margin = None

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

    def held(self, symbol: str | None = None) -> list[Position]:
        """Open positions (of a symbol), oldest first, as last valued."""
        if symbol is None:
            return list(self._positions.values())
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

    @property
    def unsettled(self) -> bool:
        """Whether something has changed since margin and equity were looked at last."""
        return self._stale or self._margin is None

    def book(self, deal: Deal) -> None:
        """Enter a deal into the history."""
        self.deals.append(replace(deal))
        if deal.type <= 1:
            self.won_today += deal.profit + deal.swap + deal.commission

    def file(self, order: Order) -> None:
        """Enter a finished order into the history."""
        self.history.append(order)

    def tell(self, kind: str, text: str) -> None:
        """Note an event for narration."""
        self.events.append(Event(self._now, kind, text))
