"""The evaluation document (``guard.evaluation/1``): figures, verdicts and gaps of one cycle as JSON. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from guard.engine.policy import Policy
from guard.engine.step import CycleResult
from guard.engine.whatif import max_additional_lots
from guard.metrics import levels, outlook
from guard.metrics.compute import Metrics
from guard.model.snapshot import Snapshot
from guard.model.verdict import Severity, Verdict

FORMAT = "guard.evaluation/1"


def json_number(value: float | None) -> float | str | None:
    """A JSON-safe number: infinite becomes "inf" or "-inf", not-a-number becomes null."""
    if value is None or math.isnan(value):
        return None
    if math.isinf(value):
        return "inf" if value > 0.0 else "-inf"
    return value


def worst(verdicts: Iterable[Verdict]) -> Severity:
    """The worst severity; OK when there are no verdicts."""
    return max((verdict.severity for verdict in verdicts), default=Severity.OK)


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """One verdict."""
    return {
        "limit": verdict.limit,
        "kind": verdict.kind,
        "severity": verdict.severity.name,
        "value": json_number(verdict.value),
        "threshold": json_number(verdict.threshold),
        "unit": verdict.unit,
        "utilization_pct": json_number(verdict.utilization_pct),
        "offending": list(verdict.offending),
        "sentence": verdict.sentence,
        "acting": verdict.acting,
        "inherited": verdict.inherited,
        "stage_pct": verdict.stage_pct,
        "actions": list(verdict.actions),
    }


def account_figures(m: Metrics) -> dict[str, Any]:
    """The account's figures. Money in account currency, ``_pct`` in percent points."""
    a = m.account
    call, so = m.call_level, m.stop_out_level
    free = None if a.equity is None or a.margin is None else levels.free_margin(a.equity, a.margin)
    figures: dict[str, Any] = {
        "currency": a.currency,
        "balance": a.balance,
        "equity": m.equity,
        "credit": a.credit,
        "floating": m.floating,
        "used_margin": a.margin,
        "free_margin": free,
        "notional_gross": m.notional_gross,
        "notional_net": m.notional_net,
        "effective_leverage": m.effective_leverage,
        "effective_leverage_net": m.effective_leverage_net,
        "margin_level_pct": m.margin_level_pct,
        "margin_usage_pct": m.margin_usage_pct,
        "margin_blind": m.margin_blind,
        "margin_call_level": call[0],
        "margin_call_level_source": call[1],
        "stop_out_level": so[0],
        "stop_out_level_source": so[1],
        "loss_to_margin_call": m.loss_to_margin_call,
        "loss_to_stop_out": m.loss_to_stop_out,
        "adverse_move_to_stop_out_pct": outlook.adverse_move_to_stop_out_pct(m),
        "spread_to_stop_out": outlook.spread_to_stop_out(m),
        "target_margin_level_pct": m.context.target_margin_level_pct,
        "deposit_to_level": outlook.deposit_to_level(m),
        "lots_to_close_to_level": outlook.lots_to_close_to_level(m),
        "exposure_by_symbol": outlook.exposure_by_symbol(m),
        "exposure_by_currency": outlook.exposure_by_currency(m),
        "exposure_by_asset_class": outlook.exposure_by_asset_class(m),
        "open_risk": m.open_risk,
        "open_risk_pct": m.open_risk_pct,
        "worst_case": outlook.worst_case(m),
        "stress": outlook.stress(m),
    }
    return {key: _json_safe(value) for key, value in figures.items()}


def _json_safe(value: object) -> object:
    """A figure, or a list or an object of figures, with ``json_number`` applied to each number."""
    if isinstance(value, float):
        return json_number(value)
    if isinstance(value, dict):
        return {key: _json_safe(part) for key, part in value.items()}
    return [_json_safe(part) for part in value] if isinstance(value, list) else value


def position_figures(m: Metrics) -> list[dict[str, Any]]:
    """Each position's figures; an empty list when the book is not known (``gaps`` says so)."""
    out = []
    for row in m.rows or []:
        p = row.position
        if row.why:
            m.gap(f"positions.{p.ticket}", row.why)
        out.append(
            {
                "ticket": p.ticket,
                "symbol": p.symbol,
                "side": None if p.side is None else ("buy" if p.side > 0 else "sell"),
                "volume_lots": p.volume,
                "notional": json_number(row.notional),
                "unprotected": row.unprotected,
                "covered": row.covered,
                "unprotected_s": json_number(m.since_bare(row)),
                "loss_at_stop": json_number(row.loss_at_stop),
                "entry_equity": json_number(row.entry_equity),
                "risk_per_trade_pct": json_number(row.risk_pct),
            }
        )
    return out


def symbol_figures(m: Metrics, snapshot: Snapshot, result: CycleResult, policy: Policy) -> dict[str, dict[str, Any]]:
    """Each symbol in use: value of a move, lots, exposure, prices at call and stop-out, room for more."""
    out: dict[str, dict[str, Any]] = {}
    for name, entry in (m.by_symbol or {}).items():
        out[name] = {
            "k": json_number(entry.k),
            "k_flagged": entry.flagged,
            "asset_class": entry.asset_class,
            "buy_lots": entry.buy_lots,
            "sell_lots": entry.sell_lots,
            "net_lots": entry.net_lots,
            "price": entry.price,
            "exposure": json_number(entry.notional_signed),
            "price_at_margin_call": json_number(outlook.price_at(m, entry, m.loss_to_margin_call)),
            "price_at_stop_out": json_number(outlook.price_at(m, entry, m.loss_to_stop_out)),
            "max_additional_lots": max_additional_lots(snapshot, result, policy, entry),
        }
    return out


def evaluation(result: CycleResult, snapshot: Snapshot, policy: Policy) -> dict[str, Any]:
    """The whole document: every figure is a number, ``"inf"``, or null with a sentence in ``gaps``."""
    m = result.metrics
    metrics = account_figures(m)
    positions = position_figures(m)
    symbols = symbol_figures(m, snapshot, result, policy)
    metrics["loss_in_period"], metrics["drawdown"] = _losses(result, "period_loss"), _losses(result, "max_drawdown")
    gaps = {(gap.path, gap.sentence): None for gap in (*result.gaps, *m.gaps)}
    return {
        "format": FORMAT,
        "taken_at": snapshot.taken_at.isoformat(),
        "mode": policy.mode,
        "policy": {"source": policy.source, "sha256": policy.sha256},
        "metrics": metrics,
        "positions": positions,
        "symbols": symbols,
        "verdicts": [verdict_json(verdict) for verdict in result.verdicts],
        "severity": worst(result.verdicts).name,
        "trading_state": result.trading_state.name,
        "blind": result.blind,
        "intents": [intent._asdict() for intent in result.intents],
        "gaps": [{"path": path, "sentence": sentence} for path, sentence in gaps],
    }


def _losses(result: CycleResult, kind: str) -> dict[str, Any]:
    """Losses of one kind by limit, and the binding one (highest utilization) by name."""
    rows = [verdict for verdict in result.verdicts if verdict.kind == kind]
    known = [verdict for verdict in rows if verdict.utilization_pct is not None]
    binding = max(known, key=lambda v: v.utilization_pct if v.utilization_pct is not None else 0.0, default=None)
    return {
        "by_limit": {verdict.limit: json_number(verdict.value) for verdict in rows},
        "binding": binding.limit if binding is not None else None,
        "value": json_number(binding.value) if binding is not None else None,
    }
