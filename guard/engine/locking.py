"""Locks in a cycle: which end, which begin, and what was opened under them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, time
from typing import Final

from guard.engine import locks
from guard.engine.acting import Due, Found
from guard.engine.dispatch import Wanted
from guard.engine.plan import Desk
from guard.engine.undo import undoing
from guard.limits.base import Limit
from guard.model.enforcement import Confirm, Enforcement, Lock
from guard.model.intent import Intent
from guard.model.snapshot import Snapshot
from guard.model.state import State
from guard.model.tradingday import period_bounds
from guard.model.verdict import Severity

AWAY_S: Final = 10.0
COUNTDOWN_S: Final = 60.0
SEEN_S: Final = 0.25
EPS: Final = 1e-6
Say = Callable[[str, Severity, str | None, str], None]


def period_end(limit: Limit, snapshot: Snapshot) -> str | None:
    """The next reset of a limit's period as an ISO UTC instant; ``None`` for limits without one."""
    period, reset = getattr(limit, "period", None), getattr(limit, "reset", None)
    if period not in ("day", "week", "month") or reset is None:
        return None
    hour, minute = reset.time.split(":")
    return (
        period_bounds(snapshot.taken_s, period, reset.tz, time(int(hour), int(minute)))[1].astimezone(UTC).isoformat()
    )


def kept(state: State, snapshot: Snapshot, found: Found, say: Say) -> State:
    """The state with the locks that go on; those whose time or stage is over are told once and dropped."""
    if not state.locks:
        return state
    due = {f"{one.limit.name}|{one.action.kind}" for one in found.due}
    out: list[Lock] = []
    for lock in state.locks:
        gone = not lock.latched and lock.id not in due and lock.limit not in found.unknown
        if gone or locks.ended(lock, state, snapshot):
            say(f"unlock|{lock.id}|{lock.at}", Severity.OK, lock.limit, f"Lock ended: {lock.reason}")
            continue
        out.append(locks.lowered(lock, snapshot.positions if snapshot.positions is not None else ()))
    same = len(out) == len(state.locks) and all(a is b for a, b in zip(out, state.locks, strict=True))
    return state if same else replace(state, locks=tuple(out))


def still_lifted(lifted: tuple[str, ...], found: Found) -> tuple[str, ...]:
    """The locks a person has lifted whose breach is still there, or not known to be gone."""
    if not lifted:
        return lifted
    due = {f"{one.limit.name}|{one.action.kind}" for one in found.due}
    return tuple(name for name in lifted if name in due or name.rpartition("|")[0] in found.unknown)


def asked(state: State, snapshot: Snapshot, due: tuple[Due, ...], say: Say) -> State:
    """The state with the locks that due actions ask for."""
    for one in due:
        ask = one.action.lock()
        lock_id = f"{one.limit.name}|{one.action.kind}"
        if ask is None or lock_id in state.enforcing.lifted or any(lock.id == lock_id for lock in state.locks):
            continue
        if isinstance(ask.until, float):
            until: str | None = locks.until(snapshot, ask.until)
        else:
            until = period_end(one.limit, snapshot) if ask.until == "reset" else None
        scope = "" if one.limit.scope.is_all else one.limit.scope.model_dump_json()
        at = snapshot.taken_at.isoformat()
        lock = Lock(
            lock_id, one.limit.name, one.verdict.sentence, at, until, ask.latched, False, scope,
            locks.baseline(snapshot.positions),
        )  # fmt: skip
        state = replace(state, locks=(*state.locks, lock))
        end = until if until is not None else "you lift it" if ask.latched else "the stage is left"
        text = f"Locked until {end}: {lock.reason}. What is opened meanwhile is closed again."
        say(f"lock|{lock_id}|{at}", Severity.BREACH, one.limit.name, text)
    return state


def undone(
    desk: Desk, state: State, e: Enforcement, now_s: float, at: str, passed_s: float, say: Say
) -> tuple[Enforcement, list[Wanted]]:
    """What locks want closed, and the memory with robots' baskets that are closed once."""
    if not state.locks:
        e = e if not (e.baskets or e.countdown_s is not None) else e._replace(baskets=(), countdown_s=None)
        return e, []
    known = {one.id.rpartition("|")[0]: one for one in e.intents if one.action == "undo"}
    out: list[Wanted] = []
    for lock in state.locks:
        found = undoing(lock, desk, e, now_s, at)
        if found.basket is not None and found.magic is not None:
            e = e._replace(ordered=(*e.ordered, found.basket), baskets=(*e.baskets, found.magic))
            say(f"basket|{found.magic}|{at}", Severity.BREACH, lock.limit, f"Switch this robot off: {found.basket.why}")
        if not found.wishes:
            continue
        closing = any(wish.kind != "cancel" for wish in found.wishes)
        e = _counting(e, lock, now_s, passed_s, closing=closing, say=say)
        stem = f"{lock.id}|undo"
        intent = known.get(stem)
        if intent is None:
            intent = Intent(
                f"{stem}|{at}", lock.limit if lock.limit is not None else "lock", "lock", "undo", 100.0, lock.at, at,
                None, "open", found.why, (), now_s,
            )  # fmt: skip
        intent = intent._replace(
            status="open", why=found.why, tickets=tuple(dict.fromkeys(wish.ticket for wish in found.wishes))
        )
        wishes = found.wishes
        if closing:
            seen = e.confirms.get(intent.id)
            if seen is None or now_s < seen.since_s:
                e = e._replace(confirms={**e.confirms, intent.id: Confirm(now_s, {})})
            waits = seen is None or now_s - seen.since_s < SEEN_S - EPS
            left = 0.0 if e.countdown_s is None else e.countdown_s - now_s
            if waits or left > 0.0:
                why = f"acts in {left:.0f} s: the guard was away" if left > 0.0 else "waits for a second look"
                wishes = tuple(wish for wish in wishes if wish.kind == "cancel")
                intent = intent._replace(status="open" if wishes else "waiting", why=why)
        out.append(Wanted(intent, wishes, f"lock {lock.id}: {found.why if found.why else lock.reason}"))
    return e, out


def _counting(e: Enforcement, lock: Lock, now_s: float, passed_s: float, *, closing: bool, say: Say) -> Enforcement:
    """The countdown for what is found open under a latched lock after the guard was away."""
    if not closing or not lock.latched or passed_s <= AWAY_S or e.countdown_s is not None:
        return e
    text = f"Positions were opened under a lock while the guard was away; they are closed in {COUNTDOWN_S:.0f} s."
    say(f"countdown|{lock.id}|{now_s:.0f}", Severity.BREACH, lock.limit, text)
    return e._replace(countdown_s=now_s + COUNTDOWN_S)
