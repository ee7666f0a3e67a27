"""The live figures of a running guard (``guard.status/1``), made from its last look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.app.foreign import foreign_banner
from guard.engine.anchor_set import references
from guard.engine.report import json_number, verdict_json, worst

if TYPE_CHECKING:
    from guard.app.bootstrap import Guarded
    from guard.app.cycle import Outcome
    from guard.engine.step import CycleResult


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
        "severity": worst(result.verdicts).name if result is not None else None,
        "trading_state": result.trading_state.name if result is not None else None,
        "figures": _figures(result) if result is not None else {},
        "verdicts": [verdict_json(verdict) for verdict in result.verdicts] if result is not None else [],
        "anchors": references(result.state, guarded.loaded.policy) if result is not None else [],
        "gaps": [{"path": gap.path, "sentence": gap.sentence} for gap in result.gaps] if result is not None else [],
        "looks_per_s": round(1 / period_s, 1) if period_s > 0 else None,
        "read_ms": round(outcome.read_s * 1000, 2),
        "journal": {"last_row": guarded.patient.last_seq, "writable": guarded.patient.writable},
    }


def _figures(result: CycleResult) -> dict[str, float | str | None]:
    m = result.metrics
    figures = {
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
    return {name: json_number(value) for name, value in figures.items()}
