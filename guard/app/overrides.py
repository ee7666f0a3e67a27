"""Overrides that were asked for and wait for their delay: they live in the journal and survive a restart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from loguru import logger

from guard.app.binding import POLICY as POLICY_ROW
from guard.app.binding import Binding, held_body
from guard.app.cycle import Cycle, utc_now
from guard.app.patient import PatientJournal
from guard.engine.locks import without_lock
from guard.journal.port import Journal
from guard.model.notice import Notice
from guard.model.verdict import Severity

OVERRIDE: Final = "override"
OVERRIDDEN: Final = "overridden"


@dataclass(frozen=True, slots=True)
class Override:
    """A lock that is lifted at ``due_s`` (trusted UTC seconds)."""

    uid: str
    lock: str
    due_s: float
    reason: str


class Overrides:
    """Waits, and lifts."""

    def __init__(self, cycle: Cycle, binding: Binding, journal: Journal, patient: PatientJournal) -> None:
        """What the journal says was asked for and has not had its effect yet waits on."""
        self._cycle = cycle
        self._binding = binding
        self._patient = patient
        self._waiting = _left(journal)

    @property
    def waiting(self) -> tuple[Override, ...]:
        """What was asked for and waits."""
        return tuple(self._waiting)

    def add(self, uid: str, lock: str, due_s: float, reason: str) -> None:
        """Lift a lock at ``due_s``; one that is asked for again goes on waiting from its first time."""
        if any(one.lock == lock for one in self._waiting):
            return
        self._waiting.append(Override(uid, lock, due_s, reason))
        at = utc_now()
        body = {"uid": uid, "lock": lock, "due_s": due_s, "reason": reason}
        self._patient.write(at, lambda journal: journal.commit(OVERRIDE, body, at=at, key=f"{OVERRIDE}:{uid}:{lock}"))

    def keep_policy(self, why: str) -> None:
        """Write down what is in force and what waits."""
        held = self._binding.held
        if held is not None:
            at, body = utc_now(), held_body(held, why)
            self._patient.write(at, lambda journal: journal.commit(POLICY_ROW, body, at=at))

    def attend(self, now_s: float) -> list[Notice]:
        """Lift what is due; the notices, which are written down."""
        told = []
        for one in [one for one in self._waiting if now_s >= one.due_s]:
            self._waiting.remove(one)
            told.append(self._lift(one))
        return told

    def _lift(self, one: Override) -> Notice:
        at, cycle = utc_now(), self._cycle
        try:
            cycle.state = without_lock(cycle.state, one.lock)
            said = f"Lock {one.lock} was lifted by the trader's override: {one.reason}."
        except ValueError as error:
            said = f"The override of {one.lock} had no effect: {error}."
        state, body = cycle.state, {"uid": one.uid, "lock": one.lock, "said": said}
        key = f"{OVERRIDDEN}:{one.uid}:{one.lock}"
        self._patient.write(at, lambda journal: journal.commit_state(OVERRIDDEN, body, state, at=at, key=key))
        logger.warning("override: {}", said)
        notice = Notice(f"{OVERRIDDEN}:{one.uid}:{one.lock}", at, Severity.WARN, None, "command", said)
        cycle.say(notice)
        return notice


def _left(journal: Journal) -> list[Override]:
    done = {(row.body["uid"], row.body["lock"]) for row in journal.rows(OVERRIDDEN)}
    asked = [
        Override(row.body["uid"], row.body["lock"], row.body["due_s"], row.body["reason"])
        for row in journal.rows(OVERRIDE)
    ]
    return [one for one in asked if (one.uid, one.lock) not in done]
