"""The connection, and what is told of terminal and account: the simulated module's calls about the link itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from fakes import arguments, views
from fakes.broker import Broker
from fakes.faults import CallError
from fakes.records import Record
from fakes.session import SESSION, vendor_call


def attach(broker: Broker, options: dict[str, Any] | None = None, clock: Callable[[], float] = time.monotonic) -> None:
    """Serve this broker, which only its owner moves; ``options`` are those of ``fakes.faults`` and of the session."""
    SESSION.attach(broker, {} if options is None else options, clock)


def detach() -> None:
    """Forget the broker, the connection and the last error."""
    SESSION.detach()


@vendor_call("keywords", failure=False)
def initialize(*args: Any, **kwargs: Any) -> bool:
    """Connect: serve the attached broker, or build one from the environment."""
    given = arguments.connection(args, kwargs, ("path",))
    SESSION.connect(given.get("path"), given.get("login", 0), given.get("server", ""))
    return True


@vendor_call("keywords", failure=False)
def login(*args: Any, **kwargs: Any) -> bool:
    """Change nothing: only the broker's own account number is accepted."""
    given = arguments.connection(args, kwargs, ("login", "password", "server"))
    if not given.get("login"):
        raise CallError(-2, 'Invalid "login" argument')
    SESSION.admit(SESSION.broker("login"), given["login"], given.get("server", ""))
    return True


@vendor_call("none")
def shutdown() -> bool:
    """Disconnect; the terminal keeps running."""
    SESSION.leave()
    return True


@vendor_call("none", failure=(0, 0, ""))
def version() -> tuple[int, int, str]:
    """Terminal version, build and date."""
    SESSION.broker("version")
    return 500, SESSION.options.get("build", views.BUILD), "16 Feb 2026"


def last_error(*args: Any, **kwargs: Any) -> tuple[int, str]:
    """Code and text of the last failure of this process."""
    if kwargs:
        raise TypeError("MetaTrader5._core.last_error() takes no keyword arguments")
    if args:
        raise TypeError(f"MetaTrader5._core.last_error() takes no arguments ({len(args)} given)")
    return SESSION.error


@vendor_call("none")
def terminal_info() -> Record:
    """The terminal's state."""
    SESSION.broker("terminal_info")
    options = SESSION.options
    return views.terminal(
        connected=SESSION.connected, path=SESSION.path, trade_allowed=options.get("algo_trading", True),
        tradeapi_disabled=options.get("tradeapi_disabled", False), build=options.get("build", views.BUILD),
    )  # fmt: skip


@vendor_call("none")
def account_info() -> Record:
    """The account."""
    broker = SESSION.broker("account_info")
    return views.account(broker, trade_allowed=not SESSION.options.get("investor", False), login=SESSION.login)
