"""What the simulated terminal answers to a request of the pipe: the simulated module's own calls, as bytes. Pure.

No I/O and no clock of its own; the server calls it for one request at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fakes import calls_link, calls_market, calls_trade, pipe_codec
from fakes.pipe_codec import CALL_FAILED, GOOD, NOT_FOUND, Command, Request
from fakes.session import SESSION

CONNECTED, REFUSED, WAITING = 2, 3, 0
_DENIED = -6
_UNSUPPORTED, _INVALID = -7, -2
_SIGN = 2**31
_MS = 1000
Arguments = Mapping[str, Any]


@dataclass(slots=True)
class Access:
    """The account's own credentials; an empty password takes any, ``servers`` are the names it is known by."""

    login: int
    password: str
    servers: tuple[str, ...]

    def admits(self, login: int, password: str, server: str) -> bool:
        """Whether these open the account; what is 0 or empty keeps the terminal's own."""
        if (login and login != self.login) or (server and server not in self.servers):
            return False
        return not password or not self.password or password == self.password


@dataclass(slots=True)
class Client:
    """One program that is connected: which symbols' depth it asked for."""

    number: int
    depth: set[str] = field(default_factory=set)


class Answer(Exception):  # noqa: N818 (it is an answer, in the protocol's own word)
    """An error code as the answer."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def _signed(value: int) -> int:
    return value - 2 * _SIGN if value >= _SIGN else value


def _margin(a: Arguments) -> Any:
    return calls_trade.order_calc_margin(_signed(a["action"]), a["symbol"], a["volume"], a["price"])


def _profit(a: Arguments) -> Any:
    prices = a["price_open"], a["price_close"]
    return calls_trade.order_calc_profit(_signed(a["action"]), a["symbol"], a["volume"], *prices)


def _between(call: Callable[..., Any]) -> Callable[[Arguments], Any]:
    return lambda a: call(a["from"], a["to"])


def _by(call: Callable[..., Any], name: str) -> Callable[[Arguments], Any]:
    return lambda a: call(**{name: a[name]})


_CALLS: dict[int, Callable[[Arguments], Any]] = {
    1: lambda _: calls_link.version(),
    104: lambda a: calls_market.copy_ticks_from(a["symbol"], a["from_ms"] // _MS, a["count"], a["flags"]),
    105: lambda a: calls_market.copy_ticks_range(a["symbol"], a["from_ms"] // _MS, a["to_ms"] // _MS, a["flags"]),
    106: lambda a: calls_market.copy_rates_from(a["symbol"], a["timeframe"], a["from"], a["count"]),
    107: lambda a: calls_market.copy_rates_range(a["symbol"], a["timeframe"], a["from"], a["to"]),
    108: lambda a: calls_market.copy_rates_from_pos(a["symbol"], a["timeframe"], a["start"], a["count"]),
    120: lambda _: calls_trade.positions_total(),
    121: lambda _: calls_trade.positions_get(),
    122: _by(calls_trade.positions_get, "symbol"),
    123: _by(calls_trade.positions_get, "ticket"),
    130: lambda _: calls_trade.orders_total(),
    131: lambda _: calls_trade.orders_get(),
    132: _by(calls_trade.orders_get, "symbol"),
    133: _by(calls_trade.orders_get, "ticket"),
    140: _between(calls_trade.history_orders_total),
    141: _between(calls_trade.history_orders_get),
    142: _by(calls_trade.history_orders_get, "position"),
    143: _by(calls_trade.history_orders_get, "ticket"),
    150: _between(calls_trade.history_deals_total),
    151: _between(calls_trade.history_deals_get),
    152: _by(calls_trade.history_deals_get, "position"),
    153: _by(calls_trade.history_deals_get, "ticket"),
    160: lambda a: calls_trade.order_check(a["request"]),
    161: lambda a: calls_trade.order_send(a["request"]),
    162: _margin,
    163: _profit,
    170: lambda a: calls_market.symbol_info(a["symbol"]),
    171: lambda a: calls_market.symbol_select(a["symbol"], a["enable"]),
    172: lambda a: calls_market.symbol_info_tick(a["symbol"]),
    173: lambda _: calls_market.symbols_total(),
    174: lambda _: calls_market.symbols_get(),
    175: lambda a: calls_market.symbols_get(a["group"]),
    180: lambda _: calls_link.terminal_info(),
    190: lambda _: calls_link.account_info(),
    191: lambda a: calls_market.market_book_add(a["symbol"]),
    192: lambda a: calls_market.market_book_release(a["symbol"]),
    193: lambda a: calls_market.market_book_get(a["symbol"]),
}


_PLAIN: dict[str, Callable[[Any], bytes]] = {
    "number": pipe_codec.number, "amount": pipe_codec.amount, "version": pipe_codec.version,
}  # fmt: skip


class Desk:
    """Answers the requests of all clients over the broker that the session serves.

    Args:
        access: whom it lets in.
        build: the terminal's build, as the hello tells it.
    """

    def __init__(self, access: Access, build: int) -> None:
        self.access, self.build = access, build
        self.last: Any = None

    def answer(self, client: Client, request: Request) -> bytes:
        """The whole reply to a request; ``last`` is what the call returned."""
        command = request.command
        self.last = None
        try:
            data = self._data(client, command, request.arguments)
        except Answer as error:
            return pipe_codec.reply(command.number, error.status)
        return pipe_codec.reply(command.number, GOOD, data)

    def _data(self, client: Client, command: Command, arguments: Arguments) -> bytes:
        if command.call == "hello":
            return pipe_codec.number(self.build)
        if command.call == "connect_state":
            return pipe_codec.number(CONNECTED)
        if command.call == "login":
            if not self.access.admits(arguments["login"], arguments["password"], arguments["server"]):
                raise Answer(_DENIED)
            return b""
        self.last = found = self._called(client, command.number, arguments)
        kind, _, record = command.answer.partition(" ")
        if kind == "rows":
            return pipe_codec.rows(record, found)
        if kind == "record":
            return pipe_codec.one(record, self._single(found), self.build)
        if kind == "done":
            return b""
        return _PLAIN[kind](found)

    @staticmethod
    def _called(client: Client, number: int, arguments: Arguments) -> Any:
        SESSION.depth = client.depth
        found = _CALLS[number](arguments)
        if found is None or found is False or (number == 1 and SESSION.error[0] < 0):
            code = SESSION.error[0]
            raise Answer(code if code < 0 else CALL_FAILED)
        return found

    @staticmethod
    def _single(found: Any) -> Any:
        """A call by ticket answers one record without a count, or that there is none."""
        if hasattr(found, "_asdict"):
            return found
        if not found:
            raise Answer(NOT_FOUND)
        return found[0]


def refuse(body: bytes) -> bytes:
    """The reply to bytes that are no request: an unknown command is unsupported, anything else invalid."""
    number = pipe_codec.command_of(body)
    return pipe_codec.reply(number, _INVALID if number in pipe_codec.COMMANDS else _UNSUPPORTED)
