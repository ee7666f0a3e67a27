"""References of loss rules: when they are made, what moves them, and what never does."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from guard.engine.step import CycleResult
from guard.limits.base import Limit
from guard.model.state import State
from guard.model.state_json import state_from_json, state_to_json
from guard.model.verdict import Severity
from tests.books import NOON, Dict, account, deal, limit, msc, position, run, snapshot

OK, WARN, UNKNOWN, BREACH = Severity.OK, Severity.WARN, Severity.UNKNOWN, Severity.BREACH
LOSS = {"value": 500.0, "unit": "money"}
DAY = limit("period_loss", limit=LOSS)
EQUITY_DAY = limit("period_loss", limit=LOSS, anchor="equity@reset")
STATIC = limit("max_drawdown", limit=LOSS, anchor="first_seen")
PEAK = limit("max_drawdown", limit=LOSS, anchor="peak_equity")
MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)


def at(when: datetime, balance: float = 10_000.0, equity: float | None = None, **over: Any) -> Dict:
    """A snapshot at an instant; the monotonic clock runs with UTC."""
    made = account(balance, equity=equity, margin=110.0, **over.pop("money", {}))
    return snapshot([position()], at=when, account=made, **over)


def follow(rule: Limit, *documents: Dict, state: State | None = None, **over: Any) -> list[CycleResult]:
    now, out = state if state is not None else State(), []
    for document in documents:
        out.append(run(document, rule, state=now, **over))
        now = out[-1].state
    return out


def found(result: CycleResult) -> tuple[Severity, Any]:
    return result.verdicts[0].severity, result.verdicts[0].value


def anchor_day(result: CycleResult) -> str:
    return result.state.anchors["day|UTC|00:00"].at[:10]


def test_the_balance_of_the_morning_is_rebuilt_from_the_deals() -> None:
    lost = deal(1, NOON - timedelta(hours=3), kind=1, entry=1, profit=-300.0, position_id=9)
    result = follow(DAY, at(NOON, 9_700.0, 9_600.0, deals=[lost]))[0]
    assert found(result) == (WARN, pytest.approx(400.0))
    assert result.state.anchors["day|UTC|00:00"].balance == pytest.approx(10_000.0)
    assert result.state.anchors["day|UTC|00:00"].source == "deals"


@pytest.mark.parametrize(
    "over",
    [{"deals": None}, {"offset_confirmed": False, "deals": [deal(1, NOON, profit=1.0)]},
     {"server_utc_offset_s": None, "deals": [deal(1, NOON, profit=1.0)]},
     {"deals": [{**deal(1, NOON), "profit": None}]}],
    ids=["no deals", "offset not confirmed", "no offset", "a deal without amount"],
)  # fmt: skip
def test_a_day_that_cannot_be_rebuilt_is_unknown_and_tried_again(over: Dict) -> None:
    first, second = follow(DAY, at(NOON, equity=9_000.0, **over), at(NOON + timedelta(seconds=1), equity=9_000.0))
    assert found(first) == (UNKNOWN, None)
    assert found(second) == (BREACH, pytest.approx(1_000.0))


def test_the_equity_at_the_reset_is_known_only_when_it_was_seen() -> None:
    unseen = follow(EQUITY_DAY, at(NOON))[0]
    assert found(unseen) == (UNKNOWN, None)
    # Seen on both sides of midnight: the higher of 10,250 and 10,200 is the stricter floor.
    results = follow(EQUITY_DAY, at(MIDNIGHT - timedelta(seconds=2), equity=10_250.0),
                     at(MIDNIGHT + timedelta(seconds=2), equity=10_200.0),
                     at(MIDNIGHT + timedelta(seconds=4), equity=9_750.0))  # fmt: skip
    assert [found(r)[0] for r in results] == [UNKNOWN, OK, BREACH]
    assert found(results[2])[1] == pytest.approx(500.0)
    assert results[2].state.anchors["day|UTC|00:00"].source == "seen"


def test_equity_at_a_reset_that_was_slept_through_is_unknown() -> None:
    results = follow(EQUITY_DAY, at(MIDNIGHT - timedelta(seconds=60)), at(MIDNIGHT + timedelta(seconds=2)))
    assert found(results[1]) == (UNKNOWN, None)


def test_equity_at_a_reset_during_blindness_is_unknown() -> None:
    blind = {**at(MIDNIGHT - timedelta(seconds=1)), "positions": None}
    results = follow(EQUITY_DAY, at(MIDNIGHT - timedelta(seconds=3)), blind, at(MIDNIGHT + timedelta(seconds=1)))
    assert found(results[2]) == (UNKNOWN, None)


def test_credit_is_left_out_of_loss_rules() -> None:
    money = {"credit": 1_000.0}
    result = follow(DAY, at(NOON, 10_000.0, 10_600.0, money=money))[0]
    assert found(result) == (WARN, pytest.approx(400.0))
    taken = follow(DAY, at(NOON, 10_000.0, 11_000.0, money=money), at(NOON + timedelta(seconds=1), 10_000.0, 10_000.0))
    assert [found(r)[0] for r in taken] == [OK, OK]


def test_a_day_anchor_survives_a_restart_and_a_later_loss_is_counted_from_it() -> None:
    first = follow(DAY, at(NOON))[0]
    lost = deal(1, NOON + timedelta(hours=1), kind=1, entry=1, profit=-450.0, position_id=9)
    again = at(NOON + timedelta(hours=2), 9_550.0, 9_500.0, deals=[lost], boot_id="another")
    result = follow(DAY, again, state=first.state)[0]
    assert found(result) == (BREACH, pytest.approx(500.0))
    assert result.state.anchors == first.state.anchors


def test_a_clock_that_jumps_back_never_reopens_a_day() -> None:
    results = follow(DAY, at(MIDNIGHT + timedelta(hours=1)), at(MIDNIGHT - timedelta(hours=2), equity=9_400.0),
                     at(MIDNIGHT + timedelta(hours=2), equity=9_400.0))  # fmt: skip
    assert [anchor_day(r) for r in results] == ["2026-11-21"] * 3
    assert found(results[1])[0] is BREACH


def jumped(ahead: timedelta, real: datetime, **over: Any) -> Dict:
    """A PC clock that is ahead; server and monotonic clock tell the real time."""
    document = at(real, equity=9_400.0, **over)
    return {**document, "taken_at": (real + ahead).isoformat(), "server_time_msc": msc(real)}


def test_a_pc_clock_that_jumps_ahead_never_begins_a_day_however_often_it_is_read() -> None:
    day = timedelta(days=1)
    documents = [at(NOON), *(jumped(day, NOON + timedelta(seconds=n)) for n in range(1, 6))]
    results = follow(DAY, *documents)
    assert [anchor_day(r) for r in results] == ["2026-11-20"] * 6
    assert [found(r)[0] for r in results] == [OK] + [BREACH] * 5
    assert "anchors.day|UTC|00:00" in {gap.path for gap in results[-1].gaps}


def test_without_a_server_clock_a_day_begins_when_the_monotonic_clock_says_so() -> None:
    unknown = {"offset_confirmed": False}
    calm = follow(DAY, at(MIDNIGHT - timedelta(minutes=1), **unknown), at(MIDNIGHT + timedelta(minutes=1), **unknown))
    assert anchor_day(calm[0]) == "2026-11-20"
    assert "anchors.day|UTC|00:00" not in {gap.path for gap in calm[1].gaps}
    ahead = [jumped(timedelta(days=1), NOON + timedelta(seconds=n), **unknown) for n in (1, 2, 3)]
    results = follow(DAY, at(NOON), *ahead)
    assert {anchor_day(r) for r in results} == {"2026-11-20"}


def test_a_day_begins_again_as_soon_as_the_clocks_agree() -> None:
    results = follow(DAY, at(NOON), jumped(timedelta(days=1), NOON + timedelta(seconds=1)),
                     at(MIDNIGHT + timedelta(seconds=5), 9_400.0, deals=[deal(1, NOON + timedelta(hours=1), kind=1,
                                                                            entry=1, profit=-600.0)]))  # fmt: skip
    assert [anchor_day(r) for r in results] == ["2026-11-20", "2026-11-20", "2026-11-21"]
    assert found(results[2]) == (OK, 0.0)


def test_after_a_reboot_the_day_waits_for_the_servers_clock() -> None:
    over: Dict = {"offset_confirmed": False, "boot_id": "another"}
    first = follow(DAY, at(NOON))[0]
    morning = MIDNIGHT + timedelta(hours=5)
    results = follow(DAY, at(morning, **over), at(morning + timedelta(seconds=1), **over),
                     at(morning + timedelta(seconds=2), boot_id="another"), state=first.state)  # fmt: skip
    assert [anchor_day(r) for r in results] == ["2026-11-20", "2026-11-20", "2026-11-21"]


WITHDRAWN = deal(7, NOON + timedelta(seconds=1), profit=-5_000.0, comment="WD")


@pytest.mark.parametrize("rule", [DAY, STATIC, PEAK], ids=["day", "static", "peak"])
def test_a_withdrawal_is_unknown_until_its_deal_is_seen_and_then_no_loss(rule: Limit) -> None:
    second = NOON + timedelta(seconds=1)
    results = follow(rule, at(NOON), at(second), at(second + timedelta(seconds=1), 5_000.0),
                     at(second + timedelta(seconds=2), 5_000.0, deals=[WITHDRAWN]),
                     at(second + timedelta(seconds=3), 5_000.0, 4_500.0, deals=[WITHDRAWN]))  # fmt: skip
    assert [found(r)[0] for r in results[1:]] == [OK, UNKNOWN, OK, BREACH]
    assert "no known deal explains" in results[2].verdicts[0].sentence


@pytest.mark.parametrize("rule", [DAY, STATIC, PEAK], ids=["day", "static", "peak"])
def test_a_deposit_seen_before_its_deal_never_becomes_a_peak(rule: Limit) -> None:
    paid = deal(7, NOON + timedelta(seconds=1), profit=5_000.0)
    results = follow(rule, at(NOON), at(NOON + timedelta(seconds=1)), at(NOON + timedelta(seconds=2), 15_000.0),
                     at(NOON + timedelta(seconds=3), 15_000.0, deals=[paid]),
                     at(NOON + timedelta(seconds=4), 15_000.0, 14_600.0, deals=[paid]))  # fmt: skip
    assert [found(r)[0] for r in results[1:]] == [OK, UNKNOWN, OK, WARN]
    assert found(results[4])[1] == pytest.approx(400.0)


def test_an_unexplained_step_is_told_once_after_its_grace() -> None:
    documents = [at(NOON), *(at(NOON + timedelta(seconds=10 * n), 5_000.0) for n in range(1, 16))]
    results = follow(DAY, *documents, flow_grace_s=60.0)
    told = [(index, n) for index, r in enumerate(results) for n in r.notices if n.kind == "flow"]
    assert [index for index, _ in told] == [7]
    assert "-5,000.00" in told[0][1].sentence


def test_a_correction_and_a_fee_are_results_and_not_flows() -> None:
    for row in (deal(7, NOON + timedelta(seconds=1), kind=5, profit=-600.0),
                deal(7, NOON + timedelta(seconds=1), profit=-600.0, comment="Inactivity FEE")):  # fmt: skip
        result = follow(DAY, at(NOON), at(NOON + timedelta(seconds=2), 9_400.0, deals=[row]))[1]
        assert found(result) == (BREACH, pytest.approx(600.0))


def test_a_rule_that_ignores_flows_counts_a_withdrawal_as_loss() -> None:
    rule = limit("period_loss", limit=LOSS, flows="ignore")
    result = follow(rule, at(NOON), at(NOON + timedelta(seconds=2), 5_000.0, deals=[WITHDRAWN]))[1]
    assert found(result) == (BREACH, pytest.approx(5_000.0))


def test_a_peak_is_unknown_at_first_sight_and_trails_afterwards() -> None:
    results = follow(PEAK, at(NOON), *(at(NOON + timedelta(seconds=n), equity=equity) for n, equity in
                                       enumerate([10_000.0, 10_400.0, 10_100.0, 9_900.0], start=1)))  # fmt: skip
    assert [found(r)[0] for r in results] == [UNKNOWN, OK, OK, OK, BREACH]
    assert found(results[4])[1] == pytest.approx(500.0)


def test_a_peak_survives_a_restart_through_the_journal() -> None:
    results = follow(PEAK, at(NOON), at(NOON + timedelta(seconds=1), equity=10_400.0))
    state = state_from_json(state_to_json(results[-1].state))
    again = follow(PEAK, at(NOON + timedelta(minutes=5), equity=9_900.0, boot_id="another"), state=state)[0]
    assert found(again) == (BREACH, pytest.approx(500.0))


def test_flows_scale_a_percent_of_peak() -> None:
    rule = limit("max_drawdown", limit={"value": 10.0, "unit": "pct", "basis": "anchor"}, anchor="peak_equity",
                 flows="scale")  # fmt: skip
    # Peak 12,000, now 11,000; half of it is withdrawn: the peak is 6,000 and the drawdown still one twelfth.
    half = deal(7, NOON + timedelta(seconds=3), profit=-5_500.0)
    results = follow(rule, at(NOON), at(NOON + timedelta(seconds=1), equity=12_000.0),
                     at(NOON + timedelta(seconds=2), equity=11_000.0),
                     at(NOON + timedelta(seconds=4), 4_500.0, 5_500.0, deals=[half]))  # fmt: skip
    assert found(results[2])[1] == pytest.approx(1_000.0)
    assert found(results[3])[1] == pytest.approx(500.0)
    assert results[3].verdicts[0].utilization_pct == pytest.approx(results[2].verdicts[0].utilization_pct)


def test_a_trailing_floor_stops_at_its_lock() -> None:
    rule = limit("max_drawdown", limit=LOSS, anchor="peak_equity", lock_at="initial")
    results = follow(rule, at(NOON), at(NOON + timedelta(seconds=1), equity=11_000.0),
                     at(NOON + timedelta(seconds=2), equity=10_001.0), at(NOON + timedelta(seconds=3), equity=10_000.0),
                     initial=10_000.0)  # fmt: skip
    # Unlocked the floor would be 10,500; it rises no further than the initial 10,000.
    assert [found(r)[0] for r in results[1:]] == [OK, WARN, BREACH]
    whole = follow(rule, at(NOON), at(NOON + timedelta(seconds=1), equity=11_000.0), initial=10_000)
    assert whole[1].verdicts[0].threshold == pytest.approx(1_000.0)


def test_a_typed_initial_balance_needs_the_flows_to_be_known() -> None:
    rule = limit("max_drawdown", limit=LOSS, anchor="initial")
    # Flows count since first sight: at first sight there are none, later they must be known.
    second = at(NOON + timedelta(seconds=1), equity=9_000.0, deals=None)
    results = follow(rule, at(NOON, deals=None), second, initial=10_000.0)
    assert [found(r) for r in results] == [(OK, 0.0), (UNKNOWN, None)]
    still = limit("max_drawdown", limit=LOSS, anchor="initial", flows="ignore")
    assert found(follow(still, at(NOON, equity=9_500.0, deals=None), initial=10_000.0)[0])[0] is BREACH


def test_an_initial_balance_that_was_not_typed_is_never_zero() -> None:
    for flows in ("shift", "ignore"):
        rule = limit("max_drawdown", limit=LOSS, anchor="initial", flows=flows)
        assert found(follow(rule, at(NOON, equity=5_000.0))[0]) == (UNKNOWN, None)


def test_a_blind_first_look_is_no_first_sight() -> None:
    blind = {**at(NOON, equity=9_000.0), "terminal": {"connected": False}}
    results = follow(STATIC, blind, at(NOON + timedelta(seconds=1), 8_000.0))
    assert found(results[0]) == (UNKNOWN, None)
    assert results[0].state.first_seen is None
    assert results[1].state.first_seen is not None
    assert results[1].state.first_seen.balance == 8_000.0


def test_week_and_month_have_their_own_anchors() -> None:
    lost = deal(1, NOON - timedelta(days=2), kind=1, entry=1, profit=-450.0, position_id=9)
    week = limit("period_loss", limit=LOSS, period="week")
    month = limit("period_loss", limit=LOSS, period="month")
    old = deal(2, NOON - timedelta(days=10), kind=1, entry=1, profit=-100.0, position_id=8)
    document = at(NOON, 9_550.0, 9_540.0, deals=[old, lost])
    assert found(follow(DAY, document)[0])[1] == pytest.approx(10.0)
    assert found(follow(week, document)[0])[1] == pytest.approx(460.0)
    assert found(follow(month, document)[0])[1] == pytest.approx(560.0)
