"""What the broker's books hold: quotes, positions, orders and deals. Times are server milliseconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

Fields = dict[str, Any]
# DEAL_TYPE, DEAL_ENTRY, DEAL_REASON and ORDER_STATE values of the terminal.
BALANCE, CREDIT, CORRECTION = 2, 3, 5
IN, OUT, INOUT, OUT_BY = 0, 1, 2, 3
BY_CLIENT, BY_MOBILE, BY_WEB, BY_EXPERT, BY_SL, BY_TP, BY_STOP_OUT, BY_ROLLOVER = range(8)
STARTED, PLACED, CANCELED, PARTIAL, FILLED, REFUSED, EXPIRED = range(7)
# The trade server's own words for its codes.
WORDS = {
    10004: "Requote", 10006: "Request rejected", 10007: "Request canceled", 10008: "Order placed",
    10009: "Request executed", 10010: "Request executed partially", 10011: "Common error", 10012: "Timeout",
    10013: "Invalid request", 10014: "Invalid volume", 10015: "Invalid price", 10016: "Invalid stops",
    10017: "Trade disabled", 10018: "Market closed", 10019: "No money", 10020: "Price changed", 10021: "No prices",
    10022: "Invalid expiration", 10023: "Order changed", 10024: "Too many trade requests", 10025: "No changes",
    10026: "AutoTrading disabled by server", 10027: "AutoTrading disabled by client", 10028: "Request locked",
    10029: "Modification denied due to order being close to market", 10030: "Unsupported filling mode",
    10031: "No connection", 10032: "Only real accounts allowed", 10033: "Orders limit reached",
    10034: "Volume limit reached", 10035: "Invalid or prohibited order type", 10036: "Position doesn't exist",
    10038: "Volume to be closed exceeds the position volume", 10039: "Order to close this position already exists",
    10040: "Positions limit reached", 10041: "Pending order activation rejected and order cancelled",
    10042: "Only long positions allowed", 10043: "Only short positions allowed",
    10044: "Only position closing is allowed", 10045: "Position closing allowed only by FIFO rule",
    10046: "Opposite positions on a single symbol are prohibited",
}  # fmt: skip


class Rejected(Exception):  # noqa: N818 (it is an answer of the trade server, in its own word)
    """The broker refuses a trade; ``retcode`` is the trade server's code.

    ``margin`` is what the account would have needed, for want of money; ``answer`` holds further fields of the result,
    such as the prices of a requote.
    """

    def __init__(
        self, retcode: int, comment: str | None = None, *, margin: float | None = None, answer: Fields | None = None
    ) -> None:
        self.comment = WORDS.get(retcode, f"Return code {retcode}") if comment is None else comment
        super().__init__(f"{self.comment} ({retcode})")
        self.retcode, self.margin, self.answer = retcode, margin, answer or {}


class Quote(NamedTuple):
    """The current prices of a symbol and the server time of the last change; ``last`` is 0.0 where nothing is told."""

    bid: float
    ask: float
    time_msc: int
    last: float = 0.0

    def closing(self, side: int) -> float:
        """The price at which a position of this side closes."""
        return self.bid if side > 0 else self.ask

    def opening(self, side: int) -> float:
        """The price at which a position of this side opens."""
        return self.ask if side > 0 else self.bid

    def valuing(self, side: int) -> float:
        """The price at which a position of this side is valued and its stops watched: the last trade where told."""
        return self.last if self.last > 0 else self.closing(side)


class Event(NamedTuple):
    """Something the broker did, for narration: UTC instant, kind, one sentence."""

    at: datetime
    kind: str
    text: str


@dataclass(slots=True)
class Position:
    """An open position. ``side`` is +1 (buy) or -1 (sell); ``conversion`` is frozen at opening, for margin."""

    ticket: int
    identifier: int
    symbol: str
    side: int
    volume: float
    price_open: float
    conversion: float
    time_msc: int
    update_msc: int
    sl: float = 0.0
    tp: float = 0.0
    swap: float = 0.0
    profit: float = 0.0
    price_current: float = 0.0
    magic: int = 0
    reason: int = BY_CLIENT
    comment: str = ""


@dataclass(slots=True)
class Order:
    """An order: active while ``state`` is STARTED, PLACED or PARTIAL, otherwise history.

    ``closes`` is the ticket of the position it closes; ``due_msc`` when a market order that waits is executed (UTC);
    ``price_current`` the market's price when it was done.
    """

    ticket: int
    symbol: str
    type: int
    volume: float
    price: float
    setup_msc: int
    volume_current: float = 0.0
    done_msc: int = 0
    state: int = FILLED
    stoplimit: float = 0.0
    sl: float = 0.0
    tp: float = 0.0
    expiration: int = 0
    type_time: int = 0
    filling: int = 0
    magic: int = 0
    reason: int = BY_CLIENT
    comment: str = ""
    position_id: int = 0
    position_by_id: int = 0
    armed: bool = False
    closes: int = 0
    due_msc: int = 0
    deviation: int = 0
    price_current: float = 0.0

    @property
    def pending(self) -> bool:
        """Whether it waits for a price; a market order may be active too, while it is executed."""
        return 2 <= self.type <= 7

    @property
    def side(self) -> int:
        """+1 for buy orders, -1 for sell orders."""
        return 1 if self.type % 2 == 0 else -1


@dataclass(slots=True)
class Deal:
    """An execution or a money operation."""

    ticket: int
    order: int
    time_msc: int
    type: int
    entry: int
    symbol: str = ""
    volume: float = 0.0
    price: float = 0.0
    commission: float = 0.0
    swap: float = 0.0
    profit: float = 0.0
    position_id: int = 0
    magic: int = 0
    reason: int = BY_CLIENT
    comment: str = ""
