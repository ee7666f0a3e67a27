"""References set by the trader, for what the guard did not see. Pure: a state and a wish in, a new state out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, time
from typing import Any

from guard.engine.policy import Policy
from guard.limits.base import AnchorNeed, Limit
from guard.model.errors import InputError
from guard.model.snapshot import Snapshot
from guard.model.state import Anchor, State
from guard.model.tradingday import period_bounds

FIELDS = ("balance", "equity", "peak_equity", "peak_balance")
SHORTEST_REASON = 3


def references(state: State, policy: Policy) -> list[dict[str, Any]]:
    """Every limit that counts from a reference, with what is remembered of it."""
    return [
        {"limit": limit.name, "kind": limit.kind, "key": need.key, "period": need.period, "zone": need.tz,
         "reset": need.at, "anchor": asdict(anchor) if (anchor := state.anchors.get(need.key)) is not None else None}
        for limit in policy.limits
        for need in limit.anchor_needs()
    ]  # fmt: skip


def set_anchor(
    state: State, policy: Policy, snapshot: Snapshot, name: str, values: Mapping[str, float], reason: str
) -> tuple[State, str]:
    """The state with the references of limit ``name`` set, and one sentence about what was changed.

    Args:
        state: The engine's memory.
        policy: What is in force.
        snapshot: The last reading, for the period that runs.
        name: A limit's name.
        values: Money by field of ``FIELDS``, in account currency, credit left out.
        reason: Why; it is journaled.

    Raises:
        InputError: No such limit or field, a value out of range, or no reason.
    """
    if len(reason.strip()) < SHORTEST_REASON:
        message = "a reason is needed: --reason, in a few words; it is journaled"
        raise InputError(message)
    limit = next((one for one in policy.limits if one.name == name), None)
    needs = limit.anchor_needs() if limit is not None else ()
    if limit is None or not needs:
        known = ", ".join(one.name for one in policy.limits if one.anchor_needs())
        known = known if known else "none"
        message = f"there is no limit '{name}' that counts from a reference; those that do: {known}"
        raise InputError(message)
    for field, value in values.items():
        if field not in FIELDS or not 0.0 < value < 1e15:
            message = f"{field} must be one of {', '.join(FIELDS)} with an amount above 0"
            raise InputError(message)
    if not values:
        message = f"nothing to set: give at least one of {', '.join(FIELDS)}"
        raise InputError(message)
    anchors = dict(state.anchors)
    for need in needs:
        if need.period == "life" or "peak_equity" not in values or need.peaks:
            anchors[need.key] = _changed(anchors.get(need.key), need, snapshot, values)
    said = ", ".join(f"{field} {value:,.2f}" for field, value in values.items())
    looser = _lower(state, anchors, limit)
    more = "; the floor falls by it" if looser else ""
    return replace(state, anchors=anchors), f"{name}: {said} is set ({reason.strip()}){more}."


def _changed(old: Anchor | None, need: AnchorNeed, snapshot: Snapshot, values: Mapping[str, float]) -> Anchor:
    if old is None:
        hour, minute = (int(part) for part in need.at.split(":"))
        start, _ = period_bounds(snapshot.taken_s, "day" if need.period in ("life", "eod") else need.period, need.tz,
                                 time(hour, minute))  # fmt: skip
        at: datetime = snapshot.taken_at if need.period == "life" else start
        old = Anchor(need.period, at.isoformat(), None, None, "set")
    unseen = None if "peak_equity" in values else old.unseen
    changes: dict[str, Any] = {**values, "source": "set", "unseen": unseen}
    return replace(old, **changes)


def _lower(before: State, after: Mapping[str, Anchor], limit: Limit) -> bool:
    """Whether a reference of the limit became lower than it was."""
    for need in limit.anchor_needs():
        old, new = before.anchors.get(need.key), after.get(need.key)
        if old is None or new is None:
            continue
        for field in FIELDS:
            was, now = getattr(old, field), getattr(new, field)
            if was is not None and now is not None and now < was:
                return True
    return False
