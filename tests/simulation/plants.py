"""Bugs on purpose: each breaks the guard in one place while it runs, and the campaign must say so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import guard.app.cycle as cycle_module
import guard.app.enforcer as enforcer_module
import guard.app.flat as flat_module
import guard.app.recovery as recovery_module
import guard.engine.deeds as deeds_module
import guard.engine.enforce as enforce_module
import guard.engine.intents as intents_module
import guard.engine.settle as settle_module
import guard.model.state_json as state_json_module
import tests.simulation.journal as journal_module
from guard.actions.reduce import Reduce
from guard.engine.deeds import key_of
from guard.engine.plan import Desk, Planned
from guard.model.intent import Deed, Sent
from guard.model.snapshot import Snapshot
from guard.model.state import State

_PLANTED: list[str] = []


def plant(name: str | None) -> None:
    """Plant a bug in this process, once."""
    if name is not None and name not in _PLANTED:
        _PLANTED.append(name)
        PLANTS[name]()


def _dropped_retry() -> None:
    """A close that was refused once is forgotten: the ticket is never tried again."""
    true = deeds_module._after

    def broken(*args: Any) -> Any:
        return true(*args)._replace(wait_s=1e12)

    deeds_module._after = broken  # type: ignore[assignment]


def _partial_counted_done() -> None:
    """A position that was closed in part counts as closed: nothing more is sent for it."""
    true = settle_module._look

    def broken(flight: Any, held: Any, snapshot: Any, now_s: float) -> Any:
        after, said = true(flight, held, snapshot, now_s)
        if "is reduced to" in said:
            return flight, ""
        return after, said

    settle_module._look = broken


def _lock_not_persisted() -> None:
    """The journal's state has no locks in it."""
    true = state_json_module.state_to_json

    def broken(state: State) -> dict[str, object]:
        return true(replace(state, locks=()))

    journal_module.state_to_json = broken


def _close_without_ticket() -> None:
    """A close does not say which position it closes, and the worker's check does not mind."""
    true = enforcer_module.request_of

    def broken(deed: Deed, snapshot: Snapshot, policy: Any) -> dict[str, Any]:
        request = true(deed, snapshot, policy)
        if request["action"] == 1:
            del request["position"]
        return request

    enforcer_module.request_of = broken


def _stale_snapshot_acted() -> None:
    """A reading that is not newer than the last one is acted on."""
    enforce_module._repeated = lambda _old, _snapshot: False  # type: ignore[assignment]


def _hedge_leg_alone() -> None:
    """To reduce, the larger part is taken from whatever leg comes first, and no plan is projected."""
    from guard.actions._closing import close  # noqa: PLC0415

    def plan(self: Reduce, ask: Any) -> Any:  # noqa: ARG001
        from guard.actions.base import Plan  # noqa: PLC0415

        rows = sorted(ask.rows, key=lambda row: row.position.volume)
        return Plan(tuple(close(row) for row in rows[:1]))

    Reduce.plan = plan  # type: ignore[method-assign]
    Desk.accepted = lambda self, plan, *, forced: Planned(plan.wishes, plan.why)  # type: ignore[method-assign]  # noqa: ARG005


def _restart_rebaselines_day() -> None:
    """A restart takes the present balance for the one the day began with."""
    true = recovery_module.recovered

    def broken(state: State, journal: Any, mode: str) -> State:
        state = true(state, journal, mode)
        if state.last is None:
            return state
        now = state.last
        anchors = {
            key: replace(anchor, balance=now.balance, equity=now.equity) for key, anchor in state.anchors.items()
        }
        return replace(state, anchors=anchors)

    import tests.simulation.guardian as guardian_module  # noqa: PLC0415

    guardian_module.recovered = broken


def _flat_on_reconnect() -> None:
    """An empty list of positions is believed at once."""
    flat_module.FlatCheck.doubt = lambda self, snapshot, now: None  # type: ignore[method-assign]  # noqa: ARG005
    cycle_module.FlatCheck = flat_module.FlatCheck


def _duplicate_after_lost_reply() -> None:
    """An answer that was lost counts as a refusal: the deed is sent again at once."""
    true = deeds_module.finished

    def broken(state: State, deed: Deed, sent: Sent) -> State:
        if sent.retcode is None and sent.refused is None:
            tried = state.enforcing.tries[key_of(deed)]
            return deeds_module._landed(state, deed, tried)
        return true(state, deed, sent)

    enforcer_module.finished = broken


def _period_intent_survives_reset() -> None:
    """An intent of a period goes on after the period's end."""
    intents_module.is_over = lambda _intent, _state, _snapshot: False  # type: ignore[assignment]


PLANTS: dict[str, Callable[[], None]] = {
    "dropped-retry": _dropped_retry,
    "partial-counted-done": _partial_counted_done,
    "lock-not-persisted": _lock_not_persisted,
    "close-without-ticket": _close_without_ticket,
    "stale-snapshot-acted": _stale_snapshot_acted,
    "hedge-leg-alone": _hedge_leg_alone,
    "restart-rebaselines-day": _restart_rebaselines_day,
    "flat-on-reconnect": _flat_on_reconnect,
    "duplicate-after-lost-reply": _duplicate_after_lost_reply,
    "period-intent-survives-reset": _period_intent_survives_reset,
}
