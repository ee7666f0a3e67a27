"""Being armed: which closing actions the trader has opted in to, and whether a trading day was rehearsed first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from guard.actions.registry import action_kinds
from guard.engine.policy import Policy
from guard.journal.port import Journal
from guard.limits.base import Limit
from guard.model.errors import InputError

ARMED: Final = "armed"
REHEARSAL_MINUTES: Final = 8 * 60


class NotArmedError(InputError):
    """The configuration says ``enforce`` and nobody has armed the guard."""


def refuse_unarmed(account: object) -> NotArmedError:
    """The error of a guard that may not act yet."""
    return NotArmedError(
        f'mode = "enforce" begins with `guard arm`: it shows what each limit would do to account {account} now, and '
        "asks what you allow; until then write rehearse or warn"
    )


def closing_actions(policy: Policy) -> dict[str, tuple[str, ...]]:
    """The closing actions that stages of the limits ask for, each with the limits that do."""
    kinds = action_kinds()
    found: dict[str, list[str]] = {}
    for limit in policy.limits:
        for name in dict.fromkeys(name for stage in limit.stages for name in stage.names):
            if kinds[name].closes:
                found.setdefault(name, []).append(limit.name)
    return {name: tuple(limits) for name, limits in sorted(found.items())}


def not_allowed(policy: Policy, allowed: Iterable[str]) -> list[str]:
    """Closing actions that the limits ask for and the trader has not opted in to, in mode ``enforce``."""
    granted = set(allowed)
    return [name for name in closing_actions(policy) if name not in granted] if policy.mode == "enforce" else []


def consented(policy: Policy, allowed: Iterable[str]) -> Policy:
    """The policy without closing actions that the trader has not opted in to; they are left to a notice.

    Only in mode ``enforce``: a rehearsal rehearses all of them.
    """
    missing = set(not_allowed(policy, allowed))
    if not missing:
        return policy
    return replace(policy, limits=tuple(_without(limit, missing) for limit in policy.limits))


def _without(limit: Limit, missing: set[str]) -> Limit:
    stages = []
    for stage in limit.stages:
        kept = tuple(item for item, name in zip(stage.actions, stage.names, strict=True) if name not in missing)
        stages.append(stage.model_copy(update={"actions": kept or ("warn",)}))
    if tuple(stages) == limit.stages:
        return limit
    # Made anew, not copied: a copy would keep what the limit has already worked out from its old stages.
    fields = {name: getattr(limit, name) for name in type(limit).model_fields}
    return type(limit)(**{**fields, "stages": tuple(stages)})


def rehearsed_minutes(journal: Journal) -> int:
    """For how many minutes a guard in mode ``rehearse`` has watched this account, by its heartbeats."""
    minutes, mode = 0, ""
    for row in journal.rows():
        if row.kind == "start":
            mode = str(row.body.get("mode"))
        elif row.kind == "heartbeat" and mode == "rehearse":
            cycles, blind = row.body.get("cycles"), row.body.get("blind_cycles")
            minutes += isinstance(cycles, int) and isinstance(blind, int) and cycles > blind
    return minutes
