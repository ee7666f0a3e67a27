"""From verdicts to deeds: intents that live as long as their breach, locks, and what may be sent now.

Called by ``step`` when an acting stage is reached or something is under way; a calm account never comes here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from guard.engine import acting, dispatch, intents, locking, market, settle
from guard.engine.dispatch import Wanted
from guard.engine.elapsed import trusted_s
from guard.engine.plan import Desk
from guard.engine.policy import Policy
from guard.metrics.compute import Metrics
from guard.model.enforcement import Enforcement, Try
from guard.model.intent import Deed, Intent
from guard.model.notice import Notice
from guard.model.snapshot import Snapshot
from guard.model.state import State
from guard.model.verdict import Severity, Verdict

DOUBT_S: Final = 5.0


class Enforced(NamedTuple):
    """The state with what enforcement remembers, the intents, the deeds that may be sent, and what is told."""

    state: State
    intents: tuple[Intent, ...]
    deeds: tuple[Deed, ...]
    notices: tuple[Notice, ...]
    changed: bool


def cannot_act(snapshot: Snapshot, policy: Policy) -> str:
    """Why no order can be sent now, or an empty text: switches of terminal, account and broker."""
    terminal, account = snapshot.terminal, snapshot.account
    if policy.can_act:
        return policy.can_act
    if terminal is not None and terminal.trade_allowed is False:
        return "the AlgoTrading button of the terminal is off: switch it on"
    if terminal is not None and terminal.tradeapi_disabled is True:
        return "trading through Python is disabled in the terminal's options"
    if account.trade_allowed is False:
        return "this login may not trade (investor password, or the account is disabled)"
    if account.trade_expert is False:
        return "the broker forbids algorithmic trading on this account"
    return ""


def enforce(
    snapshot: Snapshot,
    old: State,
    new: State,
    m: Metrics,
    verdicts: Iterable[Verdict],
    policy: Policy,
    passed_s: float,
    *,
    first: bool,
) -> Enforced:
    """What is meant to be done and what may be done now.

    Args:
        snapshot: The reading; on a blind or repeated one nothing is sent and nothing is learnt.
        old: The memory before this cycle.
        new: The memory after it, without enforcement.
        m: The figures.
        verdicts: Those of limits that are not calm.
        policy: What is in force.
        passed_s: Seconds since the previous reading.
        first: Whether the account is seen for the first time.
    """
    at, now = snapshot.taken_iso, trusted_s(old.last, snapshot)
    e = old.enforcing
    if m.blind or _repeated(old, snapshot):
        flights = {ticket: one._replace(missing=0) for ticket, one in e.flights.items()} if m.blind else e.flights
        return Enforced(replace(new, enforcing=e._replace(flights=flights)), e.intents, (), (), changed=False)
    told = _Told(at)
    settled = settle.settle(e, snapshot, now, at, policy.magic)
    e = settled.enforcing
    for text in settled.faults:
        told.say(f"fault|{text}", Severity.BREACH, None, f"Fault: {text}")
    found = acting.acting(verdicts, policy, m, e, first=first)
    lifted = locking.still_lifted(e.lifted, found)
    e = e._replace(inherited=found.inherited, confirmed=found.confirmed, lifted=lifted)
    new = locking.kept(replace(new, locks=old.locks, enforcing=e), snapshot, found, told.say)
    new = locking.asked(new, snapshot, found.due, told.say)
    desk = Desk(m, new, policy.limits)
    e, wanted = intents.wanted(desk, found, new, policy, snapshot, now, passed_s)
    e, undone = locking.undone(desk, new, e, now, at, passed_s, told.say)
    urgent = intents.ordered(desk, e, at, now)
    alive = {one.intent.id for one in urgent}
    every = [*urgent, *undone, *wanted]
    e, doubt = _doubt(e, m, now)
    e = e._replace(ordered=tuple(one for one in e.ordered if intents.order_id(one) in alive))
    stop = cannot_act(snapshot, policy)
    if stop or doubt:
        desired = dispatch.Desired((), {one.intent.id: stop or doubt for one in every if one.wishes})
    else:
        ready = [one._replace(wishes=desk.in_order(one.wishes)) for one in every if one.intent.status == "open"]
        desired = dispatch.deeds(ready, e, snapshot, policy, now, desk.fifo())
    final = tuple(_named(one, desired, blocked=bool(stop)) for one in every)
    ended = _ended(old.enforcing.intents, final, old, snapshot)
    # Sampled last: what a price is compared with must not hold that price already.
    e = market.sampled(e, snapshot, now, changed=True)
    e = e._replace(intents=final, tries=_kept_tries(e, snapshot, final), **_of_intents(e, final))
    sentences = {due.limit.name: due.verdict.sentence for due in found.due}
    for intent in (*final, *ended):
        told.intent(intent, old.enforcing.intents, sentences.get(intent.limit, ""))
    state = replace(new, enforcing=e)
    changed = bool(told.notices or ended or settled.proved) or _moved(old, state)
    return Enforced(state, (*final, *ended), desired.deeds, tuple(told.notices), changed)


def _repeated(old: State, snapshot: Snapshot) -> bool:
    """Whether this reading is no newer than the last one of this boot."""
    last = old.last
    if last is None or last.boot_id is None or last.boot_id != snapshot.boot_id or snapshot.monotonic_s is None:
        return False
    return last.monotonic_s is not None and snapshot.monotonic_s <= last.monotonic_s


def _doubt(e: Enforcement, m: Metrics, now_s: float) -> tuple[Enforcement, str]:
    """While equity and positions contradict each other nothing is sent, for five seconds at most."""
    wrong = next((gap.sentence for gap in m.gaps if gap.path == "account.equity"), "")
    if not wrong:
        return (e if e.doubt_s is None else e._replace(doubt_s=None)), ""
    since = now_s if e.doubt_s is None or now_s < e.doubt_s else e.doubt_s
    return e._replace(doubt_s=since), (wrong if now_s - since < DOUBT_S else "")


def _named(one: Wanted, desired: dispatch.Desired, *, blocked: bool) -> Intent:
    """The intent with what it waits for."""
    intent, wait = one.intent, desired.waits.get(one.intent.id, "")
    if not one.wishes or not wait:
        return intent
    if blocked:
        return intent._replace(status="blocked", why=wait)
    if intent.status != "open" or any(deed.intent == intent.id for deed in desired.deeds):
        return intent
    return intent._replace(why=wait)


def _ended(before: Iterable[Intent], now: Iterable[Intent], old: State, snapshot: Snapshot) -> tuple[Intent, ...]:
    """Intents that are no more: expired with their period, else because their breach is gone or all is done."""
    alive = {one.id for one in now}
    out: list[Intent] = []
    for one in before:
        if one.id in alive:
            continue
        if intents.is_over(one, old, snapshot):
            out.append(one._replace(status="expired", why="its period is over", tickets=()))
        elif one.action in ("ordered", "undo"):
            out.append(one._replace(status="proved", why="nothing of it is left", tickets=()))
        else:
            out.append(one._replace(status="lapsed", why="its breach is gone", tickets=()))
    return tuple(out)


def _kept_tries(e: Enforcement, snapshot: Snapshot, alive: tuple[Intent, ...]) -> Mapping[str, Try]:
    """What was learnt of tickets that are still there, while anything is meant to be done at all."""
    if not e.tries or not alive:
        return {} if not e.flights else e.tries
    there = {row.ticket for row in snapshot.positions or ()} | {row.ticket for row in snapshot.orders or ()}
    there |= set(e.flights)
    return {key: one for key, one in e.tries.items() if int(key.partition("/")[2]) in there}


def _of_intents(e: Enforcement, alive: tuple[Intent, ...]) -> dict[str, Any]:
    """What is remembered by intent, of those that are alive."""
    ids = {one.id for one in alive}
    return {
        "confirms": {key: one for key, one in e.confirms.items() if key in ids},
        "peaks": {key: one for key, one in e.peaks.items() if key in ids},
        "rehearsed": e.rehearsed if alive else (),
    }


def _moved(old: State, new: State) -> bool:
    """Whether something changed that a restart must not forget."""
    before, after = old.enforcing, new.enforcing
    if [lock.id for lock in old.locks] != [lock.id for lock in new.locks]:
        return True
    if any(a.baseline != b.baseline for a, b in zip(old.locks, new.locks, strict=True)):
        return True
    known = {(one.id, one.status) for one in before.intents}
    if any((one.id, one.status) not in known for one in after.intents):
        return True
    parts = ("inherited", "confirmed", "lifted", "ordered", "flights", "baskets", "countdown_s")
    return any(getattr(before, name) != getattr(after, name) for name in parts)


class _Told:
    """Notices of one cycle."""

    def __init__(self, at: str) -> None:
        self._at = at
        self.notices: list[Notice] = []

    def say(self, key: str, severity: Severity, limit: str | None, text: str) -> None:
        """One notice."""
        self.notices.append(Notice(key, self._at, severity, limit, "enforcement", text))

    def intent(self, intent: Intent, before: Iterable[Intent], sentence: str) -> None:
        """A notice when an intent is new, blocked, or over; what is done says where it has ended (``sentence``)."""
        known = next((one for one in before if one.id == intent.id), None)
        if known is not None and known.status == intent.status:
            return
        severity = {"blocked": Severity.BREACH, "open": Severity.WARN, "waiting": Severity.WARN}.get(
            intent.status, Severity.OK
        )
        if known is not None and intent.status in ("open", "waiting") and known.status in ("open", "waiting"):
            return
        if known is None and intent.status == "proved":
            return
        what = f"{intent.limit}: {intent.action} is {intent.status}"
        why = sentence if intent.status == "proved" and not intent.why else intent.why
        text = f"{what}: {why}" if why else what
        self.say(f"intent|{intent.id}|{intent.status}", severity, intent.limit, text)
