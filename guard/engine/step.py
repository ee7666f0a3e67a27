"""``step``: the one function the shell calls. Pure: the same snapshot, state and policy give the same result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from guard.actions.base import KNOWN_ACTIONS
from guard.engine import anchors as anchoring
from guard.engine import announce, debounce, memory
from guard.engine.elapsed import elapsed_s
from guard.engine.policy import Policy
from guard.limits.base import Limit, Reading
from guard.metrics.account import Context
from guard.metrics.compute import Metrics
from guard.model.intent import Intent, TradingState
from guard.model.notice import Notice
from guard.model.snapshot import Gap, Snapshot
from guard.model.state import State, Timer
from guard.model.verdict import Severity, Verdict

NEW = Timer()


@dataclass(frozen=True, slots=True)
class CycleResult:
    """What one cycle found.

    ``changed`` is true when something was decided or learnt that a restart must not forget. ``blind`` says why the
    positions cannot be believed, or is ``None``. ``intents`` is empty: this version watches and warns.
    """

    state: State
    metrics: Metrics
    verdicts: tuple[Verdict, ...]
    notices: tuple[Notice, ...]
    intents: tuple[Intent, ...]
    trading_state: TradingState
    blind: str | None
    gaps: tuple[Gap, ...]
    changed: bool


def context(policy: Policy, entry_equity: Mapping[int, float], references: anchoring.Anchored) -> Context:
    """What the figures need besides the snapshot."""
    return Context(
        initial=policy.initial,
        margin_call_level=policy.margin_call_level,
        stop_out_level=policy.stop_out_level,
        target_margin_level_pct=policy.target_margin_level_pct,
        shocks=tuple((shock.target, shock.pct, shock.name) for shock in policy.shocks),
        gap_beyond_stop_pct=policy.gap_beyond_stop_pct,
        anchors=references.references,
        entry_equity=entry_equity,
        flow_gap=references.flow_gap,
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
    at = snapshot.taken_at.isoformat()
    passed = elapsed_s(state.last, snapshot)
    first = state.first_seen is None
    seen = memory.first_seen(snapshot, state)
    anchored = anchoring.advance(snapshot, state, policy.needs, seen)
    entries = memory.entry_equity(snapshot, state)
    metrics = Metrics(snapshot, context(policy, entries, anchored))
    metrics.unprotected_s = memory.unprotected_s(metrics, state)

    verdicts: list[Verdict] = []
    notices: list[Notice] = []
    timers: dict[str, Timer] = {}
    moved = False
    for limit in policy.limits:
        reading = _read(limit, metrics)
        before = state.timers.get(limit.name, NEW)
        timer = debounce.advance(limit, reading, before, passed, at, policy.stale_after_s)
        if first and timer.severity == Severity.BREACH:
            timer = replace(timer, inherited=True)
        verdict = debounce.verdict(limit, reading, timer)
        if before is not timer and (before.severity, before.stage_pct) != (timer.severity, timer.stage_pct):
            moved = True
            notice = announce.of_verdict(verdict, before, timer, at, first=first)
            if notice is not None:
                notices.append(notice)
        if verdict.severity is Severity.UNKNOWN or timer.unknown_s > 0.0:
            moved = moved or before.unknown_s == 0.0
            timer, told = announce.of_unknown(verdict, timer, policy, at)
            if told is not None:
                notices.append(told)
        elif before.unknown_s > 0.0:
            moved = True
        timers[limit.name] = timer
        verdicts.append(verdict)

    if metrics.blind:
        # What cannot be believed teaches nothing: no first sight, no anchor, no peak from it.
        new = replace(
            state,
            unprotected_s=metrics.unprotected_s,
            timers={**state.timers, **timers},
            last=memory.last_reading(snapshot, state, blind=True),
            policy_sha256=policy.sha256 or state.policy_sha256,
        )
    else:
        new = replace(
            state,
            entry_equity=entries,
            unprotected_s=metrics.unprotected_s,
            anchors=anchored.anchors,
            first_stops=memory.first_stops(snapshot, state),
            timers={**state.timers, **timers} if state.timers.keys() != timers.keys() else timers,
            first_seen=seen,
            last=memory.last_reading(snapshot, state, blind=False),
            policy_sha256=policy.sha256 or state.policy_sha256,
        )
    new, flow_notice = _flow_gap(new, state, anchored.flow_gap, passed, policy, at)
    if flow_notice is not None:
        notices.append(flow_notice)
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
        intents=(),
        trading_state=trading_state(verdicts),
        blind=metrics.blind if metrics.blind else None,
        gaps=metrics.gaps,
        changed=moved or bool(notices) or _learnt(state, new, policy),
    )


def _read(limit: Limit, metrics: Metrics) -> Reading:
    reading = limit.evaluate(metrics)
    if not metrics.unlinked:
        return reading
    # Without a link to the trade server even equity and margin are those of some time ago.
    return Reading(None, reading.threshold, None, (), metrics.unlinked)


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
    if old.entry_equity.keys() != new.entry_equity.keys() or old.first_stops != new.first_stops:
        return True
    if old.unprotected_s.keys() != new.unprotected_s.keys():
        return True
    for key, anchor in new.anchors.items():
        earlier = old.anchors.get(key)
        if earlier is None or (anchor.at, anchor.balance, anchor.equity, anchor.flows) != (
            earlier.at, earlier.balance, earlier.equity, earlier.flows,
        ):  # fmt: skip
            return True
        if policy.trails and anchor != earlier:
            return True
    return False


def trading_state(verdicts: list[Verdict]) -> TradingState:
    """The strictest state the reached stages ask for. In mode ``warn`` it is advice: nothing is carried out."""
    state = TradingState.ACTIVE
    for verdict in verdicts:
        for name in verdict.actions:
            state = max(state, KNOWN_ACTIONS.get(name, TradingState.ACTIVE))
    return state
