"""What one more trade would do to every limit, on an account as the guard last saw it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from guard.app.binding import last_held
from guard.engine.policy import Policy
from guard.engine.report import json_number
from guard.engine.step import step
from guard.engine.whatif import binding_limit, with_position
from guard.journal.port import Journal
from guard.metrics.compute import Metrics
from guard.model.errors import InputError
from guard.model.snapshot import Snapshot
from guard.model.snapshot_json import SnapshotReader
from guard.model.state_json import state_from_json
from guard.settings.load import load_document

_START = "start"


def policy_in_force(journal: Journal) -> Policy:
    """The policy of the guard that writes a journal.

    Raises:
        InputError: The journal does not say, or an older version wrote it.
    """
    held = last_held(journal)
    if held is not None:
        return load_document(held.document).policy
    starts = list(journal.rows(_START))
    if not starts:
        raise InputError("the journal does not say which limits are in force: restart the guard")
    return load_document(starts[-1].body["configuration"]).policy


def what_if(
    document: Mapping[str, Any], policy: Policy, symbol: str, side: str, lots: float, stop: float | None
) -> dict[str, Any]:
    """Each limit before and after one more trade at the current price, and the first one that would be broken.

    Args:
        document: The account (``guard.snapshot/1``) with the memory after that look.
        policy: The limits.
        symbol: Its name, as the terminal writes it.
        side: ``buy`` or ``sell``.
        lots: The volume.
        stop: The stop's price; without it the trade counts as one without a stop.

    Raises:
        InputError: The symbol is not in use on this account, or what the trade costs cannot be known.
    """
    snapshot = SnapshotReader().read(document)
    result = step(snapshot, state_from_json(document.get("state")), policy)
    m, sign = result.metrics, 1 if side == "buy" else -1
    entry = (m.by_symbol or {}).get(symbol)
    if entry is None:
        known = ", ".join(sorted(m.by_symbol or {})) or "none"
        raise InputError(f"{symbol[:40]!r} is not a symbol in use on this account; there are: {known}")
    trial = with_position(snapshot, m, entry, sign, lots)
    if trial is None or trial.positions is None:
        raise InputError(f"what a trade in {symbol} costs cannot be known: price, value or margin is missing")
    *held, added = trial.positions
    trial = replace(trial, positions=(*held, added._replace(sl=0.0 if stop is None else stop)))
    after = _readings(trial, m, policy)
    return {
        "taken_at": snapshot.taken_at.isoformat(),
        "trade": {"symbol": symbol, "side": side, "lots": lots, "price": json_number(entry.price), "stop": stop},
        "currency": snapshot.account.currency,
        "binds": binding_limit(trial, m, policy),
        "limits": [
            {
                "limit": verdict.limit,
                "kind": verdict.kind,
                "unit": verdict.unit,
                "threshold": json_number(verdict.threshold),
                "value": json_number(verdict.value),
                "value_after": after[verdict.limit][0],
                "utilization_pct": json_number(verdict.utilization_pct),
                "utilization_after_pct": after[verdict.limit][1],
            }
            for verdict in result.verdicts
        ],
        "effective_leverage": json_number(m.effective_leverage),
        "effective_leverage_after": json_number(_metrics(trial, m).effective_leverage),
        "margin_level_pct": json_number(m.margin_level_pct),
        "margin_level_after_pct": json_number(_metrics(trial, m).margin_level_pct),
    }


def _metrics(trial: Snapshot, m: Metrics) -> Metrics:
    metrics = Metrics(trial, m.context)
    metrics.unprotected_s = m.unprotected_s
    return metrics


def _readings(
    trial: Snapshot, m: Metrics, policy: Policy
) -> dict[str, tuple[float | str | None, float | str | None]]:
    metrics = _metrics(trial, m)
    out = {}
    for limit in policy.limits:
        reading = limit.evaluate(metrics)
        out[limit.name] = (json_number(reading.value), json_number(reading.utilization_pct))
    return out
