"""Stages, hold time, clearing margin, cool-down and not knowing: the timing of verdicts."""

from typing import Any

import pytest

from guard.engine.step import CycleResult
from guard.limits.base import Limit
from guard.model.state import State
from guard.model.verdict import Severity
from tests.books import account, later, limit, position, run, snapshot

OK, WARN, UNKNOWN, BREACH = Severity.OK, Severity.WARN, Severity.UNKNOWN, Severity.BREACH
GONE = "gone"


def usage(pct: float | str) -> dict[str, Any]:
    """A snapshot with so much margin usage; ``gone``: margin is not known."""
    margin = 0.0 if isinstance(pct, str) else pct * 100.0
    made = account(margin=margin)
    if isinstance(pct, str):
        made = {**made, "margin": None}
    return snapshot([position()], account=made)


def play(rule: Limit, *readings: tuple[float, float | str], **over: Any) -> list[CycleResult]:
    """One step for each (seconds since the one before, margin usage); the limit is 50 %."""
    state, at, out = State(), 0.0, []
    for passed, pct in readings:
        at += passed
        out.append(run(later(usage(pct), at), rule, state=state, **over))
        state = out[-1].state
    return out


def severities(rule: Limit, *readings: tuple[float, float | str], **over: Any) -> list[Severity]:
    return [result.verdicts[0].severity for result in play(rule, *readings, **over)]


def usage_limit(**fields: Any) -> Limit:
    return limit("margin_usage", max=50.0, **fields)


def test_stages_of_a_cap() -> None:
    readings = [(1.0, pct) for pct in (34.9, 35.0, 42.5, 50.0, 50.1)]
    found = [result.verdicts[0] for result in play(usage_limit(), *readings)]
    assert [(v.severity, v.stage_pct) for v in found] == [
        (OK, None), (WARN, 70.0), (WARN, 85.0), (WARN, 85.0), (BREACH, 100.0),
    ]  # fmt: skip


def test_a_floor_breaks_at_the_touch_unless_told_otherwise() -> None:
    held = snapshot([position()], account=account(equity=1_500.0, margin=1_000.0))
    assert run(held, limit("margin_level", min=150.0)).verdicts[0].severity is BREACH
    soft = limit("margin_level", min=150.0, touch_is_breach=False)
    assert run(held, soft).verdicts[0].severity is WARN
    below = snapshot([position()], account=account(equity=1_499.9, margin=1_000.0))
    assert run(below, soft).verdicts[0].severity is BREACH


def test_an_acting_stage_below_the_limit_is_a_warning_that_acts() -> None:
    rule = usage_limit(stages=[{"at_pct": 70.0}, {"at_pct": 90.0, "actions": ["flatten", "warn"]}])
    before, acting, beyond = [r.verdicts[0] for r in play(rule, (1, 40.0), (1, 45.0), (1, 60.0))]
    assert (before.severity, before.acting, before.actions) == (WARN, False, ("warn",))
    assert (acting.severity, acting.acting, acting.actions) == (WARN, True, ("warn", "flatten"))
    assert (beyond.severity, beyond.acting, beyond.stage_pct) == (BREACH, True, 90.0)


def test_a_stage_above_the_limit_is_reached_later() -> None:
    rule = usage_limit(stages=[{"at_pct": 100.0}, {"at_pct": 120.0, "actions": ["flatten"]}])
    assert [r.verdicts[0].stage_pct for r in play(rule, (1, 51.0), (1, 59.9), (1, 60.0))] == [100.0, 100.0, 120.0]


def test_a_condition_counts_only_after_it_has_held() -> None:
    rule = usage_limit(for_s=2.0)
    assert severities(rule, (1, 10.0), (1, 60.0), (1, 60.0), (1, 60.0)) == [OK, OK, OK, BREACH]
    assert severities(rule, (1, 10.0), (1, 60.0), (1, 10.0), (1, 60.0), (1, 60.0), (1, 60.0))[-2:] == [OK, BREACH]


def test_the_hold_time_begins_anew_after_a_gap_between_readings() -> None:
    rule = usage_limit(for_s=4.0)
    assert severities(rule, (1, 60.0), (2, 60.0), (3.5, 60.0), (2, 60.0), (2, 60.0)) == [OK, OK, OK, OK, BREACH]
    assert severities(rule, (1, 60.0), (2, 60.0), (2.5, 60.0)) == [OK, OK, BREACH]


def test_the_hold_time_begins_anew_after_not_knowing_for_longer_than_stale() -> None:
    rule = usage_limit(for_s=2.5)
    short = severities(rule, (1, 60.0), (1, 60.0), (1, GONE), (1, 60.0), (1, 60.0))
    assert short == [OK, OK, UNKNOWN, OK, BREACH]
    long = severities(rule, (1, 60.0), (2, 60.0), (2, GONE), (2, GONE), (1, 60.0), (1, 60.0), (1, 60.0), (1, 60.0))
    assert long == [OK, OK, UNKNOWN, UNKNOWN, OK, OK, OK, BREACH]


def test_a_breach_clears_only_below_its_clearing_margin() -> None:
    # 2 % of 50 is 1: clear below 49; then the 85 stage stands until below 42.5 - 0.85 of it.
    readings = [(1.0, pct) for pct in (51.0, 49.5, 49.01, 48.9, 42.0, 41.6)]
    found = [r.verdicts[0] for r in play(usage_limit(), *readings)]
    assert [(v.severity, v.stage_pct) for v in found] == [
        (BREACH, 100.0), (BREACH, 100.0), (BREACH, 100.0), (WARN, 85.0), (WARN, 85.0), (WARN, 70.0),
    ]  # fmt: skip


def test_a_breach_clears_only_after_its_cool_down() -> None:
    rule = usage_limit(cooldown_s=2.0)
    assert severities(rule, (1, 51.0), (1, 10.0), (1, 10.0), (1, 10.0)) == [BREACH, BREACH, BREACH, OK]
    assert severities(rule, (1, 51.0), (1, 10.0), (1, 50.0), (1, 10.0), (1, 10.0), (1, 10.0))[-2:] == [BREACH, OK]


def test_not_knowing_clears_no_breach_and_hides_a_warning() -> None:
    found = play(usage_limit(), (1, 60.0), (1, GONE), (500, GONE), (1, 10.0))
    assert [r.verdicts[0].severity for r in found] == [BREACH, BREACH, BREACH, OK]
    assert found[1].verdicts[0].value is None
    assert "breach stands" in found[1].verdicts[0].sentence
    assert severities(usage_limit(), (1, 45.0), (1, GONE), (1, 45.0)) == [WARN, UNKNOWN, WARN]


def test_the_user_is_told_once_after_a_minute_of_not_knowing() -> None:
    results = play(usage_limit(), (1, 10.0), *[(1, GONE)] * 130, unknown_for_s=60.0)
    told = [n for r in results for n in r.notices]
    assert [n.severity for n in told] == [UNKNOWN]
    first = next(i for i, r in enumerate(results) if r.notices)
    assert first in range(59, 63)
    again = play(usage_limit(), *[(1, GONE)] * 70, (1, 10.0), *[(1, GONE)] * 70, unknown_for_s=60.0)
    assert sum(len(r.notices) for r in again) == 2


def test_one_notice_per_change_and_none_while_it_stands() -> None:
    results = play(usage_limit(), (1, 10.0), (1, 45.0), (1, 45.0), (1, 60.0), (1, 70.0), (1, 10.0))
    assert [[n.severity for n in r.notices] for r in results] == [[], [WARN], [], [BREACH], [], [OK]]
    assert [r.changed for r in results] == [True, True, False, True, False, True]


def test_a_breach_at_the_first_start_is_inherited_until_it_is_over() -> None:
    results = play(usage_limit(), (1, 60.0), (1, 60.0), (1, 10.0), (1, 60.0))
    assert [r.verdicts[0].inherited for r in results] == [True, True, False, False]
    assert "inherited" in results[0].notices[0].sentence
    assert "inherited" not in results[3].notices[0].sentence


def test_a_breach_that_was_there_at_the_first_start_is_inherited_also_when_it_is_confirmed_later() -> None:
    results = play(usage_limit(for_s=2.0), *[(1, 60.0)] * 4)
    assert [r.verdicts[0].severity for r in results] == [OK, OK, BREACH, BREACH]
    assert results[2].verdicts[0].inherited
    assert "inherited" in results[2].notices[0].sentence


def test_a_breach_after_the_first_one_went_away_unconfirmed_is_not_inherited() -> None:
    results = play(usage_limit(for_s=2.0), (1, 60.0), (1, 10.0), *[(1, 60.0)] * 4)
    assert results[-1].verdicts[0].severity is BREACH
    assert not results[-1].verdicts[0].inherited


def test_a_warning_at_most_never_stays_a_breach() -> None:
    # A position bare for long is a breach; closed, and another one opened without a stop, is a warning again.
    rule = limit("risk_per_trade", max=2.0)
    old = {**position(1, sl=0.0), "time_msc": 1, "time": 1, "time_update_msc": 1, "time_update": 1}
    first = run(snapshot([old]), rule)
    assert first.verdicts[0].severity is BREACH
    second = run(later(snapshot([position(2, sl=0.0)]), 1.0), rule, state=first.state)
    assert second.verdicts[0].severity is WARN


def test_a_trade_with_a_stop_keeps_its_breach_within_the_clearing_margin() -> None:
    rule = limit("risk_per_trade", max=2.0)
    first = run(snapshot([position(1, 0.45)]), rule)
    assert first.verdicts[0].severity is BREACH
    near = run(later(snapshot([position(1, 0.395)]), 1.0), rule, state=first.state)
    assert near.verdicts[0].severity is BREACH
    clear = run(later(snapshot([position(1, 0.3)]), 2.0), rule, state=near.state)
    assert clear.verdicts[0].severity is WARN


@pytest.mark.parametrize("boots", [("b", "b"), ("b", "other")], ids=["same boot", "after a reboot"])
def test_a_hold_time_does_not_run_over_a_downtime(boots: tuple[str, str]) -> None:
    rule = usage_limit(for_s=5.0)
    first = run(snapshot([position()], account=account(margin=6_000.0), boot_id=boots[0]), rule)
    again = later(snapshot([position()], account=account(margin=6_000.0)), 600.0, boot_id=boots[1])
    assert run(again, rule, state=first.state).verdicts[0].severity is OK
