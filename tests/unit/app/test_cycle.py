"""A cycle reads, checks whose account it is, thinks and writes; what it cannot see it says and never acts on."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from guard.app.cycle import Cycle
from guard.app.identity import Expected
from guard.app.patient import PatientJournal
from guard.journal.port import JournalError
from guard.journal.sqlite import SqliteJournal, open_journal
from guard.model.errors import TerminalError, WrongAccountError
from guard.model.notice import Notice
from guard.model.verdict import Severity
from guard.settings.load import default_policy
from tests.builders import broke, document


class Played:
    """A terminal that gives one prepared answer after the other."""

    deals_from: datetime | None = None

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    def connect(self) -> dict[str, Any]:
        return {}

    def read_snapshot(self) -> dict[str, Any]:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, dict)
        return answer

    def close(self) -> None:
        pass


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    with closing(open_journal(tmp_path / "journal.db")) as opened:
        yield opened


def cycle(journal: SqliteJournal, *answers: Any, said: list[str] | None = None) -> tuple[Cycle, Clock]:
    clock, shouts = Clock(), said if said is not None else []
    patient = PatientJournal(journal, shouts.append)
    return Cycle(Played(*answers), patient, default_policy(), Expected(5012345), None, clock), clock


def kinds(journal: SqliteJournal) -> list[str]:
    return [row.kind for row in journal.rows()]


def test_what_is_new_is_written_before_it_is_told(journal: SqliteJournal) -> None:
    guard, _ = cycle(journal, document(0.0), broke(1.0))
    guard.run_once()
    outcome = guard.run_once()
    assert any(v.severity is Severity.BREACH for v in outcome.verdicts)
    assert outcome.seq == journal.verify_chain()
    assert journal.load_state() == guard.state


def test_a_look_without_news_writes_nothing(journal: SqliteJournal) -> None:
    guard, _ = cycle(journal, *(document(float(s)) for s in range(6)))
    for _ in range(3):
        guard.run_once()
    before = kinds(journal)
    outcomes = [guard.run_once() for _ in range(3)]
    assert kinds(journal) == before
    assert all(o.verdicts == () and o.notices == () for o in outcomes)


def test_failed_reads_are_written_once_told_after_the_time_and_the_return_too(journal: SqliteJournal) -> None:
    gone = [TerminalError("no answer")] * 5
    guard, clock = cycle(journal, document(0.0), *gone, document(6.0))
    guard.run_once()
    before = guard.state
    told: list[Notice] = []
    for _ in gone:
        clock.now += 1.0
        told += guard.run_once().notices
    assert guard.state is before
    assert [notice.kind for notice in told] == ["blind"]
    clock.now += 1.0
    back = guard.run_once()
    assert back.blind is None
    assert any(notice.kind == "blind" and notice.severity is Severity.OK for notice in back.notices)
    written = kinds(journal)
    assert (written.count("blind"), written.count("sight")) == (1, 1)


def test_a_breach_stands_while_blind(journal: SqliteJournal) -> None:
    guard, clock = cycle(journal, broke(0.0), TerminalError("x"), broke(2.0))
    guard.run_once()
    clock.now += 1.0
    guard.run_once()
    assert any(timer.severity == Severity.BREACH for timer in guard.state.timers.values())
    assert guard.run_once().verdicts == ()


def test_an_answer_that_cannot_be_used_is_blind(journal: SqliteJournal) -> None:
    guard, _ = cycle(journal, {"format": "guard.snapshot/1"}, {})
    assert guard.run_once().blind is not None
    assert guard.run_once().blind is not None


def test_a_repeated_old_reading_is_blind(journal: SqliteJournal) -> None:
    guard, clock = cycle(journal, *[document(0.0)] * 4)
    guard.run_once()
    clock.now += 2.9
    assert guard.run_once().blind is None
    clock.now += 0.2
    assert "old reading" in (guard.run_once().blind or "")


def test_another_account_is_written_told_and_ends_the_guard(journal: SqliteJournal) -> None:
    guard, _ = cycle(journal, document(0.0), document(1.0, account={"login": 99}))
    guard.run_once()
    with pytest.raises(WrongAccountError):
        guard.run_once()
    assert guard.outcome is not None
    assert "99" in guard.outcome.notices[0].sentence
    assert kinds(journal)[-2:] == ["blind", "notice"]


def test_a_fault_of_our_own_blinds_loudly_and_the_guard_goes_on(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard, _ = cycle(journal, document(0.0), document(1.0), document(2.0))
    guard.run_once()
    with monkeypatch.context() as broken:
        broken.setattr("guard.app.cycle.step", lambda *_: 1 / 0)
        outcome = guard.run_once()
    assert "internal fault" in outcome.notices[0].sentence
    assert guard.run_once().blind is None


def test_while_the_journal_cannot_be_written_it_watches_shouts_and_writes_first_later(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    guard, _ = cycle(journal, document(0.0), broke(1.0), broke(2.0), broke(3.0), said=said)
    guard.run_once()
    before = len(kinds(journal))

    def refuse(*_: Any, **__: Any) -> int:
        raise JournalError("the disk is full")

    with monkeypatch.context() as full:
        full.setattr(journal, "commit_cycle", refuse)
        full.setattr(journal, "commit", refuse)
        outcome = guard.run_once()
        assert any(v.severity is Severity.BREACH for v in outcome.verdicts)
        assert (outcome.seq, outcome.waiting) == (None, True)
        guard.run_once()
    assert len(said) == 1
    assert "disk is full" in said[0]
    guard._journal._retry_at = 0.0
    guard.run_once()
    rows = list(journal.rows())[before:]
    assert rows[0].kind == "cycle"
    assert any(v["severity"] == "BREACH" for v in rows[0].body["verdicts"])
    assert rows[-1].kind == "fault"
    assert rows[-1].body["lost"] == 0
    assert guard._journal.writable
    journal.verify_chain()
