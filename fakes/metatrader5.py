"""A simulated terminal shaped like the vendor's ``MetaTrader5`` package: same names, values and failures.

``SIMULATED`` is true and every name it shows says SIMULATED: a guard for a real account refuses it. ``attach(broker)``
makes it serve a broker in this process; otherwise ``initialize()`` builds one from the environment variable
``GUARD_FAKE_OPTIONS`` (see ``fakes.live.Live`` and ``fakes.faults``) that moves in real time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from fakes import arguments, views
from fakes.broker import Broker
from fakes.calls_market import (
    copy_rates_from,
    copy_rates_from_pos,
    copy_rates_range,
    copy_ticks_from,
    copy_ticks_range,
    market_book_add,
    market_book_get,
    market_book_release,
    symbol_info,
    symbol_info_tick,
    symbol_select,
    symbols_get,
    symbols_total,
)  # fmt: skip
from fakes.calls_trade import (
    history_deals_get,
    history_deals_total,
    history_orders_get,
    history_orders_total,
    order_calc_margin,
    order_calc_profit,
    order_check,
    order_send,
    orders_get,
    orders_total,
    positions_get,
    positions_total,
)  # fmt: skip
from fakes.faults import CallError
from fakes.helpers import Buy, Close, Sell, _RawOrder  # noqa: F401 (the vendor's private one has users too)
from fakes.records import CONSTANTS, RECORD_TYPES, Record
from fakes.session import SESSION, vendor_call

__all__ = [  # noqa: PLE0604 (the vendor's constants and record types come from its data)
    *CONSTANTS, *RECORD_TYPES, "SIMULATED", "Buy", "Close", "Sell", "account_info", "attach", "copy_rates_from",
    "copy_rates_from_pos", "copy_rates_range", "copy_ticks_from", "copy_ticks_range", "detach", "history_deals_get",
    "history_deals_total", "history_orders_get", "history_orders_total", "initialize", "last_error", "login",
    "market_book_add", "market_book_get", "market_book_release", "order_calc_margin", "order_calc_profit",
    "order_check", "order_send", "orders_get", "orders_total", "positions_get", "positions_total", "shutdown",
    "symbol_info", "symbol_info_tick", "symbol_select", "symbols_get", "symbols_total", "terminal_info", "version",
]  # fmt: skip

SIMULATED = True
__version__ = "5.0.6231"
__author__ = "SIMULATED (names and values of the MetaQuotes Ltd. package)"
globals().update(CONSTANTS)
globals().update(RECORD_TYPES)


def attach(broker: Broker, options: dict[str, Any] | None = None, clock: Callable[[], float] = time.monotonic) -> None:
    """Serve this broker, which only its owner moves; ``options`` are those of ``fakes.faults`` and of the session."""
    SESSION.attach(broker, {} if options is None else options, clock)


def detach() -> None:
    """Forget the broker, the connection and the last error."""
    SESSION.detach()


# -------------------------------------------------------------------------------------------------------- connection
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
    return 500, views.BUILD, "16 Feb 2026"


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
        tradeapi_disabled=options.get("tradeapi_disabled", False),
    )  # fmt: skip


@vendor_call("none")
def account_info() -> Record:
    """The account."""
    broker = SESSION.broker("account_info")
    return views.account(broker, trade_allowed=not SESSION.options.get("investor", False), login=SESSION.login)
