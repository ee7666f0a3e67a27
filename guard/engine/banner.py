"""What is in force, in sentences: what is armed, what is inert and why, what was already broken."""

from __future__ import annotations

from guard.engine.inert import cannot_fire
from guard.engine.policy import Policy
from guard.engine.step import CycleResult
from guard.limits.base import Limit
from guard.model.verdict import Severity

MODES = {
    "warn": "the guard watches and warns, it sends no orders.",
    "rehearse": "the guard plans every deed and writes it down, it sends no orders.",
    "enforce": "the guard acts: it closes, cancels and locks as the limits say.",
}


def threshold(limit: Limit) -> str:
    """A limit's threshold in words; kinds without a number say what they ask for themselves."""
    asks: str | None = getattr(limit, "asks", None)
    if asks is not None:
        return asks
    value: object = limit
    for part in limit.max_field.split("."):
        value = getattr(value, part)
    unit = limit.unit
    loss = getattr(limit, "limit", None)
    if loss is not None and loss.unit == "pct":
        unit = f"% of {loss.basis.replace('_', ' ')}"
    number = f"{value:g}" if isinstance(value, (int, float)) else str(value)
    return f"{'at least' if limit.max_field == 'min' else 'at most'} {number} {unit}"


def armed(limit: Limit) -> str:
    """One limit's line: name, threshold and stages."""
    stages = ", ".join(f"{stage.at_pct:.4g}" for stage in limit.stages)
    period = f" ({getattr(limit, 'period')})" if hasattr(limit, "period") else ""  # noqa: B009  # only some kinds have it
    return f"{limit.name}{period}: {threshold(limit)}, stages {stages} %"


def inert(policy: Policy, result: CycleResult | None) -> list[str]:
    """Limits that cannot speak now, each with the reason."""
    if result is None:
        return []
    out = [
        f"{verdict.limit}: {verdict.sentence}" for verdict in result.verdicts if verdict.severity is Severity.UNKNOWN
    ]
    for limit in policy.limits:
        why = cannot_fire(limit, result.metrics)
        if why is not None:
            out.append(f"{limit.name}: can never fire: {why}")
    if result.metrics.margin_blind:
        names = [limit.name for limit in policy.limits if limit.kind in {"margin_level", "margin_usage"}]
        out.extend(
            f"{name}: no margin is in use although positions are held, the margin level is blind" for name in names
        )
    return out


def banner(policy: Policy, result: CycleResult | None = None) -> list[str]:
    """The start-up lines."""
    lines = [f"Mode {policy.mode}: {MODES[policy.mode]} Limits from {policy.source}."]
    lines.extend(f"armed   {armed(limit)}" for limit in policy.limits)
    lines.extend(f"inert   {line}" for line in inert(policy, result))
    named = {name for limit in policy.limits for stage in limit.stages for name in stage.names}
    idle = sorted(named - {"warn"})
    if idle and not policy.acts:
        lines.append(f"idle    in mode warn only notices are carried out; not carried out: {', '.join(idle)}")
    if not policy.zone_named and any(limit.kind == "period_loss" for limit in policy.limits):
        lines.append(
            "note    the day and week begin at 00:00 UTC until you name a zone (reset = { tz = ..., time = ... })"
        )
    if result is not None:
        lines.extend(
            f"inherited   {verdict.limit}: {verdict.sentence}" for verdict in result.verdicts if verdict.inherited
        )
    return lines
