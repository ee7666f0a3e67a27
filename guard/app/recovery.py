"""A start is a recovery: what the journal says was under way when the last guard ended, whatever ended it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from loguru import logger

from guard.app.cycle import utc_now
from guard.app.enforcer import OUTCOME, outcome_body, words
from guard.engine.deeds import finished
from guard.journal.port import Journal
from guard.model.intent import Sent
from guard.model.state import State

_SAID: Final = (
    "not known: the guard ended before the answer was written down; the account is read before anything is sent again"
)


def recovered(state: State, journal: Journal, mode: str) -> State:
    """The memory to go on with: deeds that were begun and never answered may have been carried out or not.

    Nothing is sent and nothing forgotten here: intents, locks, request budgets and unproved deeds are in ``state``, and
    the first look decides on them. Each deed without an answer gets its outcome row. In mode ``enforce`` nothing counts
    as done because it was rehearsed.

    Raises:
        JournalError: The journal cannot be written; nothing may be done without it.
    """
    # A close-by stands under both of its tickets.
    cut_off = {one.deed.id: one.deed for one in state.enforcing.flights.values() if one.phase == "sent"}
    for deed in cut_off.values():
        sent = Sent(deed.id, None)
        state = finished(state, deed, sent)
        body: dict[str, Any] = {**outcome_body(sent), "said": _SAID, "recovered": True}
        journal.commit_state(OUTCOME, body, state, at=utc_now())
        logger.warning("recovered: {} was under way when the guard ended; outcome {}", words(deed), _SAID)
    if mode == "enforce" and state.enforcing.rehearsed:
        state = replace(state, enforcing=state.enforcing._replace(rehearsed=()))
    return state
