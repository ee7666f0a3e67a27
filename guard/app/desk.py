"""Who answers the commands of the inbox in a running guard, once a cycle at most."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from guard.app.commands import KIND, Answer, Command, Handler, Inbox, answered, command_key, journal_body
from guard.app.patient import PatientJournal
from guard.journal.bodies import NOTICE
from guard.journal.port import Journal


class Desk:
    """Reads the inbox, has each command carried out by its handler, and journals what became of it."""

    def __init__(self, path: Path, journal: Journal, patient: PatientJournal) -> None:
        """``path``: the account's ``commands.db``. What the journal has answered is not carried out again."""
        self._inbox = Inbox(path, _last_answered(journal))
        self._patient = patient
        self.handlers: dict[str, Handler] = {"ack": lambda command: acknowledge(journal, command)}

    def attend(self) -> list[str]:
        """Answer what is new; the answers' sentences."""
        said = []
        for command in self._inbox.new():
            now = datetime.now(UTC)
            at = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            answer = answered(command, self.handlers, now)
            self._patient.write(at, _row(command, answer, at))
            said.append(f"{command.verb} ({command.source}): {answer.sentence}")
        return said

    def close(self) -> None:
        """Close the inbox."""
        self._inbox.close()


def _row(command: Command, answer: Answer, at: str) -> Callable[[Journal], int]:
    body, key, state = journal_body(command, answer), command_key(command.uid), answer.state
    if state is not None:
        return lambda journal: journal.commit_state(KIND, body, state, at=at, key=key)
    return lambda journal: journal.commit(KIND, body, at=at, key=key)


def _last_answered(journal: Journal) -> int:
    numbers = [row.body["id"] for row in journal.rows(KIND) if isinstance(row.body.get("id"), int)]
    return max(numbers, default=0)


def acknowledge(journal: Journal, command: Command) -> Answer:
    """Acknowledge one notice (``{"notice": number}``), or all so far (no number). Nothing else changes by it."""
    number = command.body.get("notice")
    if number is None:
        return Answer(done=True, sentence="all notices so far are acknowledged.", facts={"notice": None})
    if isinstance(number, int) and not isinstance(number, bool) and number > 0:
        row = next(iter(journal.rows(NOTICE, number - 1)), None)
        if row is not None and row.seq == number:
            sentence = f"notice {number} is acknowledged: {row.body['sentence']}"
            return Answer(done=True, sentence=sentence, facts={"notice": number})
    sentence = f"there is no notice {number}: `guard notify list` shows them with their numbers."
    return Answer(done=False, sentence=sentence, facts={})
