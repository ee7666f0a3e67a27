"""What the guard asks of a terminal: snapshots, and, with a lease, orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Connection:
    """How a terminal is reached; everything is optional, as for the vendor's ``initialize``.

    ``address`` (``host:port``, this computer only) and ``token`` name a worker that someone else started, such as one
    of a Windows Python under Wine; its own command line says which module it loads.
    """

    module: str = "MetaTrader5"
    path: str | None = None
    login: int | None = None
    server: str | None = None
    password: str | None = field(default=None, repr=False)
    portable: bool = False
    timeout_s: float = 60.0
    address: str | None = None
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to send orders for one account, for some seconds; whoever gave it renews it, or it ends by itself."""

    login: int
    server: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Known:
    """The trade server answered: what it said, rejections included. Only a later snapshot proves the effect."""

    retcode: int
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Refused:
    """The request never reached the trade server: nothing has happened, and ``why`` says what to do."""

    why: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The request may have been carried out or not: read the account before anything is sent again."""

    why: str


Outcome = Known | Refused | Unknown


class Terminal(Protocol):
    """A source of snapshots. Raises only ``TerminalError`` and its like, each with one sentence."""

    @property
    def deals_from(self) -> datetime | None:
        """The UTC instant from which every snapshot holds all deals; ``None``: from the first one."""

    @deals_from.setter
    def deals_from(self, instant: datetime | None) -> None:
        """Set it; the next snapshot keeps to it."""

    def connect(self) -> dict[str, Any]:
        """Reach the terminal; returns what it says of itself (``terminal_info`` and ``account_info``).

        Raises:
            TerminalError: It cannot be reached.
        """

    def read_snapshot(self) -> dict[str, Any]:
        """A ``guard.snapshot/1`` document without ``state``; cold sections stay the same objects while unchanged.

        Raises:
            TerminalError: Nothing could be read, or not in time.
        """

    def close(self) -> None:
        """Let go of the terminal; it keeps running."""


@runtime_checkable
class Historic(Protocol):
    """A terminal that can be asked for M1 bars of the past."""

    def bars(self, symbols: Sequence[str], begin_s: float, end_s: float) -> dict[str, Any]:
        """Bars by symbol between two server seconds.

        Raises:
            TerminalError: It did not answer in time.
        """


@runtime_checkable
class Examinable(Protocol):
    """A terminal that ``guard doctor`` can look at more closely."""

    def examine(self, symbols: Sequence[str]) -> dict[str, Any]:
        """Times of every reading call, versions and counts: see ``guard.terminal.examine.examine``.

        Raises:
            TerminalError: It did not answer in time.
        """


class TradingTerminal(Terminal, Protocol):
    """A terminal that can be given the right to send. Only ``enforce`` gives it."""

    def grant(self, lease: Lease) -> None:
        """Allow orders for this account until the lease ends; a newer lease replaces it.

        Raises:
            TerminalError: This terminal was opened for watching only, or its worker cannot be reached.
        """

    def check(self, request: Mapping[str, Any]) -> Known | Refused:
        """What the terminal thinks of a request (``order_check``: retcode 0 is fine); nothing is sent.

        Raises:
            TerminalError: It did not answer in time.
        """

    def send(self, request: Mapping[str, Any], on_slow: Callable[[], None] | None = None) -> Outcome:
        """Send one order (``order_send``); ``on_slow`` is called once when it takes longer than two seconds.

        After an ``Unknown`` outcome every further request is refused until a snapshot was read.
        """
