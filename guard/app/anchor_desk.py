"""The running guard's answer to ``guard anchor set``: a reference the trader names, journaled with its reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from guard.app.commands import Answer, Command
from guard.app.patient import PatientJournal
from guard.engine.anchor_set import FIELDS, set_anchor
from guard.model.errors import InputError

if TYPE_CHECKING:
    from guard.app.cycle import Cycle

VERB: Final = "anchor"
ROW: Final = "anchor"


def anchor_handler(cycle: Cycle, patient: PatientJournal) -> Callable[[Command], Answer]:
    """Answers the verb ``anchor``; the new state and the sentence are written into the journal at once."""

    def handle(command: Command) -> Answer:
        snapshot = cycle.outcome.snapshot if cycle.outcome is not None else None
        if snapshot is None:
            return Answer(done=False, sentence="the account has not been seen yet; ask again in a moment.", facts={})
        name, reason = command.body.get("limit"), command.body.get("reason")
        given = {field: command.body[field] for field in FIELDS if command.body.get(field) is not None}
        amounts = {field: float(value) for field, value in given.items() if type(value) in (int, float)}
        if not isinstance(name, str) or not isinstance(reason, str) or len(amounts) != len(given):
            sentence = "the command names no limit, reason or amount that can be read."
            return Answer(done=False, sentence=sentence, facts={})
        currency, own = command.body.get("currency"), snapshot.account.currency
        if currency is not None and own is not None and currency != own:
            sentence = f"the amounts are in {currency}, the account is in {own}: write them in {own}."
            return Answer(done=False, sentence=sentence, facts={})
        try:
            state, sentence = set_anchor(cycle.state, cycle.policy, snapshot, name, amounts, reason)
        except InputError as error:
            return Answer(done=False, sentence=f"{error}.", facts={})
        before = {key: anchor for key, anchor in cycle.state.anchors.items() if state.anchors[key] is not anchor}
        cycle.state = state
        body = {"limit": name, "reason": reason, "sentence": sentence}
        patient.write(command.at, lambda journal: journal.commit_state(ROW, body, state, at=command.at))
        facts = {"limit": name, "reason": reason, "set": amounts, "before": {k: a.source for k, a in before.items()}}
        return Answer(done=True, sentence=sentence, facts=facts)

    return handle
