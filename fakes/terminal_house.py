"""The simulated terminal behind its pipe: the account, its market in real time, and what happens as lines to print."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from fakes.broker import Broker
from fakes.ledger import BY_STOP_OUT
from fakes.live import Live
from fakes.past import remember
from fakes.pipe_codec import Request
from fakes.pipe_desk import Access, Client, Desk
from fakes.session import SESSION
from fakes.terminal_plan import Planned, check
from fakes.views import BUILD

SIMULATED = "SIMULATED"
TUESDAY_10 = (1, 10)
_OFFSET_S = 7200
Tell = Callable[[Mapping[str, Any]], None]


def opening(now: datetime, offset_s: float = _OFFSET_S) -> datetime:
    """The last Tuesday 10:00 of the server's clock that is not after ``now``, as aware UTC."""
    server = now.astimezone(UTC) + timedelta(seconds=offset_s)
    weekday, hour = TUESDAY_10
    at = server.replace(hour=hour, minute=0, second=0, microsecond=0) - timedelta(days=(server.weekday() - weekday) % 7)
    if at > server:
        at -= timedelta(days=7)
    return at - timedelta(seconds=offset_s)


def loud(server: str) -> str:
    """A server's name that says what it is."""
    return server if SIMULATED in server.upper() else f"{server}-{SIMULATED}"


class House:
    """One account behind the pipe. Not thread-safe: one call at a time.

    Args:
        options: the simulated account (``fakes.live.Live``), faults of ``fakes.faults``, options of the session.
        path: the terminal's program.
        password: of the account; an empty one takes any.
        now: the present, for the server's clock to begin on a Tuesday.
        clock: seconds that pass, monotonic.
        tell: gets every event.
        log: gets every request, or ``None``.
        plan: what happens while programs trade.

    Raises:
        ValueError: the plan names a symbol that is not there.
    """

    def __init__(
        self, options: Mapping[str, Any], path: str, password: str, now: datetime, clock: Callable[[], float],
        tell: Tell, log: Tell | None = None, plan: Iterable[Planned] = (),
    ) -> None:  # fmt: skip
        self.tell, self._log, self._clock = tell, log, clock
        self._plan = sorted(plan)
        self._began: float | None = None
        asked = str(options.get("server", f"{SIMULATED}-Demo"))
        start = opening(now, float(options.get("utc_offset_s", _OFFSET_S)))
        began = datetime.fromisoformat(options["start"]) if "start" in options else start
        first, base = clock(), began.timestamp()
        known = {**options, "server": loud(asked), "start": began.isoformat()}
        self._live = Live(known, lambda: base + clock() - first)
        self.broker: Broker = self._live.broker
        check(self._plan, self.broker.specs)
        remember(self.broker, int(options.get("seed", 0)))
        SESSION.attach(self.broker, dict(options), clock)
        SESSION.path = path.replace("/", "\\").rpartition("\\")[0]
        build = int(options.get("build", BUILD))
        self._desk = Desk(Access(self.broker.login, password, (asked, self.broker.server)), build)
        self._deals, self._events = len(self.broker.deals), len(self.broker.events)

    def answer(self, client: Client, request: Request) -> bytes:
        """The whole reply to a request."""
        self.catch_up()
        done = self._desk.answer(client, request)
        status = int.from_bytes(done[8:12], "little", signed=True)
        call = request.command.call
        if self._log is not None:
            told = {name: value for name, value in request.arguments.items() if name != "password"}
            self._log({
                "event": "call", "client": client.number, "call": call, "arguments": told, "status": status,
                "bytes": len(done),
            })  # fmt: skip
        if call == "order_send":
            sent: dict[str, Any] = {"client": client.number, **request.arguments["request"], "status": status}
            if self._desk.last is not None:
                sent["retcode"] = self._desk.last.retcode
            self.tell({"event": "request", **sent})
        self._news()
        return done

    def catch_up(self) -> None:
        """Move the market to the present and tell what happened."""
        self._live.catch_up()
        while self._plan and self._began is not None and self._clock() - self._began >= self._plan[0].at_s:
            self._do(self._plan.pop(0))
        self._news()

    def _do(self, planned: Planned) -> None:
        if planned.deed == "deposit":
            self.broker.deposit(planned.amount)
        elif planned.deed == "credit":
            self.broker.credit_in(planned.amount)
        else:
            self._live.jump(planned.symbol, planned.amount)

    def switch(self, login: int) -> None:
        """The terminal is on another account from now on."""
        SESSION.options["switch_login_after_s"] = True
        if login:
            SESSION.options["switch_login"] = login

    def came(self, client: Client) -> None:
        """A client opened the pipe."""
        self._began = self._clock() if self._began is None else self._began
        self.tell({"event": "client", "client": client.number, "is": "there"})

    def left(self, client: Client) -> None:
        """A client is gone."""
        self.tell({"event": "client", "client": client.number, "is": "gone"})

    def _news(self) -> None:
        broker = self.broker
        for deal in broker.deals[self._deals :]:
            self.tell({
                "event": "stop-out" if deal.reason == BY_STOP_OUT else "deal", "deal": deal.ticket,
                "order": deal.order, "position": deal.position_id, "type": deal.type, "entry": deal.entry,
                "symbol": deal.symbol, "volume": deal.volume, "price": deal.price, "profit": deal.profit,
                "comment": deal.comment, "balance": broker.balance, "equity": broker.equity,
            })  # fmt: skip
        for event in broker.events[self._events :]:
            if event.kind == "margin_call":
                self.tell({"event": "margin-call", "text": event.text, "equity": broker.equity})
        self._deals, self._events = len(broker.deals), len(broker.events)
