"""What the broker's books hold: quotes, positions, orders and deals. Times are server milliseconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

# DEAL_TYPE, DEAL_ENTRY, DEAL_REASON and ORDER_STATE values of the terminal.
BALANCE, CREDIT = 2, 3
IN, OUT, INOUT, OUT_BY = 0, 1, 2, 3
BY_CLIENT, BY_EXPERT, BY_SL, BY_TP, BY_STOP_OUT = 0, 3, 4, 5, 6
PLACED, CANCELED, FILLED = 1, 2, 4


class Rejected(Exception):  # noqa: N818 (it is an answer of the trade server, in its own word)
    """The broker refuses a trade; ``retcode`` is the trade server's code."""

    def __init__(self, retcode: int, comment: str) -> None:
        super().__init__(f"{comment} ({retcode})")
        self.retcode, self.comment = retcode, comment


class Quote(NamedTuple):
    """The current prices of a symbol and the server time of the last change."""

    bid: float
    ask: float
    time_msc: int

    def closing(self, side: int) -> float:
        """The price at which a position of this side closes."""
        return self.bid if side > 0 else self.ask

    def opening(self, side: int) -> float:
        """The price at which a position of this side opens."""
        return self.ask if side > 0 else self.bid


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
    """An order: active while ``state`` is PLACED, otherwise history."""

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
