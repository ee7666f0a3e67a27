"""References the trader sets, and the running guard's answer to it."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from guard.app import commands
from guard.app.anchor_desk import VERB, anchor_handler
from guard.app.commands import ask
from guard.app.desk import Desk
from guard.app.patient import PatientJournal
from guard.engine.anchor_set import references, set_anchor
from guard.journal.sqlite import SqliteJournal, open_journal
from guard.model.errors import InputError
from guard.model.snapshot_json import read_snapshot
from guard.model.state import State
from guard.model.verdict import Severity
from tests.books import NOON, account, later, limit, policy, position, run, snapshot

LOSS = {"value": 500.0, "unit": "money"}
EQUITY = limit("period_loss", limit=LOSS, anchor="equity@reset", id="day")
PEAK = limit("max_drawdown", limit=LOSS, anchor="peak_equity", id="trail")
BOTH = policy(EQUITY, PEAK)
BOOK = snapshot([position()], account=account(10_000.0, equity=9_700.0, margin=110.0))


def seen() -> State:
    return run(BOOK, EQUITY, PEAK).state


def test_an_equity_nobody_saw_is_set_and_counts() -> None:
    state, said = set_anchor(seen(), BOTH, read_snapshot(BOOK), "day", {"equity": 10_200.0}, "from the firm's page")
    assert "equity 10,200.00 is set" in said
    verdict = run(later(BOOK, 1.0), EQUITY, PEAK, state=state).verdicts[0]
    assert verdict.severity is Severity.BREACH
    assert verdict.value == pytest.approx(500.0)
    assert "(set by you)" in verdict.sentence


def test_a_peak_that_is_set_ends_the_doubt_about_a_stretch_nobody_watched() -> None:
    unsure = run(later(BOOK, 3_600.0), EQUITY, PEAK, state=run(later(BOOK, 1.0), EQUITY, PEAK, state=seen()).state)
    assert unsure.verdicts[1].severity is Severity.UNKNOWN
    state, _ = set_anchor(unsure.state, BOTH, read_snapshot(BOOK), "trail", {"peak_equity": 10_100.0}, "seen on phone")
    verdict = run(later(BOOK, 3_601.0), EQUITY, PEAK, state=state).verdicts[1]
    assert verdict.severity is Severity.WARN
    assert verdict.value == pytest.approx(400.0)


def test_a_lower_reference_is_said_to_be_looser() -> None:
    state, _ = set_anchor(seen(), BOTH, read_snapshot(BOOK), "trail", {"peak_equity": 10_100.0}, "first")
    _, said = set_anchor(state, BOTH, read_snapshot(BOOK), "trail", {"peak_equity": 9_900.0}, "second")
    assert "the floor falls by it" in said


@pytest.mark.parametrize(
    "name,values,reason,words",
    [("day", {"equity": 1.0}, " ", "a reason is needed"),
     ("nothing", {"equity": 1.0}, "why", "those that do: day, trail"),
     ("day", {"equity": -1.0}, "why", "above 0"), ("day", {"credit": 1.0}, "why", "must be one of"),
     ("day", {}, "why", "nothing to set")],
)  # fmt: skip
def test_what_cannot_be_set_is_refused_in_a_sentence(
    name: str, values: dict[str, float], reason: str, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        set_anchor(seen(), BOTH, read_snapshot(BOOK), name, values, reason)


def test_all_references_are_listed_also_those_not_known_yet() -> None:
    rows = references(State(), BOTH)
    assert [(row["limit"], row["anchor"]) for row in rows] == [("day", None), ("trail", None)]
    assert references(seen(), BOTH)[1]["anchor"]["source"] == "first_seen"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    with closing(open_journal(tmp_path / "journal.db")) as opened:
        yield opened


@pytest.mark.parametrize(
    "body,done,words",
    [({"limit": "day", "equity": 10_200.0, "reason": "seen", "currency": "USD"}, True, "equity 10,200.00 is set"),
     ({"limit": "day", "equity": 10_200.0, "reason": "seen", "currency": "EUR"}, False, "write them in USD"),
     ({"limit": "day", "equity": "much", "reason": "seen"}, False, "names no limit, reason or amount"),
     ({"limit": "no", "equity": 1.0, "reason": "seen"}, False, "there is no limit 'no'")],
)  # fmt: skip
def test_the_running_guard_answers_and_journals_it(
    tmp_path: Path,
    journal: SqliteJournal,
    monkeypatch: pytest.MonkeyPatch,
    body: dict[str, Any],
    done: bool,
    words: str,
) -> None:
    monkeypatch.setattr(commands, "_LOOK_S", 0.0)
    patient = PatientJournal(journal, lambda _: None)
    cycle: Any = SimpleNamespace(outcome=SimpleNamespace(snapshot=read_snapshot(BOOK)), state=seen(), policy=BOTH)
    desk = Desk(tmp_path / "commands.db", journal, patient)
    desk.handlers[VERB] = anchor_handler(cycle, patient)
    ask(tmp_path / "commands.db", VERB, body, "cli")
    (said,) = desk.attend()
    assert words in said
    rows = list(journal.rows("anchor"))
    assert bool(rows) is done
    if done:
        assert rows[0].body["reason"] == "seen"
        stored = journal.load_state()
        assert stored is not None
        assert stored.anchors["day|UTC|00:00"].equity == 10_200.0


def test_the_day_is_that_of_the_last_reading() -> None:
    state, _ = set_anchor(State(), BOTH, read_snapshot(BOOK), "day", {"equity": 10_000.0}, "seen")
    assert state.anchors["day|UTC|00:00"].at == datetime(NOON.year, NOON.month, NOON.day, tzinfo=UTC).isoformat()
