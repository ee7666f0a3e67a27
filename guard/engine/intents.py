"""Intents: what is meant to be done about each breach, planned anew from every snapshot while the breach lives."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from guard.actions._closing import cancel, close, oldest_first, unwind
from guard.actions.base import Wish
from guard.engine.acting import Due, Found
from guard.engine.confirm import confirmed
from guard.engine.dispatch import Wanted
from guard.engine.elapsed import may_advance
from guard.engine.locking import period_end
from guard.engine.market import LONGEST_WAIT_S, bad_moment, stale_symbols
from guard.engine.plan import ALL, Desk, Planned
from guard.engine.policy import Policy
from guard.limits.base import EPSILON
from guard.metrics.book import PositionFigures
from guard.model.enforcement import Enforcement, Ordered
from guard.model.intent import Intent
from guard.model.snapshot import Snapshot
from guard.model.state import State

CLOSES: Final = frozenset({"close", "close_by"})
NO_WAITING: Final = frozenset({"stop_out_distance"})
EPS: Final = 1e-9


def is_over(intent: Intent, state: State, snapshot: Snapshot) -> bool:
    """Whether the period of the intent's rule has ended, as far as the clocks can be believed."""
    if intent.expires_at is None:
        return False
    end = datetime.fromisoformat(intent.expires_at).timestamp()
    return snapshot.taken_s >= end and may_advance(state.last, snapshot, end)


def wanted(
    desk: Desk, found: Found, state: State, policy: Policy, snapshot: Snapshot, now_s: float, passed_s: float
) -> tuple[Enforcement, list[Wanted]]:
    """The intents of all due actions with their plans, and those of limits that cannot be judged now."""
    e = state.enforcing
    known = {(one.limit, one.action): one for one in e.intents}
    out: list[Wanted] = []
    for due in found.due:
        intent = known.get((due.limit.name, due.action.kind))
        if intent is None or is_over(intent, state, snapshot):
            intent = _new(due, state, snapshot, now_s)
        e, one = _planned(desk, due, intent, e, policy, now_s, passed_s)
        out.append(one)
    out += [
        Wanted(intent._replace(status="waiting", why="the figure is not known now"), (), "")
        for intent in e.intents
        if intent.limit in found.unknown
        and intent.action not in ("ordered", "undo")
        and not is_over(intent, state, snapshot)
    ]
    return e, out


def _new(due: Due, state: State, snapshot: Snapshot, now_s: float) -> Intent:
    at = snapshot.taken_at.isoformat()
    timer = state.timers.get(due.limit.name)
    since = timer.since if timer is not None and timer.since is not None else at
    end = None if due.limit.latch else period_end(due.limit, snapshot)
    return Intent(
        f"{due.limit.name}|{due.action.kind}|{at}", due.limit.name, due.limit.kind, due.action.kind, due.stage_pct,
        since, at, end, "open", "", (), now_s,
    )  # fmt: skip


def _planned(
    desk: Desk, due: Due, intent: Intent, e: Enforcement, policy: Policy, now_s: float, passed_s: float
) -> tuple[Enforcement, Wanted]:
    limit, action, reading = due.limit, due.action, due.reading
    equity = desk.m.equity
    peak = None
    if action.follows_peak and equity is not None:
        # A flat account has nothing to trail: the next positions are followed from the equity they begin with.
        peak = max(e.peaks.get(intent.id, equity), equity) if desk.rows else equity
        e = e._replace(peaks={**e.peaks, intent.id: peak})
    asked = desk.ask(
        limit.scope, due.stage_pct, offending=reading.offending, used=reading.utilization_pct,
        used_after=desk.used_after(limit), peak=peak,
    )  # fmt: skip
    plan = desk.accepted(action.plan(asked), forced=limit.ends_account)
    why = _why(due, desk, policy)
    tickets = tuple(dict.fromkeys(wish.ticket for wish in plan.wishes))
    intent = intent._replace(stage_pct=due.stage_pct, tickets=tickets, why=plan.why, status="open")
    if not any(wish.kind in CLOSES for wish in plan.wishes):
        confirms = {key: one for key, one in e.confirms.items() if key != intent.id}
        e = e._replace(confirms=confirms) if len(confirms) != len(e.confirms) else e
        if not plan.wishes:
            in_flight = any(flight.deed.intent == intent.id for flight in e.flights.values())
            intent = intent._replace(status="open" if in_flight else "blocked" if plan.why else "proved")
        return e, Wanted(intent, plan.wishes, why, limit.ends_account)
    if action.stepwise and any(flight.deed.intent == intent.id for flight in e.flights.values()):
        flying = intent._replace(why="a deed is in flight: the account must show what became of it")
        return e, Wanted(flying, (), why, limit.ends_account)
    e, wait = _confirmed(due, desk, intent, asked_symbols(desk, due, plan), e, policy, now_s)
    if wait:
        waiting = intent._replace(status="waiting", why=f"waits for {wait}")
        return e, Wanted(waiting, (), why, limit.ends_account)
    return e, _at_a_good_moment(desk, due, intent, plan, why, e, now_s, passed_s)


def asked_symbols(desk: Desk, due: Due, plan: Planned) -> list[str]:
    """The symbols whose prices make the breach: those in the limit's scope, else those to be closed."""
    scope = due.limit.scope
    names = {row.in_symbol.name for row in desk.rows if scope.is_all or scope.holds(row)}
    return sorted(names if names else {wish.symbol for wish in plan.wishes})


def _confirmed(
    due: Due, desk: Desk, intent: Intent, names: list[str], e: Enforcement, policy: Policy, now_s: float
) -> tuple[Enforcement, str]:
    """Whether the breach was seen on two ticks, and what is waited for."""
    known = e.confirms.get(intent.id)
    used = due.reading.utilization_pct
    reached = due.early or used is None or used >= due.stage_pct * (1.0 - EPSILON)
    if not reached and (known is None or not known.done):
        confirms = {key: one for key, one in e.confirms.items() if key != intent.id}
        return e._replace(confirms=confirms), "the figure to reach its stage again"
    after, wait = confirmed(known, desk.m, names, e, policy, now_s)
    if after is not known:
        e = e._replace(confirms={**e.confirms, intent.id: after})
    return e, wait


def _at_a_good_moment(
    desk: Desk, due: Due, intent: Intent, plan: Planned, why: str, e: Enforcement, now_s: float, passed_s: float
) -> Wanted:
    """The plan without closes in symbols where it is a bad moment; after three minutes any moment is good enough."""
    limit = due.limit
    if limit.ends_account or limit.kind in NO_WAITING or intent.waited_s >= LONGEST_WAIT_S:
        return Wanted(intent, plan.wishes, why, limit.ends_account)
    bad: dict[str, str] = {}
    for name in {wish.symbol for wish in plan.wishes if wish.kind in CLOSES}:
        found = bad_moment(e, desk.m.snapshot, name, now_s)
        if found:
            bad[name] = found
    if not bad:
        return Wanted(intent, plan.wishes, why)
    intent = intent._replace(waited_s=intent.waited_s + passed_s, why=f"waits: {'; '.join(sorted(bad.values()))}")
    wishes: tuple[Wish, ...] = tuple(
        wish for wish in plan.wishes if wish.symbol not in bad or wish.kind not in CLOSES
    )  # fmt: skip
    status = "open" if wishes else "waiting"
    return Wanted(intent._replace(status=status), wishes, why)


def _why(due: Due, desk: Desk, policy: Policy) -> str:
    """The sentence a deed carries: its limit, its stage, the breach, and whose quotes are stale."""
    stale = stale_symbols(desk.m.snapshot, policy)
    marked = f" (without a fresh quote: {', '.join(stale)})" if stale else ""
    early = ", counting what leaving costs" if due.early else ""
    return f"{due.limit.name} at {due.stage_pct:g} %{early}: {due.verdict.sentence}{marked}"


def ordered(desk: Desk, e: Enforcement, at: str, now_s: float) -> list[Wanted]:
    """The intents of closings that were ordered and are not done."""
    known = {one.id: one for one in e.intents}
    out = []
    for order in e.ordered:
        wishes = order_wishes(desk, order)
        key = order_id(order)
        flying = any(flight.deed.intent == key for flight in e.flights.values())
        if not wishes and not flying:
            continue
        intent = known.get(key)
        if intent is None:
            intent = Intent(
                key, "flatten", "flatten", "ordered", 100.0, order.at, at, None, "open", order.why, (), now_s
            )  # fmt: skip
        tickets = tuple(wish.ticket for wish in wishes)
        out.append(Wanted(intent._replace(status="open", why=order.why, tickets=tickets), wishes, order.why, True))
    return out


def order_id(order: Ordered) -> str:
    """The id of the intent of an ordered closing."""
    return f"flatten|{order.uid}"


def order_wishes(desk: Desk, order: Ordered) -> tuple[Wish, ...]:
    """What is left of an ordered closing: positions above what may stay, and orders that still pend."""
    pendings = [one for one in (*desk.raising, *desk.protective) if one.ticket in order.orders]
    rows = [
        row
        for row in desk.rows
        if row.position.identifier in order.lots
        and row.position.volume is not None
        and row.position.volume > _stays(row.position.identifier, order) + EPS
    ]
    asked = desk.ask(ALL)
    whole = [row for row in rows if _stays(row.position.identifier, order) <= EPS]
    part = [row for row in rows if _stays(row.position.identifier, order) > EPS]
    if order.oldest_first:
        found = [_rest(row, order) for row in sorted(rows, key=oldest_first)]
    else:
        found = [*unwind(asked, whole), *(_rest(row, order) for row in part)]
    return (*(cancel(one.ticket, one.symbol) for one in pendings), *found)


def _stays(identifier: int | None, order: Ordered) -> float:
    return order.lots.get(identifier, 0.0) if identifier is not None else 0.0


def _rest(row: PositionFigures, order: Ordered) -> Wish:
    """The close that leaves no more than may stay."""
    volume = row.position.volume if row.position.volume is not None else 0.0
    return close(row, volume - _stays(row.position.identifier, order))
