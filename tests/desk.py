"""A trading desk for tests of the simulated broker: an account with well-known symbols, and requests by keyword."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fakes import trading
from fakes.broker import Broker
from fakes.symbols import STANDARD, SymbolSpec

START = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)  # a Tuesday; 11:00 on the server's clock


def desk(*specs: SymbolSpec, **options: Any) -> Broker:
    """An account of 10,000 with these symbols (EURUSD at 1.08450/1.08458 when none is given)."""
    usual: dict[str, Any] = {"balance": 10_000.0, "start_utc": START}
    made = Broker(**(usual | options))
    for spec in specs or (STANDARD["EURUSD"],):
        made.add_symbol(spec)
    return made


def euro(**facts: Any) -> SymbolSpec:
    """EURUSD with other facts."""
    return replace(STANDARD["EURUSD"], **facts)


def ask(broker: Broker, **request: Any) -> dict[str, Any]:
    """Send a request as a program does: symbol EURUSD, 0.1 lots, FOK for market orders, RETURN for pending ones."""
    usual: dict[str, Any] = {"symbol": "EURUSD", "volume": 0.1}
    if request["action"] == 5:
        usual["type_filling"] = 2
    return trading.send(broker, trading.full(**(usual | request)))


def buy(broker: Broker, lots: float = 0.1, **request: Any) -> dict[str, Any]:
    """A market buy."""
    return ask(broker, action=1, volume=lots, type=0, **request)


def sell(broker: Broker, lots: float = 0.1, **request: Any) -> dict[str, Any]:
    """A market sell."""
    return ask(broker, action=1, volume=lots, type=1, **request)
