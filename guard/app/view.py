"""One look as people see it: figures, verdicts, positions with their risk, locks and what the guard means to do."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from guard.engine.report import json_number, position_figures, verdict_json, worst

if TYPE_CHECKING:
    from guard.engine.step import CycleResult
    from guard.model.enforcement import Lock
    from guard.model.intent import Intent
    from guard.model.snapshot import Snapshot


def account_view(result: CycleResult | None, snapshot: Snapshot | None) -> dict[str, Any]:
    """The part of a status document that comes from the last look that saw; empty lists and nulls without one."""
    if result is None or snapshot is None:
        return {
            "severity": None, "trading_state": None, "figures": {}, "verdicts": [], "gaps": [], "positions": None,
            "locks": [], "intents": [],
        }  # fmt: skip
    return {
        "severity": worst(result.verdicts).name,
        "trading_state": result.trading_state.name,
        "figures": figures(result),
        "verdicts": [verdict_json(verdict) for verdict in result.verdicts],
        "gaps": [{"path": gap.path, "sentence": gap.sentence} for gap in result.gaps],
        "positions": positions(result),
        "locks": [lock_json(lock, snapshot.taken_at) for lock in result.state.locks],
        "intents": [intent_json(intent) for intent in result.state.enforcing.intents],
    }


def figures(result: CycleResult) -> dict[str, float | str | None]:
    """The headline figures. Money in account currency, ``_pct`` in percent points."""
    m = result.metrics
    found = {
        "balance": m.account.balance,
        "equity": m.equity,
        "floating": m.floating,
        "used_margin": m.account.margin,
        "margin_level_pct": m.margin_level_pct,
        "effective_leverage": m.effective_leverage,
        "loss_to_margin_call": m.loss_to_margin_call,
        "loss_to_stop_out": m.loss_to_stop_out,
        "open_risk_pct": m.open_risk_pct,
        "positions": None if m.snapshot.positions is None else float(len(m.snapshot.positions)),
    }
    return {name: json_number(value) for name, value in found.items()}


def positions(result: CycleResult) -> list[dict[str, Any]] | None:
    """Each open position with its risk at the stop; ``None`` when the book is not known."""
    m = result.metrics
    if m.snapshot.positions is None or m.rows is None:
        return None
    held = {row.position.ticket: row.position for row in m.rows}
    out = []
    for row in position_figures(m):
        p = held[row["ticket"]]
        seen = {"price_open": p.price_open, "price_current": p.price_current, "sl": p.sl, "tp": p.tp,
                "profit": p.profit}  # fmt: skip
        out.append({**row, **{name: json_number(value) for name, value in seen.items()}})
    return out


def lock_json(lock: Lock, now: datetime) -> dict[str, Any]:
    """A lock; ``remaining_s`` is null where no instant ends it."""
    left = None if lock.until is None else max(0.0, (datetime.fromisoformat(lock.until) - now).total_seconds())
    return {
        "id": lock.id,
        "limit": lock.limit,
        "reason": lock.reason,
        "at": lock.at,
        "until": lock.until,
        "remaining_s": None if left is None else round(left, 1),
        "latched": lock.latched,
        "no_override": lock.no_override,
    }


def intent_json(intent: Intent) -> dict[str, Any]:
    """What the guard means to do about one breach, and what it waits for."""
    return {
        "id": intent.id,
        "limit": intent.limit,
        "action": intent.action,
        "stage_pct": json_number(intent.stage_pct),
        "since": intent.since,
        "opened_at": intent.opened_at,
        "expires_at": intent.expires_at,
        "status": intent.status,
        "why": intent.why,
        "tickets": list(intent.tickets),
    }
