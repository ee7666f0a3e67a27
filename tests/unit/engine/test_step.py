"""One step: pure, blind where it must be, and what it remembers."""

import copy
import json
from datetime import timedelta
from typing import Any

import pytest

from guard.engine.report import evaluation
from guard.engine.step import CycleResult, step
from guard.model.snapshot_json import read_snapshot
from guard.model.state import State
from guard.model.state_json import state_from_json, state_to_json
from guard.model.verdict import Severity
from guard.settings.load import default_policy
from tests.books import NOON, Dict, account, deal, later, limit, policy, position, run, snapshot

OK, WARN, UNKNOWN, BREACH = Severity.OK, Severity.WARN, Severity.UNKNOWN, Severity.BREACH
STOP = limit("missing_stop", max=180.0)
EVERYTHING = default_policy()


def told(result: CycleResult) -> list[tuple[Any, ...]]:
    return [(v.limit, v.severity, v.value, v.utilization_pct, v.sentence, v.offending) for v in result.verdicts]


def test_the_same_inputs_give_the_same_outputs_and_nothing_is_changed() -> None:
    held = [position(1, 0.3), position(2, 0.2, "sell", sl=0.0)]
    documents = [snapshot(held), later(snapshot(held, account=account(equity=9_000.0, margin=400.0)), 1.0)]
    before = copy.deepcopy(documents)
    for _ in range(2):
        state = State()
        runs = []
        for document in documents:
            frozen = json.dumps(state_to_json(state))
            one = step(read_snapshot(document), state, EVERYTHING)
            two = step(read_snapshot(copy.deepcopy(document)), state, EVERYTHING)
            assert told(one) == told(two)
            assert one.state == two.state
            assert one.notices == two.notices
            assert (one.gaps, one.changed, one.blind) == (two.gaps, two.changed, two.blind)
            assert json.dumps(state_to_json(state)) == frozen
            state = one.state
            runs.append(told(one))
    assert documents == before


def test_a_cycle_is_re_derived_from_its_snapshot_and_the_state_before_it() -> None:
    held = [position(1, 2.0, sl=0.0)]
    first = run(snapshot(held), *EVERYTHING.limits)
    second = later(snapshot(held, account=account(equity=9_000.0, margin=2_000.0)), 30.0)
    live = step(read_snapshot(second), first.state, EVERYTHING)
    stored = json.loads(json.dumps({**second, "state": state_to_json(first.state)}))
    again = step(read_snapshot(stored), state_from_json(stored["state"]), EVERYTHING)
    assert told(again) == told(live)
    assert again.state == live.state


def test_without_the_list_of_positions_exposure_is_unknown_and_nothing_is_forgotten() -> None:
    first = run(snapshot([position(1, sl=0.0)]), STOP, limit("effective_leverage", max=10.0))
    gone = {**later(snapshot([position(1, sl=0.0)]), 10.0), "positions": None}
    result = run(gone, STOP, limit("effective_leverage", max=10.0), state=first.state)
    assert [v.severity for v in result.verdicts] == [UNKNOWN, UNKNOWN]
    assert result.blind
    assert result.metrics.effective_leverage is None
    assert result.state.first_stops == first.state.first_stops
    assert result.state.entry_equity == first.state.entry_equity


def test_a_missing_list_is_not_an_empty_one_even_when_the_account_looks_flat() -> None:
    document = snapshot([])
    del document["positions"]
    rules = [limit(kind, max=10) for kind in ("effective_leverage", "position_count", "margin_usage")]
    result = run(document, *rules, STOP, limit("margin_level", min=150.0))
    assert {v.severity for v in result.verdicts} == {UNKNOWN}


@pytest.mark.parametrize("held", [[], [position()]], ids=["flat", "holding"])
def test_without_a_link_to_the_server_nothing_at_all_is_ok(held: list[Dict]) -> None:
    document = snapshot(held, terminal={"connected": False})
    result = step(read_snapshot(document), State(), EVERYTHING)
    assert {v.severity for v in result.verdicts} == {UNKNOWN}
    assert all("not connected" in v.sentence for v in result.verdicts)
    assert result.state.first_seen is None
    assert result.state.anchors == {}


@pytest.mark.parametrize(
    "over",
    [{"terminal": None}, {"terminal": {"connected": None}}, {"account": account(margin=10.0)},
     {"account": account(equity=9_990.0)}, {"account": {**account(), "credit": None}},
     {"account": account(margin=10.0), "orders": None}, {"account": {**account(), "margin": None}}],
)  # fmt: skip
def test_an_empty_list_that_the_account_does_not_confirm_is_blind(over: Dict) -> None:
    result = run(snapshot([], **over), limit("effective_leverage", max=10.0), limit("margin_level", min=150.0),
                 limit("margin_usage", max=50.0), STOP)  # fmt: skip
    assert result.blind
    severities = {v.kind: v.severity for v in result.verdicts}
    assert severities["effective_leverage"] is severities["missing_stop"] is UNKNOWN
    if result.metrics.account.margin != 10.0:
        assert severities["margin_level"] is severities["margin_usage"] is UNKNOWN


def test_an_empty_list_is_flat_when_pendings_hold_the_margin_or_commission_is_blocked() -> None:
    order = {"ticket": 5, "symbol": "EURUSD", "type": 2, "volume_current": 0.1, "price_open": 1.0, "sl": 0.9}
    rule = limit("effective_leverage", max=10.0)
    assert run(snapshot([], account=account(margin=10.0), orders=[order]), rule).verdicts[0].severity is OK
    blocked = account(equity=9_993.0, commission_blocked=7.0)
    assert run(snapshot([], account=blocked), rule).verdicts[0].severity is OK


def test_time_without_a_stop_counts_on_over_a_restart_and_over_blindness() -> None:
    held = [position(1, sl=0.0)]
    first = run(snapshot(held), STOP)
    assert first.verdicts[0].value == pytest.approx(60.0)
    state = state_from_json(json.loads(json.dumps(state_to_json(first.state))))
    restarted = later(snapshot(held), 50.0, boot_id="another", monotonic_s=3.0)
    second = run(restarted, STOP, state=state)
    assert second.verdicts[0].value == pytest.approx(110.0)
    blind = {**later(restarted, 40.0), "positions": None}
    third = run(blind, STOP, state=second.state)
    assert third.verdicts[0].severity is UNKNOWN
    fourth = run(later(restarted, 80.0), STOP, state=third.state)
    assert fourth.verdicts[0].value == pytest.approx(190.0)
    assert fourth.verdicts[0].severity is BREACH


def test_a_stop_taken_away_under_our_eyes_counts_from_now_and_a_new_one_ends_it() -> None:
    first = run(snapshot([position(1)]), STOP)
    away = run(later(snapshot([position(1, sl=0.0)]), 5.0), STOP, state=first.state)
    assert away.verdicts[0].value == 0.0
    longer = run(later(snapshot([position(1, sl=0.0)]), 65.0), STOP, state=away.state)
    assert longer.verdicts[0].severity is WARN
    assert longer.verdicts[0].value == pytest.approx(60.0)
    back = run(later(snapshot([position(1)]), 66.0), STOP, state=longer.state)
    assert (back.verdicts[0].severity, back.verdicts[0].value) == (OK, 0.0)
    assert back.state.first_stops == {1: 1.095}


def test_a_certain_missing_stop_is_not_hidden_by_an_unknown_one() -> None:
    old = {**position(1, sl=0.0), "time_msc": 1, "time": 1, "time_update_msc": 1, "time_update": 1}
    unclear = position(2, sl=None)
    for held in ([old, unclear], [unclear, old]):
        assert run(snapshot(held), STOP).verdicts[0].severity is BREACH
    assert run(snapshot([position(1), position(2, sl=None)]), STOP).verdicts[0].severity is UNKNOWN


def test_without_any_clock_of_the_position_its_time_without_a_stop_is_unknown() -> None:
    bare = position(1, sl=0.0, time=None, time_msc=None, time_update=None, time_update_msc=None)
    assert run(snapshot([bare]), STOP).verdicts[0].severity is UNKNOWN
    unconfirmed = run(snapshot([position(1, sl=0.0)], offset_confirmed=False), STOP)
    assert unconfirmed.verdicts[0].severity is UNKNOWN


def test_entry_equity_is_frozen_for_trades_seen_and_forgotten_when_they_close() -> None:
    first = run(snapshot([position(1)], account=account(equity=9_900.0, margin=110.0)))
    second = run(later(snapshot([position(1), position(2)]), 1.0), state=first.state)
    assert second.state.entry_equity == {2: 9_900.0}
    poorer = later(snapshot([position(1), position(2)], account=account(equity=7_000.0, margin=110.0)), 1.5)
    assert run(poorer, state=second.state).state.entry_equity == {2: 9_900.0}
    third = run(later(snapshot([position(2)], account=account(equity=5_000.0, margin=110.0)), 2.0), state=second.state)
    assert third.state.entry_equity == {2: 9_900.0}
    assert run(later(snapshot([]), 3.0), state=third.state).state.entry_equity == {}


def test_a_position_keeps_its_memory_when_its_ticket_changes_at_rollover() -> None:
    first = run(snapshot([position(1, sl=0.0)]), STOP)
    renamed = later(snapshot([position(99, sl=0.0, identifier=1)]), 30.0)
    assert run(renamed, STOP, state=first.state).verdicts[0].value == pytest.approx(90.0)


def test_every_money_figure_of_the_account_missing_at_once_gives_no_ok() -> None:
    document = snapshot([position()])
    document["account"] = {"currency": "USD"}
    result = step(read_snapshot(document), State(), EVERYTHING)
    by_kind = {v.kind: v.severity for v in result.verdicts}
    assert by_kind.pop("missing_stop") is OK
    assert set(by_kind.values()) == {UNKNOWN}
    text = json.dumps(evaluation(result, read_snapshot(document), EVERYTHING), allow_nan=False)
    assert '"equity": null' in text
    assert [name for name, value in read_snapshot(document).account._asdict().items() if value is not None] == [
        "currency"
    ]


def test_changed_is_said_only_when_something_was_decided_or_learnt() -> None:
    rule = limit("effective_leverage", max=10.0)
    first = run(snapshot([position()]), rule)
    second = run(later(snapshot([position()]), 1.0), rule, state=first.state)
    third = run(later(snapshot([position(), position(2)]), 2.0), rule, state=second.state)
    assert [r.changed for r in (first, second, third)] == [True, False, True]


def test_the_trading_state_is_the_strictest_that_a_reached_stage_asks_for() -> None:
    stages = [{"at_pct": 70.0}, {"at_pct": 85.0, "actions": ["block_new"]}, {"at_pct": 100.0, "actions": ["flatten"]}]
    rule = limit("margin_usage", max=50.0, stages=stages)
    names = [run(snapshot([position()], account=account(margin=m)), rule).trading_state.name
             for m in (1_000.0, 4_000.0, 4_500.0, 6_000.0)]  # fmt: skip
    assert names == ["ACTIVE", "ACTIVE", "REDUCING", "HALTED"]
    assert run(snapshot([position()], account=account(margin=6_000.0)), rule).intents == ()


def test_the_evaluation_names_every_verdict_and_the_binding_loss_rule() -> None:
    lost = deal(1, NOON - timedelta(hours=3), kind=1, entry=1, profit=-200.0, position_id=9)
    document = snapshot([position(1, 0.3)], account=account(9_800.0, equity=9_750.0, margin=330.0), deals=[lost])
    result = step(read_snapshot(document), State(), EVERYTHING)
    made = evaluation(result, read_snapshot(document), EVERYTHING)
    assert made["format"] == "guard.evaluation/1"
    assert [v["limit"] for v in made["verdicts"]] == [rule.name for rule in EVERYTHING.limits]
    assert made["metrics"]["loss_in_period"] == {
        "by_limit": {"period_loss": pytest.approx(250.0), "period_loss_week": pytest.approx(250.0)},
        "binding": "period_loss", "value": pytest.approx(250.0),
    }  # fmt: skip
    assert made["positions"][0]["loss_at_stop"] == pytest.approx(150.0)
    assert made["symbols"]["EURUSD"]["k"] == pytest.approx(100_000.0)
    assert made["severity"] == "WARN"
    assert policy().mode == made["mode"] == "warn"
