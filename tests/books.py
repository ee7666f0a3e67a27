"""Snapshots for tests: plain dicts in the shape of ``guard.snapshot/1``, a quiet account by default."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from guard.engine.policy import Policy
from guard.engine.step import CycleResult, step
from guard.limits.base import Limit
from guard.limits.registry import limit_kinds
from guard.model.snapshot_json import read_snapshot
from guard.model.state import State

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
OFFSET_S = 7200
Dict = dict[str, Any]


def msc(at: datetime) -> int:
    """Server milliseconds of a UTC instant."""
    return round((at.timestamp() + OFFSET_S) * 1000)


def symbol(name: str = "EURUSD", bid: float = 1.1, spread: float = 0.0002, **over: Any) -> Dict:
    return {
        "name": name, "path": f"Forex\\{name}", "currency_base": name[:3], "currency_profit": name[3:6],
        "currency_margin": name[:3], "trade_calc_mode": 0, "digits": 5, "point": 1e-5, "trade_contract_size": 100_000.0,
        "trade_tick_size": 1e-5, "trade_tick_value": 1.0, "trade_tick_value_profit": 1.0, "trade_tick_value_loss": 1.0,
        "volume_min": 0.01, "volume_max": 100.0, "volume_step": 0.01, "margin_initial": 0.0,
        "margin_maintenance": 0.0,
        "margin_hedged": 0.0, "margin_hedged_use_leg": False, "bid": bid, "ask": bid + spread, "last": 0.0,
        "trade_mode": 4,
        **over,
    }  # fmt: skip


def position(ticket: int = 1, lots: float = 0.1, side: str = "buy", **over: Any) -> Dict:
    """0.1 EURUSD bought at 1.1 a minute before noon, at 1.1 now, with a stop 50 pips away."""
    opened = msc(NOON - timedelta(seconds=60))
    sign = 1 if side == "buy" else -1
    return {
        "ticket": ticket, "identifier": ticket, "symbol": "EURUSD", "type": 0 if side == "buy" else 1, "volume": lots,
        "price_open": 1.1, "price_current": 1.1, "sl": round(1.1 - sign * 0.005, 5), "tp": 0.0, "profit": 0.0,
        "swap": 0.0,        "magic": 0, "comment": "", "time": opened // 1000, "time_msc": opened,
        "time_update": opened // 1000,
        "time_update_msc": opened, **over,
    }  # fmt: skip


def deal(ticket: int, at: datetime, *, kind: int = 2, **over: Any) -> Dict:
    return {
        "ticket": ticket, "time": msc(at) // 1000, "time_msc": msc(at), "type": kind, "entry": 0, "position_id": 0,
        "symbol": "", "volume": 0.0, "price": 0.0, "profit": 0.0, "commission": 0.0, "swap": 0.0, "fee": 0.0,
        "reason": 0,        "magic": 0, "comment": "", **over,
    }  # fmt: skip


def account(balance: float = 10_000.0, *, equity: float | None = None, margin: float = 0.0, **over: Any) -> Dict:
    worth = balance if equity is None else equity
    return {
        "login": 5012345, "server": "Broker-Demo", "currency": "USD", "currency_digits": 2, "leverage": 100,
        "margin_mode": 2, "margin_so_mode": 0, "balance": balance, "credit": 0.0, "profit": worth - balance,
        "equity": worth,        "margin": margin, "margin_free": worth - margin,
        "margin_level": worth / margin * 100.0 if margin else 0.0,
        "margin_so_call": 100.0, "margin_so_so": 50.0, "commission_blocked": 0.0, "trade_allowed": True,
        "trade_expert": True, "trade_mode": 0, **over,
    }  # fmt: skip


def snapshot(positions: list[Dict] | None = None, *, at: datetime = NOON, **over: Any) -> Dict:
    """A document; ``positions`` empty by default, money in ``account``, EURUSD and its tick among the symbols."""
    held = [] if positions is None else positions
    symbols = over.pop("symbols", {"EURUSD": symbol()})
    ticks = {
        name: {"bid": row.get("bid"), "ask": row.get("ask"), "last": 0.0, "time": msc(at) // 1000, "time_msc": msc(at)}
        for name, row in symbols.items()
    }
    return {
        "format": "guard.snapshot/1", "taken_at": at.isoformat(), "monotonic_s": at.timestamp() - 1.79e9,
        "boot_id": "b",
        "server_time_msc": msc(at), "server_utc_offset_s": OFFSET_S, "offset_confirmed": True,
        "terminal": {"connected": True, "trade_allowed": True, "tradeapi_disabled": False, "path": "C:\\MT5"},
        "account": account(margin=110.0 if held else 0.0), "positions": held, "orders": [], "symbols": symbols,
        "ticks": ticks, "deals": [], **over,
    }  # fmt: skip


def limit(kind: str, **fields: Any) -> Limit:
    """A limit of a kind, from plain fields as in a configuration."""
    import json  # noqa: PLC0415 - strict models take lists for tuples only from JSON

    return limit_kinds()[kind].model_validate_json(json.dumps(fields))


def policy(*limits: Limit, **over: Any) -> Policy:
    return Policy(limits=limits, **over)


def run(document: Dict, *limits: Limit, state: State | None = None, **over: Any) -> CycleResult:
    """One step on a document."""
    return step(read_snapshot(document), State() if state is None else state, policy(*limits, **over))


def later(document: Dict, seconds: float, **over: Any) -> Dict:
    """The document some seconds later."""
    at = datetime.fromisoformat(document["taken_at"]) + timedelta(seconds=seconds)
    return {
        **document, "taken_at": at.isoformat(), "monotonic_s": document["monotonic_s"] + seconds,
        "server_time_msc": msc(at), **over,
    }  # fmt: skip
