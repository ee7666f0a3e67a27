"""What is left of each rule, as data: what may still be lost and until when, targets, days, the best day. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from guard.engine.inert import floor_of, headroom
from guard.engine.policy import Policy
from guard.engine.report import json_number
from guard.engine.step import CycleResult
from guard.limits.base import Limit
from guard.metrics.compute import Metrics
from guard.model.snapshot import Snapshot
from guard.model.tradingday import period_bounds

LOSSES = ("period_loss", "max_drawdown", "equity_floor", "symbol_loss", "trade_idea_risk")
GAINS = ("period_profit",)
DAYS = ("trading_days", "consistency")


def objectives(result: CycleResult, snapshot: Snapshot, policy: Policy) -> list[dict[str, Any]]:
    """One row a rule about losses, targets and days.

    ``may_lose`` is account currency, below 0 beyond the rule, ``null`` when it is not known; ``until`` is when the
    period ends (UTC, ``null``: it does not), ``in_s`` the seconds to it; ``sentence`` says all of it.
    """
    verdicts = {verdict.limit: verdict for verdict in result.verdicts}
    rows = []
    for limit in policy.limits:
        if limit.kind not in (*LOSSES, *GAINS, *DAYS) or limit.name not in verdicts:
            continue
        verdict = verdicts[limit.name]
        row: dict[str, Any] = {"limit": limit.name, "kind": limit.kind, "severity": verdict.severity.name,
                               "effect": limit.effect, "stage": limit.stage}  # fmt: skip
        if limit.kind in LOSSES:
            row |= _loss(limit, result.metrics, snapshot)
        elif limit.kind in GAINS:
            row |= _gain(limit, result.metrics, snapshot)
        else:
            row |= _days(limit, result.metrics)
        row["sentence"] = row["sentence"] if row["sentence"] else verdict.sentence
        rows.append(row)
    return rows


def until(limit: Limit, snapshot: Snapshot) -> tuple[datetime | None, str, str]:
    """When the limit's period ends, the local time and the zone's short name; ``None`` when it does not end."""
    reset, period = getattr(limit, "reset", None), getattr(limit, "period", None)
    if reset is None or period not in ("day", "week", "month"):
        return None, "", ""
    hour, minute = (int(part) for part in reset.time.split(":"))
    _, end = period_bounds(snapshot.taken_s, period, reset.tz, time(hour, minute))
    return end.astimezone(UTC), reset.time, reset.tz.rsplit("/", 1)[-1].replace("_", " ")


def span(seconds: float) -> str:
    """A duration as people say it: 4 h 12, 12 min, 2 d 3 h."""
    minutes = int(max(0.0, seconds) // 60)
    if minutes >= 2 * 1440:
        return f"{minutes // 1440} d {minutes % 1440 // 60} h"
    return f"{minutes // 60} h {minutes % 60:02d}" if minutes >= 60 else f"{minutes} min"


def _ends(limit: Limit, snapshot: Snapshot) -> tuple[dict[str, Any], str]:
    end, clock, zone = until(limit, snapshot)
    if end is None:
        return {"until": None, "in_s": None}, ""
    left = end.timestamp() - snapshot.taken_s
    day = "" if left <= 86_400.0 else f" on {end.date().isoformat()}"
    return {"until": end.isoformat(), "in_s": round(left, 1)}, f" until {clock} {zone}{day} (in {span(left)})"


def _loss(limit: Limit, m: Metrics, snapshot: Snapshot) -> dict[str, Any]:
    left = headroom(limit, m)
    floor = floor_of(limit, m)
    ends, when = _ends(limit, snapshot)
    currency = f" {m.account.currency}" if m.account.currency is not None else ""
    if left is None:
        sentence = ""
    elif left > 0.0:
        sentence = f"You may still lose {left:,.2f}{currency}{when}"
    else:
        sentence = f"Nothing may be lost any more{when}: {-left:,.2f}{currency} beyond the limit"
    return {"may_lose": json_number(left), "floor": json_number(floor), **ends, "sentence": sentence}


def _gain(limit: Limit, m: Metrics, snapshot: Snapshot) -> dict[str, Any]:
    reading = limit.evaluate(m)
    ends, when = _ends(limit, snapshot)
    value, target = reading.value, reading.threshold
    missing = None if value is None or target is None else max(0.0, target - value)
    sentence = ""
    if missing is not None and value is not None and target is not None:
        reached = f"The target of {target:,.2f} is reached{when}" if missing == 0.0 else ""
        sentence = reached if reached else f"{missing:,.2f} of {target:,.2f} are missing to the target{when}"
    return {"profit": json_number(value), "target": json_number(target), "missing": json_number(missing), **ends,
            "sentence": sentence}  # fmt: skip


def _days(limit: Limit, m: Metrics) -> dict[str, Any]:
    reading = limit.evaluate(m)
    if limit.kind == "trading_days":
        value, least = reading.value, reading.threshold
        missing = None if value is None or least is None else max(0.0, least - value)
        return {"days": json_number(value), "minimum_days": json_number(least), "missing": json_number(missing),
                "sentence": ""}  # fmt: skip
    best, total, needed = reading.detail if reading.detail else (None, None, None)
    numbers = [float(one) if isinstance(one, (int, float)) else None for one in (best, total, needed)]
    still = None if numbers[1] is None or numbers[2] is None else max(0.0, numbers[2] - numbers[1])
    return {"best_day": json_number(numbers[0]), "total_profit": json_number(numbers[1]),
            "profit_needed": json_number(numbers[2]), "missing": json_number(still),
            "share_pct": json_number(reading.value), "largest_share_pct": json_number(reading.threshold),
            "sentence": ""}  # fmt: skip
