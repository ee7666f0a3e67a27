"""``step``: the one function the shell calls. Pure: the same snapshot, state and policy give the same result."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from guard.actions.registry import action_kinds
from guard.engine import anchors as anchoring
from guard.engine import announce, debounce, market, memory, watching
from guard.engine import enforce as enforcing
from guard.engine.days import daybook
from guard.engine.elapsed import elapsed_s
from guard.engine.policy import Policy
from guard.limits.base import Limit, Reading
from guard.metrics.account import Context
from guard.metrics.compute import Metrics
from guard.metrics.daybook import DayBook
from guard.model.enforcement import Lock
from guard.model.intent import Deed, Intent, TradingState
from guard.model.notice import Notice
from guard.model.snapshot import Gap, Snapshot
from guard.model.state import State, Timer
from guard.model.verdict import Severity, Verdict

NEW = Timer()
_NO_DAYS: dict[str, DayBook] = {}
OK = Severity.OK


class CycleResult(NamedTuple):
    """What one cycle found.

    ``changed`` is true when something was decided or learnt that a restart must not forget. ``blind`` says why the
    positions cannot be believed, or is ``None``. ``intents`` are those alive and those that ended now; ``deeds`` may be
    sent now, in order, at most one in flight per ticket; both are empty in mode ``warn``.
    """

    state: State
    metrics: Metrics
    verdicts: tuple[Verdict, ...]
    notices: tuple[Notice, ...]
    intents: tuple[Intent, ...]
    trading_state: TradingState
    blind: str | None
    changed: bool
    deeds: tuple[Deed, ...] = ()

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What could not be used or told, with a sentence each."""
        return self.metrics.gaps


def context(policy: Policy, snapshot: Snapshot, state: State, references: anchoring.Anchored) -> Context:
    """What the figures need besides the snapshot."""
    seen = state.first_seen.at if state.first_seen is not None else None
    days = {key: daybook(need, snapshot, seen) for key, need in policy.days.items()} if policy.days else _NO_DAYS
    return Context(
        policy.initial,
        policy.margin_call_level,
        policy.stop_out_level,
        policy.target_margin_level_pct,
        policy.shock_rows,
        policy.gap_beyond_stop_pct,
        references.references,
        state.entry_equity,
        references.flow_gap,
        policy.brokers,
        state.first_stops,
        days,
        state.watched,
        (state.enforcing.day, state.enforcing.day_sends),
        policy.caps,
    )


def step(snapshot: Snapshot, state: State, policy: Policy) -> CycleResult:
    """Evaluate every limit on one snapshot.

    Args:
        snapshot: One consistent reading of the account.
        state: The engine's memory after the previous cycle (``State()`` at first start).
        policy: What is in force.

    Returns:
        Verdicts of all limits, notices about changes, and the memory for the next cycle.
    """
    at = snapshot.taken_iso
    passed = elapsed_s(state.last, snapshot)
    first = state.first_seen is None
    seen = memory.first_seen(snapshot, state)
    anchored = anchoring.advance(snapshot, state, policy.needs, seen)
    metrics = Metrics(snapshot, context(policy, snapshot, state, anchored))
    unchanged = memory.same_positions(metrics, state)
    entries = memory.entry_equity(snapshot, state, unchanged=unchanged)
    if entries is not state.entry_equity:
        metrics.context = metrics.context._replace(entry_equity=entries)
    metrics.unprotected_s = memory.unprotected_s(metrics, state, passed)

    judged = _judge(metrics, state, policy, passed, at, first=first)
    verdicts, notices, timers, moved = judged.verdicts, judged.notices, judged.timers, judged.moved
    if metrics.blind:
        # What cannot be believed teaches nothing: no first sight, no anchor, no peak from it.
        new = replace(
            state,
            unprotected_s=metrics.unprotected_s,
            timers={**state.timers, **timers},
            last=memory.last_reading(snapshot, state, at, blind=True),
            policy_sha256=policy.sha256 or state.policy_sha256,
        )
    else:
        stops = memory.first_stops(snapshot, state, unchanged=unchanged)
        if not unchanged:
            memory.remember(metrics, stops)
        new = State(
            anchored.anchors,
            entries,
            stops,
            metrics.unprotected_s,
            {**state.timers, **timers} if state.timers.keys() != timers.keys() else timers,
            seen,
            memory.last_reading(snapshot, state, at, blind=False),
            state.locks,
            policy.sha256 or state.policy_sha256,
            state.flow_gap_s,
            state.flow_gap_told,
            state.enforcing,
            watching.advance(metrics, state, policy, verdicts, timers, at) if policy.remembers else state.watched,
        )
    new, flow_notice = _flow_gap(new, state, anchored.flow_gap, passed, policy, at)
    if flow_notice is not None:
        notices.append(flow_notice)
    intents: tuple[Intent, ...] = ()
    deeds: tuple[Deed, ...] = ()
    if policy.acts:
        if judged.acting or new.locks or new.enforcing.busy or _ends_soon(verdicts, policy):
            done = enforcing.enforce(snapshot, state, new, metrics, verdicts, policy, passed, first=first)
            new, intents, deeds, moved = done.state, done.intents, done.deeds, moved or done.changed
            notices += done.notices
        elif not metrics.blind:
            sampled = market.sampled(new.enforcing, snapshot, snapshot.taken_s, changed=not unchanged)
            if sampled is not new.enforcing:
                new = replace(new, enforcing=sampled)
    if first and policy.from_first_sight:
        metrics.gap(
            "state.first_seen", "the account was not seen before: drawdown counts from the balance of this snapshot"
        )
    for key in anchored.held:
        metrics.gap(f"anchors.{key}", "PC and server clock disagree: the period is not begun anew until they agree")
    return CycleResult(
        state=new,
        metrics=metrics,
        verdicts=tuple(verdicts),
        notices=tuple(notices),
        intents=intents,
        trading_state=trading_state(judged.reached, new.locks),
        blind=metrics.blind if metrics.blind else None,
        changed=moved or bool(notices) or _learnt(state, new, policy),
        deeds=deeds,
    )


class _Judged:
    """Verdicts of all limits, those that are not calm, and what changed."""

    __slots__ = ("acting", "moved", "notices", "reached", "timers", "verdicts")

    def __init__(self) -> None:
        self.verdicts: list[Verdict] = []
        self.reached: list[Verdict] = []
        self.notices: list[Notice] = []
        self.timers: dict[str, Timer] = {}
        self.moved = self.acting = False


def _judge(metrics: Metrics, state: State, policy: Policy, passed: float, at: str, *, first: bool) -> _Judged:
    out = _Judged()
    earlier, unlinked, timers, verdicts = state.timers, metrics.unlinked, out.timers, out.verdicts
    for limit, evaluate, name, quiet_below_pct in policy.armed:
        reading = evaluate(metrics) if not unlinked else _unlinked(limit, metrics)
        before = earlier.get(name, NEW)
        used = reading.utilization_pct
        if used is not None and used < quiet_below_pct and (before is NEW or debounce.at_rest(before)):
            timers[name] = before
            verdicts.append(Verdict(limit, reading, OK))
            continue
        timer = debounce.advance(limit, reading, before, passed, at, policy.stale_after_s)
        if first and debounce.raw(limit, reading)[0] is Severity.BREACH:
            timer = replace(timer, inherited=True)
        verdict = debounce.verdict(limit, reading, timer)
        if before is not timer and (before.severity, before.stage_pct) != (timer.severity, timer.stage_pct):
            out.moved = True
            notice = announce.of_verdict(verdict, before, timer, at)
            if notice is not None:
                out.notices.append(notice)
        if verdict.severity is Severity.UNKNOWN or timer.unknown_s > 0.0:
            out.moved = out.moved or before.unknown_s == 0.0
            timer, told = announce.of_unknown(verdict, timer, policy, at)
            if told is not None:
                out.notices.append(told)
        elif before.unknown_s > 0.0:
            out.moved = True
        timers[name] = timer
        verdicts.append(verdict)
        out.reached.append(verdict)
        out.acting = out.acting or verdict.acting
    return out


def _unlinked(limit: Limit, metrics: Metrics) -> Reading:
    """Without a link to the trade server even equity and margin are those of some time ago."""
    return Reading(None, limit.evaluate(metrics).threshold, None, (), metrics.unlinked)


def _flow_gap(new: State, old: State, gap: str, passed: float, policy: Policy, at: str) -> tuple[State, Notice | None]:
    if not gap:
        return (new if old.flow_gap_s == 0.0 else replace(new, flow_gap_s=0.0, flow_gap_told=False)), None
    held = old.flow_gap_s + passed if old.flow_gap_s > 0.0 else 1e-9
    if held < policy.flow_grace_s or old.flow_gap_told:
        return replace(new, flow_gap_s=held), None
    text = f"{gap[0].upper()}{gap[1:]}: loss rules are unknown until the deals arrive"
    notice = Notice(f"flow|{at}", at, Severity.UNKNOWN, None, "flow", text)
    return replace(new, flow_gap_s=held, flow_gap_told=True), notice


def _learnt(old: State, new: State, policy: Policy) -> bool:
    """Whether memory that a restart must not lose has changed (running timers are written with the heartbeat)."""
    if old.first_seen is None and new.first_seen is not None:
        return True
    if old.policy_sha256 != new.policy_sha256 or old.flow_gap_told != new.flow_gap_told:
        return True
    if old.entry_equity is not new.entry_equity and old.entry_equity.keys() != new.entry_equity.keys():
        return True
    if old.first_stops is not new.first_stops and old.first_stops != new.first_stops:
        return True
    if old.watched is not new.watched:
        return True
    if old.unprotected_s.keys() != new.unprotected_s.keys():
        return True
    for key, anchor in new.anchors.items():
        earlier = old.anchors.get(key)
        if earlier is anchor:
            continue
        if earlier is None or (anchor.at, anchor.balance, anchor.equity, anchor.flows) != (
            earlier.at, earlier.balance, earlier.equity, earlier.flows,
        ):  # fmt: skip
            return True
        if policy.trails and anchor != earlier:
            return True
    return False


def _ends_soon(verdicts: list[Verdict], policy: Policy) -> bool:
    """Whether a limit whose breach ends the account is so near that the cost of getting out may reach its stage."""
    for place, pct in policy.early:
        used = verdicts[place].utilization_pct
        if used is not None and used >= pct:
            return True
    return False


def trading_state(verdicts: list[Verdict], locks: tuple[Lock, ...] = ()) -> TradingState:
    """The strictest state reached stages and locks ask for. In mode ``warn`` it is advice: nothing is carried out."""
    state = TradingState.ACTIVE
    if locks:
        state = TradingState.HALTED if any(lock.latched for lock in locks) else TradingState.REDUCING
    if not verdicts:
        return state
    kinds = action_kinds()
    for verdict in verdicts:
        for name in verdict.actions:
            if name in kinds:
                state = max(state, kinds[name].state)
    return state
