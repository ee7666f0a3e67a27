"""Memory that only some kinds of limits need: the margin of an unchanged book, counted breaches, named snapshots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from guard.engine.policy import Policy
from guard.metrics.bookname import book_name
from guard.metrics.compute import Metrics
from guard.model.state import State, Timer
from guard.model.verdict import Severity, Verdict
from guard.model.watched import Mark, Watched

MOST_VIOLATIONS = 1000


def advance(
    m: Metrics, state: State, policy: Policy, verdicts: Iterable[Verdict], timers: Mapping[str, Timer], at: str
) -> Watched:
    """The memory after this look; the same object when nothing is to be learnt."""
    old = new = state.watched
    if "margin" in policy.watches:
        new = _margin(m, new)
    if policy.counted:
        new = _violations(policy, new, verdicts, timers)
    if policy.marks:
        new = _marks(m, policy, new, at)
    return old if new == old else new


def _margin(m: Metrics, old: Watched) -> Watched:
    name, margin = book_name(m.snapshot), m.account.margin
    if name is None or margin is None or name == old.book:
        return old
    return old._replace(book=name, margin=margin)


def _violations(policy: Policy, old: Watched, verdicts: Iterable[Verdict], timers: Mapping[str, Timer]) -> Watched:
    """Each position, or each time, that broke a limit counts once; what was so at the first start does not."""
    counted = dict(old.violations)
    for verdict in verdicts:
        if verdict.limit not in policy.counted or verdict.severity is not Severity.BREACH or verdict.inherited:
            continue
        timer = timers.get(verdict.limit)
        about = [str(item) for item in verdict.offending] or [str(timer.since if timer is not None else "")]
        known = counted.get(verdict.limit, ())
        fresh = tuple(item for item in about if item not in known)
        if fresh:
            counted[verdict.limit] = (*known, *fresh)[-MOST_VIOLATIONS:]
    return old if counted == dict(old.violations) else old._replace(violations=counted)


def _marks(m: Metrics, policy: Policy, old: Watched, at: str) -> Watched:
    """A named snapshot is taken at the first look at which equity and margin are known."""
    equity, margin = m.account.equity, m.account.margin
    missing = [name for name in policy.marks if name not in old.marks]
    if not missing or equity is None or margin is None:
        return old
    taken = Mark(at, equity, equity - margin)
    return old._replace(marks={**old.marks, **dict.fromkeys(missing, taken)})
