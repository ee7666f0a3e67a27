"""The state behind the simulated module: its connection, the broker it serves, faults, the last error."""

from __future__ import annotations

import functools
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from fakes.arguments import empty_mapping
from fakes.broker import Broker
from fakes.calling import mapping_given
from fakes.faults import CallError, Faults, read_faults
from fakes.live import Live
from fakes.slots import PENDING

_ACCESS = {-10002: -10004}  # what later calls say once the terminal has died in the middle of one
_AFTER_HELLO = {-6, -10005}  # these failures of initialize come after the terminal has told its build


def _there(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # longer than a name may be, or no name at all
        return False


class Session:
    """One connection to the simulated terminal; the vendor's package too has one per process."""

    def __init__(self) -> None:
        self.error: tuple[int, str] = (0, "")
        self.options: dict[str, Any] = {}
        self.path = "SIMULATED\\Terminal"
        self.greeted = False
        self.depth: set[str] = set()
        self._broker: Broker | None = None
        self._live: Live | None = None
        self._faults = Faults([])
        self._broken: int | None = -10004
        self._since = time.monotonic()

    def attach(self, broker: Broker, options: dict[str, Any], clock: Callable[[], float]) -> None:
        """Serve this broker; it moves only when its owner moves it. ``clock`` measures how long faults last."""
        self.options, self._broker, self._live = options, broker, None
        self._faults = Faults(read_faults(options), clock)
        self.greeted, self._broken, self._since = True, None, time.monotonic()
        broker.shown.login(broker)

    def detach(self) -> None:
        """Forget everything: as if freshly imported."""
        self.__init__()  # type: ignore[misc]

    def connect(self, path: str | None = None, login: int = 0, server: str = "") -> None:
        """``initialize()``: without an attached broker, build one from the environment.

        Options: ``installed`` (false: no terminal on this computer).

        Args:
            path: the terminal's program; as with the vendor, one that does not exist cannot be started.
            login: account asked for; 0 keeps the terminal's own.
            server: server asked for; empty likewise.

        Raises:
            CallError: the scripted failure of initialize, or credentials of another account. The link is closed then.
        """
        if self._broker is None:
            self.options = json.loads(os.environ.get("GUARD_FAKE_OPTIONS", "{}"))
            if "GUARD_FAKE_SCENARIO" in os.environ:
                self.options.setdefault("scenario", os.environ["GUARD_FAKE_SCENARIO"])
            self._faults = Faults(read_faults(self.options))
        self._broken = -10004
        self.depth.clear()
        if path and not _there(path):
            raise CallError(-10003, f"IPC initialize failed, Process create failed '{path}'")
        if not self.options.get("installed", True):
            raise CallError(-10003)
        try:
            self._fault("initialize")
        except CallError as refused:
            self.greeted = self.greeted or refused.code in _AFTER_HELLO
            raise
        if self._broker is None:
            self._live = Live(self.options)
            self._broker = self._live.broker
            self._broker.shown.login(self._broker)
            self._since = time.monotonic()
        self.greeted = True
        self.admit(self._broker, login, server)
        self._broken = None

    @staticmethod
    def admit(broker: Broker, login: int, server: str) -> None:
        """Accept the broker's own account only.

        Raises:
            CallError: authorization failed.
        """
        if (login and login != broker.login) or (server and server != broker.server):
            raise CallError(-6)

    def leave(self) -> None:
        """``shutdown()``: the terminal keeps running."""
        self._broken = -10004

    def _fault(self, call: str) -> None:
        try:
            self._faults.before(call, self._broker, self.options)
        except ConnectionError as broken:
            self._break(broken)

    def answered(self, call: str, arguments: tuple[Any, ...], answer: Any) -> Any:
        """What arrives of an answer.

        Raises:
            CallError: a scripted fault after the call was carried out.
        """
        try:
            return self._faults.after(call, arguments, answer)
        except ConnectionError as broken:
            self._break(broken)

    def _break(self, broken: ConnectionError) -> NoReturn:
        code = int(broken.args[0])
        self._broken = _ACCESS.get(code, code)
        raise CallError(code) from None

    def broker(self, call: str) -> Broker:
        """Begin a call that needs the terminal: connection, faults, the market moved to the present.

        Raises:
            CallError: no connection, or a scripted fault.
        """
        if self._broken is not None:
            raise CallError(self._broken)
        self._fault(call)
        if self._broker is None:
            raise CallError(-10004)
        if self._live is not None:
            self._live.catch_up()
        return self._broker

    def _after(self, option: str) -> bool:
        """Whether a condition is on: ``true``, or seconds since the start."""
        value = self.options.get(option)
        return bool(value) if isinstance(value, bool | None) else time.monotonic() - self._since >= float(value)

    @property
    def connected(self) -> bool:
        """Whether the terminal has its trade server."""
        return not self._after("disconnected")

    @property
    def login(self) -> int | None:
        """Another account number once the account was switched."""
        if not self._after("switch_login_after_s") or self._broker is None:
            return None
        return int(self.options.get("switch_login", self._broker.login + 1))


SESSION = Session()
_NAMELESS = {"none", "positional"}


def vendor_call(family: str, failure: object = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function behave like one of the extension: argument family, last error, failure value.

    Args:
        family: ``none`` (no arguments), ``positional`` (no keywords), ``keywords`` (both), ``request`` (one of them).
        failure: what a failed call returns.
    """

    def wrap(body: Callable[..., Any]) -> Callable[..., Any]:
        name = body.__name__
        said = f"MetaTrader5._core.{name}" if family == "none" else name

        @functools.wraps(body)
        def call(*args: Any, **kwargs: Any) -> Any:
            if kwargs and family in _NAMELESS:
                raise TypeError(f"{said}() takes no keyword arguments")
            if args and family == "none":
                raise TypeError(f"{said}() takes no arguments ({len(args)} given)")
            SESSION.error, PENDING.error = (1, "Success"), None
            try:
                if family == "request" and not kwargs and mapping_given(sys._getframe(1), call):  # noqa: SLF001
                    args = empty_mapping(args)
                answer = SESSION.answered(name, (*args, *kwargs.items()), body(*args, **kwargs))
            except CallError as fault:
                SESSION.error, answer = (fault.code, fault.text), failure
            pending, PENDING.error = PENDING.error, None
            if pending is not None:
                raise SystemError(f"<built-in function {name}> returned a result with an exception set") from pending
            return answer

        return call

    return wrap
