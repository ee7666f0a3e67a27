"""Entering a mode that acts: what stands now is inherited, confirmed one by one, and shown before anything is done."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from guard.actions.base import Wish
from guard.engine.plan import Desk
from guard.engine.policy import Policy
from guard.engine.step import CycleResult
from guard.model.state import State


class Preview(NamedTuple):
    """What one action of one limit would do now. ``inert`` says why it would not, or is empty."""

    limit: str
    stage_pct: float
    action: str
    reached: bool
    wishes: tuple[Wish, ...]
    why: str


def with_inherited(state: State, result: CycleResult, policy: Policy) -> State:
    """The state in which every acting stage that is reached now is inherited: warned of until it is confirmed."""
    found = dict(state.enforcing.inherited)
    for verdict in result.verdicts:
        if verdict.acting and verdict.limit in policy.by_name:
            used = verdict.utilization_pct
            found[verdict.limit] = min(used, 1e9) if used is not None else 100.0
    return replace(state, enforcing=state.enforcing._replace(inherited=found, confirmed=()))


def with_confirmed(state: State, limit: str) -> State:
    """The state in which the trader has confirmed that an inherited breach may be acted on.

    Raises:
        ValueError: Nothing of this limit is inherited.
    """
    e = state.enforcing
    if limit not in e.inherited:
        message = f"nothing of {limit!r} is inherited"
        raise ValueError(message)
    if limit in e.confirmed:
        return state
    return replace(state, enforcing=e._replace(confirmed=(*e.confirmed, limit)))


def preview(result: CycleResult, policy: Policy) -> list[Preview]:
    """What each limit would do with the account as it is: of every action, whether its stage is reached or not."""
    desk = Desk(result.metrics, result.state, policy.limits)
    out: list[Preview] = []
    for verdict in result.verdicts:
        limit, actions = policy.by_name[verdict.limit]
        for at, action in actions:
            if action.kind == "warn":
                continue
            reached = verdict.stage_pct is not None and verdict.stage_pct >= at
            asked = desk.ask(
                limit.scope, at, offending=verdict.offending, used=verdict.utilization_pct,
                used_after=desk.used_after(limit), peak=result.metrics.equity,
            )  # fmt: skip
            planned = desk.accepted(action.plan(asked), forced=limit.ends_account)
            out.append(Preview(limit.name, at, action.kind, reached, planned.wishes, planned.why))
    return out
