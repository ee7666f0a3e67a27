"""Which actions are due: of limits whose acting stage is reached, or is once the costs of getting out are paid."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from guard.actions.base import Action
from guard.engine.policy import Policy
from guard.limits.base import Limit, Reading
from guard.metrics.account import is_assumed
from guard.metrics.compute import Metrics
from guard.metrics.flows import REMEMBERED
from guard.model.enforcement import Enforcement
from guard.model.verdict import Severity, Verdict

WORSE = 1.1  # an inherited breach this much worse than it was found is acted on
MONEY = "account currency"
ON_STOP_OUT = frozenset({"stop_out_distance"})


class Due(NamedTuple):
    """One action of one limit that is due now. ``early``: only because of what getting out costs."""

    limit: Limit
    verdict: Verdict
    reading: Reading
    stage_pct: float
    action: Action
    early: bool = False


class Held(NamedTuple):
    """A limit whose stage is reached and whose actions are not carried out, with the reason."""

    limit: str
    why: str


class Found(NamedTuple):
    """What is due, what is held back, and limits about which nothing can be told now."""

    due: tuple[Due, ...]
    held: tuple[Held, ...]
    unknown: frozenset[str]
    inherited: Mapping[str, float]
    confirmed: tuple[str, ...]


def exit_commission(m: Metrics) -> dict[int, float]:
    """What closing one lot of a position is taken to cost, by identifier: what its entry cost."""
    deals, rows = m.snapshot.deals, m.bare_rows
    if not deals or not rows:
        return {}
    costs = REMEMBERED.entry_costs(deals)
    volumes: dict[int, float] = {}
    for deal in deals:
        if deal.entry == 0 and deal.position_id in costs and deal.volume:
            volumes[deal.position_id] = volumes.get(deal.position_id, 0.0) + deal.volume
    return {
        key: max(0.0, cost) / volumes[key] for key, cost in costs.items() if volumes.get(key)
    }  # fmt: skip


def cost_of_leaving(m: Metrics, e: Enforcement) -> float | None:
    """What closing everything now would cost beyond what equity shows: a spread, commission and learned slippage."""
    rows = m.bare_rows
    if rows is None:
        return None
    commission = exit_commission(m)
    total = 0.0
    for row in rows:
        volume, k, spread = row.position.volume, row.in_symbol.k, row.in_symbol.spread
        if volume is None or k is None or spread is None:
            return None
        key = row.position.identifier
        slipped = e.slippage.get(row.in_symbol.name, 0.0)
        total += (spread + slipped) * k * volume + (commission.get(key, 0.0) if key is not None else 0.0) * volume
    return total


def acting(verdicts: Iterable[Verdict], policy: Policy, m: Metrics, e: Enforcement, *, first: bool) -> Found:
    """What is due now: first of limits that end the account, then by what the action makes of the trading state."""
    due: list[Due] = []
    held: list[Held] = []
    unknown: set[str] = set()
    inherited = dict(e.inherited)
    reached: set[str] = set()
    for verdict in verdicts:
        entry = policy.by_name.get(verdict.limit)
        if entry is None:
            continue
        limit, actions = entry
        if verdict.severity is Severity.UNKNOWN or (verdict.utilization_pct is None and not verdict.known):
            unknown.add(limit.name)
            reached.add(limit.name)
            continue
        stage, early = verdict.stage_pct, False
        if limit.ends_account:
            nearer = _early(limit, actions, verdict, m, e)
            if nearer is not None and (stage is None or nearer > stage):
                stage, early = nearer, True
        if stage is None:
            continue
        # An action that several stages name is carried out as the highest of them says.
        found = {action.kind: (at, action) for at, action in actions if at <= stage and action.kind != "warn"}
        if not found:
            continue
        reached.add(limit.name)
        if first:
            inherited[limit.name] = _used(verdict)
        why = _held_back(limit, verdict, inherited, e, m)
        if why:
            held.append(Held(limit.name, why))
            continue
        due += [Due(limit, verdict, verdict.reading, at, action, early) for at, action in found.values()]
    inherited = {name: used for name, used in inherited.items() if name in reached}
    confirmed = tuple(name for name in e.confirmed if name in reached)
    due.sort(key=lambda one: (not one.limit.ends_account, -one.action.state, -_used(one.verdict), one.limit.name))
    return Found(tuple(due), tuple(held), frozenset(unknown), inherited, confirmed)


def _used(verdict: Verdict) -> float:
    used = verdict.utilization_pct
    return min(used, 1e9) if used is not None else 100.0


def _held_back(limit: Limit, verdict: Verdict, inherited: Mapping[str, float], e: Enforcement, m: Metrics) -> str:
    """Why a reached stage is warned of only, or an empty text."""
    if verdict.reading.at_most_warn:
        return "it rests on a substitute, not on a known figure"
    if limit.kind in ON_STOP_OUT and is_assumed(m.stop_out_level[1]):
        return "it rests on a stop-out level that is assumed, not told by the terminal: no deed does"
    was = inherited.get(limit.name)
    if was is not None and limit.name not in e.confirmed and _used(verdict) < was * WORSE:
        return "it was so when the guard first looked (inherited): confirm it, or it acts when 10 % worse"
    return ""


def _early(
    limit: Limit, actions: Sequence[tuple[float, Action]], verdict: Verdict, m: Metrics, e: Enforcement
) -> float | None:
    """The highest closing stage that is reached once getting out is paid for, or ``None``."""
    used, allowed = verdict.utilization_pct, verdict.threshold
    closing = [at for at, action in actions if action.closes]
    if used is None or not closing or not limit.is_floor or limit.unit != MONEY or not allowed:
        return None
    if used < min(closing) * 0.5:
        return None
    cost = cost_of_leaving(m, e)
    if cost is None:
        return None
    with_cost = used + cost / allowed * 100.0
    if limit.max_field == "min":
        # A floor of equity: what is left of it once getting out is paid.
        left = verdict.value - cost if verdict.value is not None else 0.0
        with_cost = allowed / left * 100.0 if left > 0.0 else math.inf
    return max((at for at in closing if with_cost >= at), default=None)
