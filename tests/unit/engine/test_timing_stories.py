"""Hold time, clearing margin, cool-down, and that not knowing clears nothing."""

from typing import Any

from guard.limits.base import Limit
from guard.model.notice import Notice
from guard.model.state import State
from guard.model.verdict import Severity
from tests.books import account, later, limit, position, run, snapshot

# 0.1 lots are 1.1001 times equity: the limit is set so that 0.1 lots are within and 0.2 lots are above.
OK, WARN, UNKNOWN, BREACH = Severity.OK, Severity.WARN, Severity.UNKNOWN, Severity.BREACH


def rule(**fields: Any) -> Limit:
    return limit("effective_leverage", max=2.0, stages=[{"at_pct": 100.0}], **fields)


def book(lots: float) -> dict[str, Any]:
    return snapshot([position(lots=lots)], account=account(margin=110.0))


def play(line: Limit, *steps: tuple[float, dict[str, Any]]) -> list[Severity]:
    """The severities of documents that are so many seconds after the first."""
    state, out = State(), []
    for seconds, document in steps:
        result = run(later(document, seconds), line, state=state)
        state = result.state
        out.append(result.verdicts[0].severity)
    return out


def test_a_condition_must_hold_for_its_time() -> None:
    high = book(0.2)
    steps = [(float(second), high) for second in range(12)]
    assert play(rule(for_s=10.0), *steps) == [OK] * 10 + [BREACH] * 2


def test_a_blind_gap_starts_the_hold_time_anew() -> None:
    high = book(0.2)
    times = [0.0, 1.0, 2.0, 12.0, 13.0, 14.0, 21.9, 22.1]
    found = play(rule(for_s=10.0), *[(second, high) for second in times])
    assert found == [OK] * 8


def test_a_value_just_under_the_limit_does_not_clear_the_breach() -> None:
    held = play(rule(clear_margin_pct=5.0), (0.0, book(0.19)), (1.0, book(0.18)), (2.0, book(0.17)))
    assert held == [BREACH, BREACH, OK]


def test_the_breach_stays_for_its_cool_down() -> None:
    low = book(0.1)
    found = play(rule(cooldown_s=10.0), (0.0, book(0.2)), *[(float(1 + second), low) for second in range(12)])
    assert found == [BREACH] * 11 + [OK] * 2


def test_not_knowing_clears_no_breach_and_is_told_after_its_time() -> None:
    line, state = rule(), State()
    state = run(book(0.2), line, state=state).state
    gone = book(0.2)
    del gone["positions"]
    notices: list[Notice] = []
    for second in range(1, 80):
        result = run(later(gone, float(second)), line, state=state)
        state = result.state
        notices += result.notices
        assert result.verdicts[0].severity is BREACH
    assert [notice.severity for notice in notices] == [UNKNOWN]
    fine = run(later(book(0.1), 81.0), line, state=state)
    assert fine.verdicts[0].severity is OK


def test_what_was_broken_at_first_start_is_inherited_and_said_so() -> None:
    result = run(book(0.2), rule())
    assert result.verdicts[0].inherited
    assert "inherited" in result.notices[0].sentence
    state = run(later(book(0.1), 1.0), rule(), state=result.state).state
    assert not run(later(book(0.2), 2.0), rule(), state=state).verdicts[0].inherited


def test_one_notice_a_change() -> None:
    line, state, told = rule(), State(), []
    for second in range(10):
        result = run(later(book(0.1 if second < 3 else 0.2), float(second)), line, state=state)
        state = result.state
        told += [notice.severity for notice in result.notices]
    assert told == [BREACH]


def test_an_action_that_is_not_carried_out_is_said_to_be_asked_for() -> None:
    line = limit("effective_leverage", max=2.0, stages=[{"at_pct": 100.0, "actions": ["warn", "flatten"]}])
    result = run(book(0.2), line)
    assert result.verdicts[0].acting
    assert result.trading_state.name == "HALTED"
    assert result.intents == ()
