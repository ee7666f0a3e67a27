"""Snapshots for tests: a small account as the terminal gives it, with what a test wants to be different."""

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

from guard.engine.policy import Policy
from guard.engine.step import CycleResult, step
from guard.model.snapshot_json import read_snapshot
from guard.model.state import State
from guard.settings.load import default_policy

BEGAN = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
SYMBOL: dict[str, Any] = {
    "name": "EURUSD", "currency_base": "EUR", "currency_profit": "USD", "currency_margin": "EUR", "trade_calc_mode": 0,
    "digits": 5, "point": 1e-05, "trade_contract_size": 100000.0, "trade_tick_size": 1e-05, "trade_tick_value": 1.0,
    "trade_tick_value_profit": 1.0, "trade_tick_value_loss": 1.0, "volume_min": 0.01, "volume_max": 100.0,
    "volume_step": 0.01, "margin_hedged": 100000.0, "bid": 1.1, "ask": 1.1001, "path": "Forex\\EURUSD",
}  # fmt: skip


def position(ticket: int = 1, lots: float = 0.1, sl: float = 1.09, comment: str = "") -> dict[str, Any]:
    """A EURUSD buy without profit."""
    return {
        "ticket": ticket, "identifier": ticket, "symbol": "EURUSD", "type": 0, "volume": lots, "price_open": 1.1,
        "price_current": 1.1, "sl": sl, "tp": 0.0, "profit": 0.0, "swap": 0.0, "magic": 0, "comment": comment,
        "external_id": "x1" if comment else "", "time": 1795190000, "time_update": 1795190000,
    }  # fmt: skip


def document(at_s: float = 0.0, **changes: Any) -> dict[str, Any]:
    """A snapshot ``at_s`` seconds after the beginning: 10 000 USD and one protected position."""
    at = BEGAN + timedelta(seconds=at_s)
    account = {
        "login": 5012345, "server": "Broker-Demo", "name": "A. Trader", "company": "A Broker", "currency": "USD",
        "currency_digits": 2, "leverage": 100, "margin_mode": 2, "margin_so_mode": 0, "margin_so_call": 100.0,
        "margin_so_so": 50.0, "balance": 10000.0, "credit": 0.0, "profit": 0.0, "equity": 10000.0, "margin": 110.0,
        "margin_free": 9890.0, "margin_level": 9090.9, "commission_blocked": 0.0, "trade_mode": 0,
    }  # fmt: skip
    made: dict[str, Any] = {
        "format": "guard.snapshot/1",
        "taken_at": at.isoformat(),
        "monotonic_s": 1000.0 + at_s,
        "boot_id": "one",
        "server_time_msc": int((at.timestamp() + 7200) * 1000),
        "server_utc_offset_s": 7200,
        "offset_confirmed": True,
        "terminal": {"connected": True, "path": "C:\\Program Files\\Broker MT5", "name": "Broker MT5"},
        "account": account,
        "positions": [position()],
        "orders": [],
        "symbols": {"EURUSD": copy.deepcopy(SYMBOL)},
        "ticks": {"EURUSD": {"bid": 1.1, "ask": 1.1001, "last": 0.0, "time": int(at.timestamp() + 7200)}},
        "deals": [],
        "asked": [],
    }
    account.update(changes.pop("account", {}))
    made.update(changes)
    return made


def broke(at_s: float = 0.0) -> dict[str, Any]:
    """The same account, half lost: several limits are in breach."""
    lost = {"equity": 5000.0, "profit": -5000.0, "margin_free": 4890.0, "margin_level": 4545.45}
    held = {**position(lots=1.0, sl=0.0), "profit": -5000.0, "price_current": 1.05}
    return document(at_s, account=lost, positions=[held])


def look(made: dict[str, Any], state: State | None = None, policy: Policy | None = None) -> CycleResult:
    """One step on a snapshot."""
    return step(read_snapshot(made), state if state is not None else State(), policy or default_policy())
