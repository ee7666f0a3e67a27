"""The worker's side of ``guard doctor``: every reading call timed, and how much there is to read. It only reads."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from guard.terminal.plain import ReadError, call

OFTEN, SELDOM = 50, 3
ENOUGH_S = 1.0
DAY_S = 86_400
AHEAD_S = 2 * DAY_S
Body = dict[str, Any]


def examine(module: Any, name: str, symbols: list[str], utc_s: float) -> Body:
    """Time the calls and count what there is.

    Args:
        module: The terminal's module, connected.
        name: How the module is called.
        symbols: Symbols in use, or any that are in Market Watch.
        utc_s: The PC's UTC; the server is within a day of it.

    Returns:
        ``module``, ``package`` and ``terminal`` versions, ``calls`` (name, how often, failures with their reason, times
        in milliseconds), ``symbols_total`` and ``deals`` (count, oldest and newest in server seconds); ``None`` where
        the module does not tell.

    Raises:
        ReadError: The link failed.
    """
    until = int(utc_s) + AHEAD_S
    calls = [
        _timed("account_info", OFTEN, lambda: call(module, "account_info")),
        _timed("terminal_info", OFTEN, lambda: call(module, "terminal_info")),
        _timed("positions_get", OFTEN, lambda: call(module, "positions_get")),
        _timed("orders_get", OFTEN, lambda: call(module, "orders_get")),
        _timed("symbols_total", OFTEN, lambda: call(module, "symbols_total")),
        _timed("history_deals_total", SELDOM, lambda: call(module, "history_deals_total", DAY_S, until)),
    ]
    deals: list[Any] = []

    def read_deals() -> None:
        deals[:] = call(module, "history_deals_get", DAY_S, until)

    calls.append(_timed("history_deals_get", SELDOM, read_deals))
    for symbol in symbols[:1]:
        calls += _about(module, symbol)
    return {
        "module": name,
        "package": _version(module),
        "terminal": _quietly(lambda: list(module.version())),
        "calls": calls,
        "symbols_total": _quietly(lambda: int(call(module, "symbols_total"))),
        "deals": _span(deals, read=calls[6]["failed"] == 0),
    }


def _about(module: Any, symbol: str) -> list[Body]:
    found = [
        _timed("symbol_info", OFTEN, lambda: call(module, "symbol_info", symbol)),
        _timed("symbol_info_tick", OFTEN, lambda: call(module, "symbol_info_tick", symbol)),
    ]
    price = _quietly(lambda: float(module.symbol_info_tick(symbol).ask))
    if price is not None and price > 0.0:
        question = (0, symbol, 1.0, price, round(price * 1.01, 5))
        found.append(_timed("order_calc_profit", OFTEN, lambda: call(module, "order_calc_profit", *question)))
        found.append(_timed("order_calc_margin", OFTEN, lambda: call(module, "order_calc_margin", *question[:4])))
    return found


def _timed(name: str, times: int, carry_out: Callable[[], object]) -> Body:
    """A call's times over several rounds, at most about a second of them.

    Raises:
        ReadError: The link failed.
    """
    took: list[float] = []
    failed, why = 0, None
    began = time.perf_counter()
    for _ in range(times):
        at = time.perf_counter()
        try:
            carry_out()
        except ReadError as error:
            if error.ipc:
                raise
            failed, why = failed + 1, str(error)
        took.append((time.perf_counter() - at) * 1000.0)
        if time.perf_counter() - began > ENOUGH_S:
            break
    took.sort()
    return {
        "call": name, "count": len(took), "failed": failed, "why": why,
        "p50_ms": round(percentile(took, 50.0), 3), "p99_ms": round(percentile(took, 99.0), 3),
        "max_ms": round(took[-1], 3),
    }  # fmt: skip


def percentile(ordered: list[float], pct: float) -> float:
    """The smallest value that at least ``pct`` percent of the ordered values do not exceed (nearest rank)."""
    return ordered[max(0, math.ceil(len(ordered) * pct / 100.0) - 1)]


def _version(module: Any) -> str | None:
    found = getattr(module, "__version__", None)
    return found if isinstance(found, str) else None


def _quietly(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except (ReadError, TypeError, ValueError, AttributeError, SystemError, RuntimeError):
        return None


def _span(deals: list[Any], *, read: bool) -> Body | None:
    if not read:
        return None
    times = [at for at in (getattr(deal, "time", None) for deal in deals) if isinstance(at, (int, float)) and at > 0]
    return {"count": len(deals), "oldest_s": min(times, default=None), "newest_s": max(times, default=None)}
