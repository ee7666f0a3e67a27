"""References of loss rules: made at their instant, kept over restarts, never reopened or brought forward by a clock."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from guard.limits.base import Limit
from guard.model.state import State
from guard.model.state_json import state_from_json, state_to_json
from guard.model.verdict import Severity
from tests.books import account, deal, later, limit, msc, position, run, snapshot

EVENING = datetime(2026, 11, 20, 23, 59, 58, tzinfo=UTC)
DAY = "day|UTC|00:00"
LOSS = {"value": 500.0, "unit": "money"}


def balance_rule() -> Limit:
    return limit("period_loss", limit=LOSS)


def equity_rule() -> Limit:
    return limit("period_loss", limit=LOSS, anchor="equity@reset")


def worth(equity: float, at: datetime = EVENING, balance: float = 10_000.0, **over: Any) -> dict[str, Any]:
    return snapshot([position()], at=at, account=account(balance, equity=equity, margin=110.0), **over)


def restart(state: State) -> State:
    """The state as a new process finds it in the journal."""
    return state_from_json(json.loads(json.dumps(state_to_json(state))))


def test_equity_at_the_reset_is_seen_across_it_and_the_stricter_sample_counts() -> None:
    before = run(worth(10_200.0), equity_rule())
    after = run(later(worth(10_150.0), 4.0), equity_rule(), state=before.state)
    anchor = after.state.anchors[DAY]
    assert (anchor.at, anchor.equity, anchor.source) == ("2026-11-21T00:00:00+00:00", 10_200.0, "seen")
    assert after.verdicts[0].value == pytest.approx(50.0)


def test_equity_at_a_reset_that_was_not_seen_is_unknown_not_zero() -> None:
    before = run(worth(10_200.0), equity_rule())
    after = run(later(worth(9_000.0), 3600.0), equity_rule(), state=before.state)
    assert after.verdicts[0].severity is Severity.UNKNOWN
    assert after.verdicts[0].value is None


def test_a_balance_anchor_is_rebuilt_from_deals() -> None:
    noon = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    deals = [
        deal(1, noon - timedelta(hours=13), kind=1, entry=1, profit=-77.0),
        deal(2, noon - timedelta(hours=2), kind=1, entry=1, profit=-100.0, commission=-7.0, swap=-3.0),
    ]
    document = snapshot([position()], account=account(9_890.0, equity=9_600.0, margin=110.0), deals=deals)
    result = run(document, balance_rule())
    assert result.state.anchors[DAY].balance == pytest.approx(10_000.0)
    assert result.verdicts[0].value == pytest.approx(400.0)


@pytest.mark.parametrize("seconds", [5.0, 3600.0, 40_000.0])
def test_a_restart_forgives_nothing(seconds: float) -> None:
    morning = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
    first = run(worth(10_000.0, morning), equity_rule())
    seen = run(later(worth(10_000.0, morning), 0.25), equity_rule(), state=first.state)
    assert restart(seen.state) == seen.state
    lost = later(worth(9_400.0, morning), seconds)
    rule = balance_rule()
    kept = run(lost, rule, state=restart(run(worth(10_000.0, morning), rule).state))
    assert kept.verdicts[0].severity is Severity.BREACH
    assert kept.state.anchors[DAY].balance == 10_000.0


def test_a_backward_jump_of_the_clock_never_reopens_a_day() -> None:
    morning = datetime(2026, 11, 21, 0, 5, tzinfo=UTC)
    first = run(worth(9_400.0, morning), balance_rule())
    back = run(worth(9_400.0, morning - timedelta(minutes=30)), balance_rule(), state=first.state)
    assert back.state.anchors[DAY].at == "2026-11-21T00:00:00+00:00"


def test_a_pc_clock_that_jumps_ahead_does_not_begin_a_new_day_while_the_server_disagrees() -> None:
    noon = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    first = run(worth(9_600.0, noon), balance_rule())
    real = later(worth(9_400.0, noon), 1.0)
    jumped = {**real, "taken_at": (noon + timedelta(days=1)).isoformat()}
    after = run(jumped, balance_rule(), state=first.state)
    assert after.state.anchors[DAY].at == "2026-11-20T00:00:00+00:00"
    assert after.verdicts[0].severity is Severity.BREACH
    assert any("disagree" in gap.sentence for gap in after.gaps)


def test_a_balance_step_without_its_deal_makes_loss_unknown_until_the_deal_comes() -> None:
    first = run(worth(10_000.0), balance_rule())
    paid_out = later(worth(8_000.0, balance=8_000.0), 0.25)
    waiting = run(paid_out, balance_rule(), state=first.state)
    assert waiting.verdicts[0].severity is Severity.UNKNOWN
    assert "no known deal explains" in waiting.verdicts[0].sentence
    withdrawal = deal(9, EVENING, profit=-2_000.0, comment="Withdrawal")
    explained = run(later({**paid_out, "deals": [withdrawal]}, 0.25), balance_rule(), state=waiting.state)
    assert explained.verdicts[0].severity is Severity.OK
    assert explained.verdicts[0].value == pytest.approx(0.0)


def test_an_unexplained_step_is_told_after_its_grace() -> None:
    state = run(worth(10_000.0, EVENING - timedelta(hours=1)), balance_rule()).state
    document = later(worth(8_000.0, EVENING - timedelta(hours=1), balance=8_000.0), 1.0)
    told: list[str] = []
    for _ in range(8):
        result = run(document, balance_rule(), state=state)
        state, told = result.state, [*told, *(notice.kind for notice in result.notices)]
        document = later(document, 10.0)
    assert told.count("flow") == 1


def test_a_peak_trails_equity_and_a_deposit_is_no_new_peak() -> None:
    rule = limit("max_drawdown", limit=LOSS, anchor="peak_equity")
    noon = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    state = run(worth(10_000.0, noon), rule).state
    state = run(later(worth(10_300.0, noon), 1.0), rule, state=state).state
    lower = run(later(worth(9_900.0, noon), 2.0), rule, state=state)
    assert lower.verdicts[0].value == pytest.approx(400.0)
    deposit = deal(5, noon, profit=1_000.0, comment="deposit")
    paid = later(worth(10_900.0, noon, balance=11_000.0, deals=[deposit]), 3.0)
    after = run(paid, rule, state=lower.state)
    assert after.verdicts[0].value == pytest.approx(400.0)


def test_blind_readings_teach_nothing() -> None:
    noon = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    rule = limit("max_drawdown", limit=LOSS, anchor="first_seen")
    empty = snapshot([], at=noon, account=account(0.0), terminal={"connected": False})
    blind = run(empty, rule)
    assert blind.state.first_seen is None
    assert blind.verdicts[0].severity is Severity.UNKNOWN
    seen = run(later(worth(10_000.0, noon), 1.0), rule, state=blind.state)
    assert seen.state.first_seen is not None
    assert seen.state.first_seen.balance == 10_000.0


def test_seconds_without_a_stop_go_on_over_a_restart() -> None:
    noon = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    bare = position(sl=0.0, time_msc=msc(noon), time_update_msc=msc(noon))
    rule = limit("missing_stop")
    document = snapshot([bare], at=noon, account=account(margin=110.0))
    state = restart(run(document, rule).state)
    result = run(later(document, 181.0, boot_id="another"), rule, state=state)
    assert result.verdicts[0].severity is Severity.BREACH
    assert result.verdicts[0].value == pytest.approx(181.0)
