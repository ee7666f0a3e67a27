"""The core's side of the worker: snapshots put together, orders sent at most once."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from guard.model.errors import TerminalError
from guard.terminal.delta import changed
from guard.terminal.link import Link, Slow
from guard.terminal.port import Connection, Known, Lease, Outcome, Refused, Unknown
from guard.terminal.process import Channel, Child
from guard.terminal.remote import Remote
from guard.terminal.simulated import REFUSAL, SIMULATED, names_simulated

COLD_DEADLINE_S = 10.0
SEND_DEADLINE_S = 30.0
EXAMINE_DEADLINE_S = 60.0
SLOW_SEND_S = 2.0
OPEN_SPARE_S = 110.0
LEAST_HOT_S = 1.0
NONSENSE = "the terminal worker answered nonsense: it was replaced"


class WorkerTerminal:
    """A ``TradingTerminal`` behind a worker process, which is killed and replaced when it misses a deadline."""

    def __init__(
        self,
        connection: Connection | None = None,
        *,
        may_send: bool = False,
        allow_simulated: bool = False,
        period_s: float = 0.25,
        fake_options: Mapping[str, object] | None = None,
        clock: Callable[[], float] = time.monotonic,
        start: Callable[[], Channel] | None = None,
    ) -> None:
        """``may_send`` only in ``enforce``. ``allow_simulated``, ``fake_options`` and ``start`` are for tests alone."""
        self.connection = known = connection if connection is not None else Connection()
        self._may_send = may_send
        self._simulated = allow_simulated
        opening = {
            "op": "open", "path": known.path, "login": known.login, "server": known.server,
            "password": known.password, "portable": known.portable, "timeout_s": known.timeout_s,
        }  # fmt: skip
        arguments = ["--module", known.module]
        arguments += ["--may-send"] if may_send else []
        arguments += ["--allow-simulated"] if allow_simulated else []
        environment = {} if fake_options is None else {"GUARD_FAKE_OPTIONS": json.dumps(dict(fake_options))}

        def start_own() -> Channel:
            if known.address is not None:
                return Remote(known.address, known.token)
            return Child(arguments, environment)

        self._link = Link(start if start is not None else start_own, opening, known.timeout_s + OPEN_SPARE_S, clock)
        self._hot_deadline_s = max(2.0 * period_s, LEAST_HOT_S)
        self._hot: dict[str, Any] = {}
        self._cold: dict[str, Any] = {}
        self._read_at: dict[str, str] = {}
        self._cold_errors: dict[str, str] = {}
        self._generation, self._first = 0, True
        self._deals_from: datetime | None = None
        self._cold_asked = False
        self._unproven: str | None = None

    @property
    def restarts(self) -> int:
        """How often the worker was replaced."""
        return self._link.restarts

    @property
    def worker_pid(self) -> int | None:
        """The worker's process number, ``None`` while there is none or it is not ours."""
        return self._link.pid

    @property
    def deals_from(self) -> datetime | None:
        """The UTC instant from which deals are read, ``None``: all of them. A new one counts from the next reading."""
        return self._deals_from

    @deals_from.setter
    def deals_from(self, instant: datetime | None) -> None:
        self._cold_asked = self._cold_asked or instant != self._deals_from
        self._deals_from = instant

    def connect(self) -> dict[str, Any]:
        """Start the worker and wait until it has reached the terminal.

        Raises:
            TerminalError: It cannot be reached; the sentence says why.
        """
        return self._link.open()

    def close(self) -> None:
        """End the worker; the terminal keeps running."""
        self._link.close()

    def read_snapshot(self) -> dict[str, Any]:
        """The account now.

        Raises:
            TerminalError: Nothing could be read, or not in time; the worker has been replaced where needed.
        """
        self._link.be_ready()
        if self._generation != self._link.generation:
            self._generation, self._first, self._hot, self._cold = self._link.generation, True, {}, {}
        first = self._first
        reply = self._read_hot(COLD_DEADLINE_S if first else self._hot_deadline_s)
        if reply.get("cold_due") is True or first or self._cold_asked:
            self._read_cold(self._hot)
            if first:
                # The first cold read found conversion symbols, whose ticks belong to the same picture.
                reply = self._read_hot(COLD_DEADLINE_S)
        self._first, self._unproven = False, None
        self._link.well()
        read_at = {**self._read_at, "hot": self._hot["taken_at"]}
        return {**self._hot, **self._cold, "read_at": read_at, "errors": {**self._cold_errors, **reply["errors"]}}

    def examine(self, symbols: Sequence[str]) -> dict[str, Any]:
        """What ``guard doctor`` asks: see ``guard.terminal.examine.examine``.

        Raises:
            TerminalError: It did not answer in time.
        """
        self._link.be_ready()
        return self._ask({"op": "examine", "symbols": list(symbols)}, EXAMINE_DEADLINE_S)

    def bars(self, symbols: Sequence[str], begin_s: float, end_s: float) -> dict[str, Any]:
        """M1 bars by symbol: see ``guard.terminal.bars.read_bars``.

        Raises:
            TerminalError: It did not answer in time.
        """
        request = {"op": "bars", "symbols": list(symbols), "begin_s": begin_s, "end_s": end_s}
        found = self._ask(request, COLD_DEADLINE_S).get("bars")
        return found if isinstance(found, dict) else {}

    def grant(self, lease: Lease) -> None:
        """Let the present worker send for a while; one that replaces it has no lease until the next grant.

        Raises:
            TerminalError: This terminal was opened for watching only, or the worker does not accept the lease.
        """
        if not self._may_send:
            raise TerminalError("this guard only watches: its worker is not given the right to send orders")
        self._link.be_ready()
        told = {"login": lease.login, "server": lease.server, "seconds": lease.seconds}
        self._ask({"op": "lease", "instance": self._link.instance, **told}, self._hot_deadline_s)

    def check(self, request: Mapping[str, Any]) -> Known | Refused:
        """Ask the terminal what it thinks of a request; nothing is sent.

        Raises:
            TerminalError: It did not answer in time.
        """
        self._link.be_ready()
        outcome = _outcome(self._ask({"op": "check", "request": dict(request)}, COLD_DEADLINE_S))
        if isinstance(outcome, Unknown):
            raise TerminalError(outcome.why)
        return outcome

    def send(self, request: Mapping[str, Any], on_slow: Callable[[], None] | None = None) -> Outcome:
        """Send one order. A worker that is killed meanwhile, or a link that breaks, leaves the outcome ``Unknown``."""
        if not self._may_send:
            return Refused("this guard only watches: it sends no orders")
        if self._unproven is not None:
            return Refused(f"the account must be read first: of the last request it is not known ({self._unproven})")
        if not self._link.ready:
            return Refused("the terminal is not connected")
        slow = None if on_slow is None else (SLOW_SEND_S, on_slow)
        try:
            body = self._ask({"op": "send", "request": dict(request)}, SEND_DEADLINE_S, slow)
        except TerminalError as error:
            body = {"outcome": "unknown", "why": str(error)}
        outcome = _outcome(body)
        if body.get("ipc") is True:
            # Nothing was sent, but the link failed while the account was read: nothing on it is believed any more.
            with contextlib.suppress(TerminalError):
                self._link.replace(str(body.get("why")))
        if isinstance(outcome, Unknown):
            self._unproven = outcome.why
        return outcome

    def _ask(self, request: dict[str, Any], within_s: float, on_slow: Slow | None = None) -> dict[str, Any]:
        body = self._link.ask(request, within_s, on_slow)
        if not isinstance(body, dict):
            self._link.replace(NONSENSE)
        return body

    def _read_hot(self, deadline_s: float) -> dict[str, Any]:
        """Ask for the hot part: only what changed comes through the pipe; the rest stays the same objects."""
        reply = self._ask({"op": "hot"}, deadline_s)
        held: dict[str, Any] = self._hot
        fresh: Any = reply.get("hot")
        try:
            self._hot = {
                name: changed(held.get(name), fresh[name]) if name in fresh else held[name] for name in reply["names"]
            }
        except (AttributeError, LookupError, TypeError, ValueError):
            self._link.replace(NONSENSE)
        # Asked here too: a worker that someone else started may have been told to serve a simulated terminal.
        if not self._simulated and names_simulated(self._hot):
            self._link.replace(f"this terminal says it is {SIMULATED}: {REFUSAL}", later=True)
        return reply

    def _read_cold(self, hot: dict[str, Any]) -> None:
        offset, since = hot.get("server_utc_offset_s"), None
        if self._deals_from is not None and isinstance(offset, (int, float)):
            since = self._deals_from.timestamp() + offset
        body = self._ask({"op": "cold", "deals_from_s": since}, COLD_DEADLINE_S)
        held: dict[str, Any] = self._cold
        fresh: Any = body.get("cold")
        try:
            self._cold = {name: fresh[name] if name in fresh else held[name] for name in body["names"]}
        except (LookupError, TypeError):
            self._link.replace(NONSENSE)
        self._read_at, self._cold_errors = body.get("read_at", {}), body.get("errors", {})
        self._cold_asked = False


def _outcome(body: Mapping[str, Any]) -> Outcome:
    retcode, result, why = body.get("retcode"), body.get("result"), str(body.get("why", "no reason given"))
    if isinstance(retcode, int) and isinstance(result, Mapping):
        return Known(retcode, result)
    return Refused(why) if body.get("outcome") == "refused" else Unknown(why)
