"""The live figures of a running guard (``guard.status/1``), made from its last look."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from guard.app.binding import iso, said
from guard.app.foreign import foreign_banner
from guard.app.upkeep import trusted_now
from guard.app.view import account_view, intent_json, lock_json
from guard.engine.anchor_set import references
from guard.engine.objectives import objectives

if TYPE_CHECKING:
    from guard.app.bootstrap import Guarded
    from guard.app.cycle import Outcome


def status_document(guarded: Guarded, outcome: Outcome, period_s: float) -> dict[str, Any]:
    """What ``status`` and ``watch`` show; every figure is a number, ``"inf"``, or null when it is not known."""
    result, snapshot = outcome.result, outcome.snapshot
    money = snapshot.account if snapshot is not None else None
    banner = foreign_banner(guarded.loaded)
    return {
        "at": outcome.at,
        "started_at": guarded.started_at,
        "account": {
            "login": guarded.account.login,
            "server": guarded.account.server,
            "currency": money.currency if money is not None else None,
        },
        "mode": guarded.loaded.policy.mode,
        "limits_from": guarded.loaded.policy.source,
        "home": str(guarded.home.root),
        "state": "watching" if outcome.blind is None else "blind",
        "blind": outcome.blind,
        "warnings": [*([banner] if banner is not None else []), *guarded.cycle.standing],
        **account_view(result, snapshot),
        **status_enforcement(guarded),
        "anchors": references(result.state, guarded.loaded.policy) if result is not None else [],
        "objectives": objectives(result, snapshot, guarded.loaded.policy)
        if result is not None and snapshot is not None
        else [],
        "looks_per_s": round(1 / period_s, 1) if period_s > 0 else None,
        "read_ms": round(outcome.read_s * 1000, 2),
        "journal": {"last_row": guarded.patient.last_seq, "writable": guarded.patient.writable},
    }


def status_enforcement(guarded: Guarded) -> dict[str, Any]:
    """Locks, intents and what waits, from the guard's memory: they hold while the account cannot be seen, too."""
    state, held = guarded.cycle.state, guarded.binding.held
    now = datetime.fromtimestamp(trusted_now(guarded), UTC)
    return {
        "armed_at": held.armed_at if held is not None else None,
        "locks": [lock_json(lock, now) for lock in state.locks],
        "intents": [intent_json(intent) for intent in state.enforcing.intents],
        "overrides": [
            {"lock": one.lock, "due_at": iso(one.due_s), "reason": one.reason} for one in guarded.overrides.waiting
        ],
        "waits": [said(wait) for wait in held.waits] if held is not None else [],
    }
