"""What the terminal shows: its list of positions and orders, and its history, may be some moments behind the server."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from fakes.ledger import Deal, Order, Position

if TYPE_CHECKING:
    from fakes.broker import Broker

Done = TypeVar("Done", Deal, Order)


class _Look(NamedTuple):
    at_msc: int  # UTC, as all instants here: the server's own clock may be put back
    positions: list[Position]
    orders: list[Order]


class Shown:
    """The books as the terminal knows them; a look is kept at every change while the rules tell a lag.

    ``current`` says that no lag has been told so far: what is in the books is known.
    """

    def __init__(self) -> None:
        self._looks: deque[_Look] = deque([_Look(0, [], [])])
        self._untold: dict[int, int] = {}
        self._login_msc: int | None = None
        self.current = True

    def note(self, broker: Broker) -> None:
        """Keep the books as they are after a change."""
        if self.current:
            self.begin(broker)
        now = broker.utc_msc
        looks = self._looks
        if looks[-1].at_msc == now:
            looks.pop()
        while len(looks) > 1 and looks[1].at_msc <= now - broker.rules.positions_lag_s * 1000:
            looks.popleft()
        held, orders = broker.held(), broker.orders
        looks.append(_Look(now, [replace(p) for p in held], [replace(order) for order in orders]))

    def begin(self, broker: Broker) -> None:
        """From now on changes show late; what is there is known."""
        self.current = False
        self._looks.clear()
        self._looks.append(_Look(0, [replace(p) for p in broker.positions], [replace(o) for o in broker.orders]))

    def _look(self, broker: Broker) -> _Look:
        if self.current:
            self.begin(broker)
        until = broker.utc_msc - broker.rules.positions_lag_s * 1000
        seen = [look for look in self._looks if look.at_msc <= until]
        return seen[-1] if seen else self._looks[0]

    def positions(self, broker: Broker) -> list[Position]:
        """Open positions as the terminal lists them, at current prices: those it works out by itself."""
        if broker.rules.positions_lag_s <= 0:
            return broker.positions
        rows = self._look(broker).positions
        for row in rows:
            row.price_current = broker.quotes[row.symbol].valuing(row.side)
            result = broker.profit_of(row.symbol, row.side, row.volume, row.price_open, row.price_current)
            row.profit = row.profit if result is None else result
        return rows

    def orders(self, broker: Broker) -> list[Order]:
        """Active orders as the terminal lists them."""
        return broker.orders if broker.rules.positions_lag_s <= 0 else self._look(broker).orders

    def hide(self, broker: Broker, ticket: int) -> None:
        """A new deal or finished order of this ticket: the history shows it only after its lag."""
        self._untold[ticket] = broker.utc_msc

    def login(self, broker: Broker) -> None:
        """The terminal has logged in just now: its history begins to arrive."""
        self._login_msc = broker.utc_msc

    def history(self, broker: Broker, rows: list[Done]) -> list[Done]:
        """Deals, or finished orders, that the terminal has got by now."""
        grows_msc = broker.rules.history_grows_s * 1000
        if grows_msc > 0 and self._login_msc is not None and broker.utc_msc < self._login_msc + grows_msc:
            rows = rows[: int(len(rows) * (broker.utc_msc - self._login_msc) / grows_msc)]
        if not self._untold:
            return rows
        until = broker.utc_msc - broker.rules.history_lag_s * 1000
        self._untold = {ticket: at for ticket, at in self._untold.items() if at > until}
        return [row for row in rows if row.ticket not in self._untold]
