"""A simulated terminal shaped like the vendor's ``MetaTrader5`` package: same names, values and failures.

``SIMULATED`` is true and every name it shows says SIMULATED: a guard for a real account refuses it. ``attach(broker)``
makes it serve a broker in this process; otherwise ``initialize()`` builds one from the environment variable
``GUARD_FAKE_OPTIONS`` (see ``fakes.live.Live`` and ``fakes.faults``) that moves in real time.
"""

from fakes import records as _records
from fakes.calls_link import (
    account_info,
    attach,
    detach,
    initialize,
    last_error,
    login,
    shutdown,
    terminal_info,
    version,
)  # fmt: skip
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
from fakes.helpers import Buy, Close, Sell, _RawOrder  # noqa: F401 (the vendor's private one has users too)

__all__ = [  # noqa: PLE0604 (the vendor's constants and record types come from its data)
    *_records.CONSTANTS, *_records.RECORD_TYPES,
    "SIMULATED", "Buy", "Close", "Sell", "account_info", "attach", "copy_rates_from",
    "copy_rates_from_pos", "copy_rates_range", "copy_ticks_from", "copy_ticks_range", "detach", "history_deals_get",
    "history_deals_total", "history_orders_get", "history_orders_total", "initialize", "last_error", "login",
    "market_book_add", "market_book_get", "market_book_release", "order_calc_margin", "order_calc_profit",
    "order_check", "order_send", "orders_get", "orders_total", "positions_get", "positions_total", "shutdown",
    "symbol_info", "symbol_info_tick", "symbol_select", "symbols_get", "symbols_total", "terminal_info", "version",
]  # fmt: skip

SIMULATED = True
__version__ = "5.0.6231"
__author__ = "SIMULATED (names and values of the MetaQuotes Ltd. package)"
globals().update(_records.CONSTANTS)
globals().update(_records.RECORD_TYPES)
