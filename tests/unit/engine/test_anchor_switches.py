"""The independent switches of loss rules: ends of days, peaks within a day, what was not watched, what flows do."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from guard.engine.step import CycleResult
from guard.limits.base import Limit
from guard.model.state import State
from guard.model.state_json import state_from_json, state_to_json
from guard.model.verdict import Severity
from tests.books import OFFSET_S, Dict, account, deal, limit, position, run, snapshot

OK, WARN, UNKNOWN, BREACH = Severity.OK, Severity.WARN, Severity.UNKNOWN, Severity.BREACH
LOSS = {"value": 500.0, "unit": "money"}
MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)  # 00:00 UTC
EOD = limit("max_drawdown", limit=LOSS, anchor="peak_eod_balance")
HIGH = limit("period_loss", limit=LOSS, anchor="intraday_peak_equity")
ENDED = limit("period_loss", limit=LOSS, evaluation="eod")
EQUITY = limit("period_loss", limit=LOSS, anchor="equity@reset")
PEAK = limit("max_drawdown", limit=LOSS, anchor="peak_equity")
S = timedelta(seconds=1)


def look(when: datetime, balance: float, equity: float | None = None, **over: Any) -> Dict:
    worth = balance if equity is None else equity
    held = over.pop("held", [position(lots=1.0, profit=worth - balance, time=1, time_msc=1_000)])
    made = account(balance, equity=worth, margin=110.0 if held else 0.0)
    return snapshot(held, at=when, account=made, **over)


def follow(rule: Limit, *documents: Dict, state: State | None = None, **over: Any) -> list[CycleResult]:
    now, out = State() if state is None else state, []
    for document in documents:
        now = state_from_json(state_to_json(now))
        out.append(run(document, rule, state=now, **over))
        now = out[-1].state
    return out


def found(result: CycleResult) -> tuple[Severity, Any]:
    return result.verdicts[0].severity, result.verdicts[0].value


def won(ticket: int, when: datetime, profit: float) -> Dict:
    return deal(ticket, when, kind=1, entry=1, profit=profit, position_id=ticket + 500)


def test_a_floor_of_ends_of_days_rises_at_midnight_only_and_never_falls() -> None:
    one = won(1, MIDNIGHT - timedelta(hours=1), 400.0)
    two = won(2, MIDNIGHT + timedelta(hours=5), -100.0)
    looks = [
        look(MIDNIGHT - timedelta(hours=2), 10_000.0),
        look(MIDNIGHT - timedelta(minutes=30), 10_400.0, 9_910.0, deals=[one]),
        look(MIDNIGHT + S, 10_400.0, 9_910.0, deals=[one]),
        look(MIDNIGHT + timedelta(hours=6), 10_300.0, 9_900.0, deals=[one, two]),
        look(MIDNIGHT + timedelta(days=1, seconds=1), 10_300.0, 9_900.01, deals=[one, two]),
    ]
    results = follow(EOD, *looks)
    assert [found(r)[0] for r in results] == [UNKNOWN, OK, WARN, BREACH, BREACH]
    assert found(results[2])[1] == pytest.approx(490.0)  # from 10,400 on: midnight's balance
    assert found(results[4])[1] == pytest.approx(499.99)


def test_ends_of_days_that_nobody_saw_are_rebuilt_from_deals() -> None:
    deals = [won(1, MIDNIGHT + timedelta(hours=5), 700.0), won(2, MIDNIGHT + timedelta(hours=30), -300.0)]
    asleep = follow(EOD, look(MIDNIGHT - S, 10_000.0), look(MIDNIGHT + timedelta(days=3), 10_400.0, deals=deals))[-1]
    awake = follow(EOD, look(MIDNIGHT - S, 10_000.0), look(MIDNIGHT + S, 10_000.0),
                   look(MIDNIGHT + timedelta(days=1, seconds=1), 10_700.0, deals=deals[:1]),
                   look(MIDNIGHT + timedelta(days=2, seconds=1), 10_400.0, deals=deals),
                   look(MIDNIGHT + timedelta(days=3), 10_400.0, deals=deals))[-1]  # fmt: skip
    key = "eod|UTC|00:00|shift"
    assert asleep.state.anchors[key] == awake.state.anchors[key]
    assert awake.state.anchors[key].peak_balance == pytest.approx(10_700.0)


def test_a_deposit_moves_the_peak_of_ends_of_days_and_is_none_itself() -> None:
    paid = deal(9, MIDNIGHT + timedelta(hours=3), profit=2_000.0)
    results = follow(EOD, look(MIDNIGHT - S, 10_000.0), look(MIDNIGHT + S, 10_000.0),
                     look(MIDNIGHT + timedelta(hours=4), 12_000.0, 11_600.0, deals=[paid]),
                     look(MIDNIGHT + timedelta(days=1, seconds=1), 12_000.0, 11_500.0, deals=[paid]))  # fmt: skip
    assert [found(r) for r in results[2:]] == [(WARN, pytest.approx(400.0)), (BREACH, pytest.approx(500.0))]


def test_the_published_example_of_a_floor_by_ends_of_days() -> None:
    rule = limit("max_drawdown", limit={"value": 10.0, "unit": "pct", "basis": "initial"}, anchor="peak_eod_balance",
                 reset={"tz": "Europe/Prague", "time": "00:00"})  # fmt: skip
    prague = MIDNIGHT - timedelta(hours=1)
    deals = [won(1, prague - timedelta(hours=3), 4_000.0), won(2, prague + timedelta(hours=9), -1_000.0)]
    looks = [look(prague - timedelta(hours=9), 100_000.0), look(prague - timedelta(hours=8), 100_000.0, 90_000.01),
             look(prague + S, 104_000.0, 94_000.01, deals=deals[:1]),
             look(prague + timedelta(days=1, seconds=1), 103_000.0, 94_000.01, deals=deals),
             look(prague + timedelta(days=1, seconds=2), 103_000.0, 94_000.0, deals=deals)]  # fmt: skip
    severities = [found(r)[0] for r in follow(rule, *looks, initial=100_000.0)]
    assert severities == [UNKNOWN, WARN, WARN, WARN, BREACH]


def test_a_days_highest_equity_is_followed_and_begins_anew_at_the_reset() -> None:
    results = follow(HIGH, look(MIDNIGHT - S, 10_000.0, 10_900.0), look(MIDNIGHT + S, 10_000.0, 10_200.0),
                     look(MIDNIGHT + 20 * S, 10_000.0, 10_300.0), look(MIDNIGHT + 40 * S, 10_000.0, 10_400.01),
                     look(MIDNIGHT + 60 * S, 10_000.0, 10_400.0))  # fmt: skip
    # At the reset 10,900 was seen a second before: the higher sample is the stricter floor.
    assert found(results[4]) == (BREACH, pytest.approx(500.0))
    assert results[4].state.anchors[HIGH.anchor_needs()[0].key].peak_equity == pytest.approx(10_900.0)


def test_a_stretch_that_nobody_watched_makes_a_peak_unknown_but_hides_no_breach() -> None:
    before = [look(MIDNIGHT + S, 10_000.0), look(MIDNIGHT + 20 * S, 10_000.0, 10_300.0)]
    for rule in (PEAK, HIGH):
        start = look(MIDNIGHT - S, 10_000.0)
        later = follow(rule, start, *before, look(MIDNIGHT + timedelta(hours=1), 10_000.0, 10_250.0))[-1]
        assert found(later)[0] is UNKNOWN
        assert "not watched" in later.verdicts[0].sentence
        worse = follow(rule, start, *before, look(MIDNIGHT + timedelta(hours=1), 10_000.0, 9_800.0))[-1]
        assert found(worse) == (BREACH, pytest.approx(500.0))


def test_a_stretch_without_positions_and_deals_hides_no_peak() -> None:
    flat = [look(MIDNIGHT + n * S, 10_000.0, held=[]) for n in (-1, 1, 3_600)]
    assert found(follow(PEAK, *flat)[-1]) == (OK, 0.0)


def bars(*rows: tuple[int, float, float, float]) -> Dict:
    """M1 bars of EURUSD: minutes after midnight, low, high, close; no spread."""
    return {"EURUSD": [{"time": (MIDNIGHT + timedelta(minutes=minute)).timestamp() + OFFSET_S, "open": close,
                        "low": low, "high": high, "close": close, "spread": 0.0}
                       for minute, low, high, close in rows]}  # fmt: skip


def test_equity_at_a_reset_that_was_slept_through_is_rebuilt_from_bars_and_marked() -> None:
    # 1 lot bought at 1.1, now 1.102: 200 of profit. At midnight the price was 1.104.
    held = [position(lots=1.0, price_current=1.102, profit=200.0, time=1, time_msc=1_000)]
    now = look(MIDNIGHT + timedelta(hours=1), 10_000.0, 10_200.0, held=held,
               bars=bars((-1, 1.103, 1.105, 1.104), (0, 1.103, 1.104, 1.104), (30, 1.101, 1.107, 1.102)))  # fmt: skip
    result = follow(EQUITY, look(MIDNIGHT - timedelta(hours=1), 10_000.0), now)[-1]
    severity, lost = found(result)
    assert severity is OK
    assert lost == pytest.approx(200.0)
    anchor = result.state.anchors["day|UTC|00:00"]
    assert anchor.source == "bars"
    assert anchor.equity == pytest.approx(10_400.0)
    assert "rebuilt from M1 bars" in result.verdicts[0].sentence
    without = {name: value for name, value in now.items() if name != "bars"}
    assert found(follow(EQUITY, look(MIDNIGHT - timedelta(hours=1), 10_000.0), without)[-1])[0] is UNKNOWN


def test_a_wick_that_nobody_saw_is_in_the_bars_and_counts() -> None:
    held = [position(lots=1.0, price_current=1.102, profit=200.0, time=1, time_msc=1_000)]
    seen = [look(MIDNIGHT - S, 10_000.0), look(MIDNIGHT + S, 10_000.0)]
    now = look(MIDNIGHT + timedelta(hours=1), 10_000.0, 10_200.0, held=held,
               bars=bars((-1, 1.1, 1.1, 1.1), (0, 1.1, 1.1, 1.1), (30, 1.101, 1.107, 1.102)))  # fmt: skip
    for rule in (HIGH, PEAK):
        result = follow(rule, *seen, now)[-1]
        assert found(result) == (BREACH, pytest.approx(500.0))  # 10,700 at the wick
        assert next(a for k, a in result.state.anchors.items() if a.source == "bars").peak_equity == pytest.approx(
            10_700.0
        )


def test_a_position_closed_in_the_night_counts_at_the_reset() -> None:
    # Bought at 1.1, sold at 1.103 at 00:30; at midnight it was worth 1.104.
    sold = deal(7, MIDNIGHT + timedelta(minutes=30), kind=1, entry=1, profit=300.0, position_id=9, symbol="EURUSD",
                volume=1.0, price=1.103)  # fmt: skip
    now = look(MIDNIGHT + timedelta(hours=1), 10_300.0, held=[], deals=[sold],
               bars=bars((-1, 1.103, 1.105, 1.104), (0, 1.103, 1.104, 1.104), (30, 1.101, 1.107, 1.102)))  # fmt: skip
    result = follow(EQUITY, look(MIDNIGHT - timedelta(hours=1), 10_000.0), now)[-1]
    assert result.state.anchors["day|UTC|00:00"].equity == pytest.approx(10_400.0)


def test_bars_without_the_symbol_leave_the_equity_unknown() -> None:
    now = look(MIDNIGHT + timedelta(hours=1), 10_000.0, 10_200.0, bars={"GBPUSD": []})
    assert found(follow(EQUITY, look(MIDNIGHT - timedelta(hours=1), 10_000.0), now)[-1])[0] is UNKNOWN


def test_a_rule_of_the_days_end_looks_only_then() -> None:
    results = follow(ENDED, look(MIDNIGHT - 5 * S, 10_000.0, 9_000.0), look(MIDNIGHT - S, 10_000.0, 9_600.0),
                     look(MIDNIGHT + S, 10_000.0, 9_450.0), look(MIDNIGHT + timedelta(days=1, seconds=-1), 10_000.0),
                     look(MIDNIGHT + timedelta(days=1, seconds=1), 10_000.0, 9_000.0))  # fmt: skip
    assert [found(r)[0] for r in results] == [OK, OK, WARN, WARN, OK]
    assert found(results[2])[1] == pytest.approx(400.0)  # the higher sample around midnight: 9,600


def test_a_rule_of_the_days_end_that_nobody_saw_is_unknown() -> None:
    hour = timedelta(hours=1)
    results = follow(ENDED, look(MIDNIGHT - hour, 10_000.0), look(MIDNIGHT + hour, 10_000.0))
    assert found(results[1])[0] is UNKNOWN


def test_a_rule_may_begin_anew_with_a_payout() -> None:
    rule = limit("period_loss", limit=LOSS, flows="reset")
    lost = won(1, MIDNIGHT + timedelta(hours=1), -400.0)
    paid = deal(2, MIDNIGHT + timedelta(hours=2), profit=-600.0)
    again = won(3, MIDNIGHT + timedelta(hours=3), -450.0)
    results = follow(rule, look(MIDNIGHT + S, 10_000.0),
                     look(MIDNIGHT + timedelta(hours=1, seconds=5), 9_600.0, deals=[lost]),
                     look(MIDNIGHT + timedelta(hours=2, seconds=5), 9_000.0, deals=[lost, paid]),
                     look(MIDNIGHT + timedelta(hours=4), 8_550.0, deals=[lost, paid, again]))  # fmt: skip
    assert [found(r) for r in results] == [(OK, 0.0), (WARN, 400.0), (OK, 0.0), (WARN, 450.0)]


@pytest.mark.parametrize("includes,loss", [(["commission", "swap"], 480.0), (["swap"], 430.0), ([], 400.0)])
def test_costs_count_unless_a_rule_leaves_them_out(includes: list[str], loss: float) -> None:
    rule = limit("period_loss", limit=LOSS, includes=includes)
    closed = deal(1, MIDNIGHT + timedelta(hours=1), kind=1, entry=1, profit=-300.0, commission=-50.0, swap=-20.0)
    held = [position(lots=1.0, profit=-100.0, swap=-10.0)]
    result = follow(rule, look(MIDNIGHT + timedelta(hours=2), 9_630.0, 9_520.0, held=held, deals=[closed]))[0]
    assert result.verdicts[0].value == pytest.approx(loss)


def test_open_positions_may_be_left_out() -> None:
    rule = limit("max_drawdown", limit=LOSS, anchor="first_seen", includes_open_pl=False)
    assert found(follow(rule, look(MIDNIGHT, 10_000.0), look(MIDNIGHT + S, 10_000.0, 9_000.0))[-1]) == (OK, 0.0)


def test_a_rule_that_ends_the_account_says_so_and_a_trail_may_not_contradict_its_anchor() -> None:
    assert limit("period_loss", limit=LOSS, effect="terminate").ends_account
    assert not limit("period_loss", limit=LOSS, effect="pause_until_reset").ends_account
    assert not limit("period_loss", limit=LOSS, effect="terminate", ends_account=False).ends_account
    with pytest.raises(ValueError, match="contradicts the anchor"):
        limit("max_drawdown", limit=LOSS, anchor="peak_equity", trails="eod")
    trailing = limit("max_drawdown", limit=LOSS, anchor="first_seen", trails="unrealized")
    assert found(follow(trailing, look(MIDNIGHT, 10_000.0), look(MIDNIGHT + S, 10_000.0, 10_300.0),
                        look(MIDNIGHT + 2 * S, 10_000.0, 9_800.0))[-1]) == (BREACH, 500.0)  # fmt: skip


def test_a_closed_balance_peak_is_rebuilt_from_deals() -> None:
    rule = limit("max_drawdown", limit=LOSS, anchor="peak_closed_balance")
    deals = [won(1, MIDNIGHT + timedelta(hours=2), 700.0), won(2, MIDNIGHT + timedelta(hours=3), -300.0)]
    results = follow(rule, look(MIDNIGHT, 10_000.0), look(MIDNIGHT + S, 10_000.0),
                     look(MIDNIGHT + timedelta(hours=9), 10_400.0, 10_200.0, deals=deals))  # fmt: skip
    assert found(results[2]) == (BREACH, pytest.approx(500.0))
