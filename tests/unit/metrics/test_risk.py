"""Loss at the stop, open risk and worst case, by hand-computed numbers; hedges, protective orders, bare positions."""

from typing import Any

import pytest

from guard.metrics import outlook
from guard.metrics.book import PositionFigures
from guard.metrics.compute import Metrics
from guard.metrics.trade_risk import loss_at_stop, loss_from, risk_pct
from guard.model.state import FirstSeen, Last, State
from tests.books import NOON, account, deal, position, run, snapshot, symbol

Dict = dict[str, Any]


def metrics(held: list[Dict], *, margin: float = 1_000.0, **over: Any) -> Metrics:
    return run(snapshot(held, **{"account": account(margin=margin), **over})).metrics


def rows(m: Metrics) -> dict[int, PositionFigures]:
    assert m.rows is not None
    return {row.position.ticket: row for row in m.rows}


def order(ticket: int, kind: int, price: float, lots: float = 0.1, **over: Any) -> Dict:
    return {"ticket": ticket, "symbol": "EURUSD", "type": kind, "volume_current": lots, "price_open": price,
            "price_stoplimit": 0.0, "price_current": 1.1, "sl": 0.0, "tp": 0.0, "magic": 0, **over}  # fmt: skip


def test_the_scalar_formulas() -> None:
    assert loss_from(100_000.0, 1.1, 1.1, 1.095, 1, 0.1, inverse=False) == pytest.approx(50.0)
    assert loss_from(100_000.0, 1.1, 1.1, 1.105, -1, 0.1, inverse=False) == pytest.approx(50.0)
    assert loss_from(100_000.0, 1.1, 1.1, 1.105, 1, 0.1, inverse=False) == 0.0
    assert loss_at_stop(50.0, 3.5, -2.0) == pytest.approx(59.0)
    assert loss_at_stop(0.0, 0.0, 5.0) == 0.0
    assert risk_pct(100.0, 10_000.0) == 1.0
    assert risk_pct(100.0, 0.0) == float("inf")
    assert risk_pct(0.0, -1.0) == 0.0


def test_loss_at_the_stop_counts_from_the_opening_price_with_costs() -> None:
    # Bought at 1.1, now 1.103, stop 1.095: 50 from the opening price, 80 from here; 0.70 in, as much out, 2 swap.
    entry = deal(3, NOON, kind=0, entry=0, position_id=1, commission=-0.5, fee=-0.2, volume=0.1)
    held = [position(1, 0.1, price_current=1.103, profit=30.0, swap=-2.0)]
    m = metrics(held, deals=[entry], account=account(equity=10_028.0, margin=110.0))
    row = rows(m)[1]
    assert row.loss_at_stop == pytest.approx(50.0 + 1.4 + 2.0)
    assert row.loss_from_here == pytest.approx(80.0)
    assert m.open_risk == pytest.approx(80.0)


def test_a_stop_that_locks_a_profit_risks_nothing_from_the_opening_but_something_from_here() -> None:
    m = metrics([position(1, 0.1, price_current=1.12, sl=1.11, profit=200.0)])
    assert rows(m)[1].loss_at_stop == 0.0
    assert rows(m)[1].loss_from_here == pytest.approx(100.0)


def test_an_unknown_commission_is_a_gap_and_not_a_null() -> None:
    m = metrics([position(1, 0.1)], deals=[])
    assert rows(m)[1].loss_at_stop == pytest.approx(50.0)
    assert "commission" in {gap.path for gap in m.gaps}


@pytest.mark.parametrize("field", ["price_open", "price_current", "volume", "type", "swap", "sl"])
def test_a_missing_field_of_the_position_makes_its_risk_unknown(field: str) -> None:
    m = metrics([{**position(1, 0.1), field: None}, position(2, 0.1)])
    assert rows(m)[1].loss_at_stop is None
    assert rows(m)[1].risk_pct is None
    assert rows(m)[1].why
    assert m.open_risk is None
    assert rows(m)[2].risk_pct == pytest.approx(0.5)


def test_a_franc_pair_on_a_dollar_account_is_valued_at_its_stop() -> None:
    # 1.02 to 0.85 is 17,000 francs a lot: 20,000 dollars at 0.85.
    row = symbol("USDCHF", 1.02, 0.0, trade_tick_value=1 / 1.02, trade_tick_value_loss=1 / 1.02)
    m = metrics([position(1, 1.0, symbol="USDCHF", price_open=1.02, price_current=1.02, sl=0.85)],
                symbols={"USDCHF": row})  # fmt: skip
    assert rows(m)[1].loss_at_stop == pytest.approx(20_000.0)
    assert rows(m)[1].loss_from_here == pytest.approx(20_000.0)


def test_the_loss_from_here_of_such_a_pair_is_the_difference_of_two_valuations() -> None:
    # Bought at 1.02, now 0.95: already lost 7,000 francs at 0.95, 7,368.42 dollars; at 0.85 it is 20,000.
    row = symbol("USDCHF", 0.95, 0.0, trade_tick_value=1 / 0.95, trade_tick_value_loss=1 / 0.95)
    m = metrics([position(1, 1.0, symbol="USDCHF", price_open=1.02, price_current=0.95, sl=0.85, profit=-7368.42)],
                symbols={"USDCHF": row}, account=account(equity=2631.58, margin=1000.0))  # fmt: skip
    assert rows(m)[1].loss_from_here == pytest.approx(20_000.0 - 7_368.42, abs=0.01)
    assert rows(m)[1].loss_at_stop == pytest.approx(20_000.0, abs=0.01)


def test_a_position_without_a_stop_counts_with_the_loss_to_stop_out_and_once_for_all() -> None:
    m = metrics([position(1, 0.1, sl=0.0), position(2, 0.2, sl=0.0), position(3, 0.1)])
    assert m.loss_to_stop_out == 9_500.0
    assert rows(m)[1].loss_at_stop == rows(m)[2].loss_at_stop == 9_500.0
    assert m.open_risk == pytest.approx(9_550.0)


def test_without_a_known_stop_out_a_bare_position_is_unknown() -> None:
    money = account(margin=1000.0, margin_so_mode=1, margin_so_so=0.0)
    m = metrics([position(1, 0.1, sl=0.0)], account=money)
    assert rows(m)[1].loss_at_stop is None
    assert m.open_risk is None


def test_a_stop_order_against_the_position_protects_it() -> None:
    m = metrics([position(1, 0.1, sl=0.0)], orders=[order(50, 5, 1.09)])
    assert rows(m)[1].unprotected is False
    assert rows(m)[1].loss_at_stop == pytest.approx(100.0)
    assert outlook.worst_case(m) == pytest.approx(100.0)


@pytest.mark.parametrize(
    "pending",
    [order(50, 5, 1.09, 0.05), order(50, 5, 1.09, 0.2), order(50, 3, 1.11), order(50, 4, 1.12), order(50, 5, 1.09,
                                                                                                   symbol="GBPUSD")],
    ids=["too small", "would reverse", "a limit", "same side", "another symbol"],
)  # fmt: skip
def test_an_order_that_does_not_stop_the_whole_position_is_no_stop(pending: Dict) -> None:
    assert rows(metrics([position(1, 0.1, sl=0.0)], orders=[pending]))[1].unprotected is True


def test_a_sell_stop_never_protects_a_sold_position() -> None:
    # Net long 0.2: the sell stop of 0.1 is protective, but the sold leg is not what it closes.
    held = [position(1, 0.1, "sell", sl=0.0), position(2, 0.3, sl=1.09)]
    m = metrics(held, orders=[order(50, 5, 1.09, 0.1)])
    assert rows(m)[1].unprotected is True


def test_one_order_is_the_stop_of_one_position_only() -> None:
    m = metrics([position(1, 0.1, sl=0.0), position(2, 0.1, sl=0.0)], orders=[order(50, 5, 1.09)])
    assert [rows(m)[1].unprotected, rows(m)[2].unprotected] == [False, True]


def test_a_hedge_is_covered_while_no_stop_or_target_can_take_a_leg_away() -> None:
    both = [position(1, 0.2, sl=0.0), position(2, 0.2, "sell", sl=0.0)]
    m = metrics(both)
    assert [rows(m)[1].covered, rows(m)[2].covered] == [True, True]
    assert m.open_risk == 0.0
    target = [position(1, 0.2, sl=0.0, tp=1.2), position(2, 0.2, "sell", sl=0.0)]
    assert not any(row.covered for row in rows(metrics(target)).values())
    assert metrics(target).open_risk == 9_500.0
    stopped = [position(1, 0.2), position(2, 0.2, "sell", sl=0.0)]
    assert rows(metrics(stopped))[2].covered is False
    assert metrics(stopped).open_risk == pytest.approx(9_600.0)


def test_the_uncovered_part_of_a_hedge_is_bare() -> None:
    m = metrics([position(1, 0.5, sl=0.0), position(2, 0.2, "sell", sl=0.0)])
    assert [rows(m)[1].covered, rows(m)[2].covered] == [False, True]
    assert m.open_risk == 9_500.0


@pytest.mark.parametrize("turn", [False, True])
def test_what_is_covered_does_not_depend_on_the_order_of_the_list(turn: bool) -> None:
    held = [position(1, 0.2, sl=0.0), position(2, 0.3, sl=0.0), position(3, 0.3, "sell", sl=0.0)]
    m = metrics(held[::-1] if turn else held)
    assert {ticket: row.covered for ticket, row in rows(m).items()} == {1: False, 2: True, 3: True}


def test_worst_case_adds_what_pending_orders_would_open() -> None:
    held = [position(1, 0.1)]
    # A buy limit of 0.2 at 1.09 with its stop at 1.08 adds 200; the protective sell limit adds nothing.
    m = metrics(held, orders=[order(50, 2, 1.09, 0.2, sl=1.08), order(51, 3, 1.12, 0.1), order(52, 8, 0.0, 0.1)])
    assert m.open_risk == pytest.approx(50.0)
    assert outlook.worst_case(m) == pytest.approx(250.0)


def test_worst_case_with_a_gap_beyond_the_stops() -> None:
    document = snapshot([position(1, 0.1)], account=account(margin=1000.0), orders=[order(50, 2, 1.09, 0.2, sl=1.08)])
    m = run(document, gap_beyond_stop_pct=1.0).metrics
    # One percent of the 11,001 held is 110.01 more, and one percent of the pending order's 200.
    assert outlook.worst_case(m) == pytest.approx(50.0 + 110.01 + 202.0)


def test_a_pending_order_without_a_stop_counts_once_with_the_loss_to_stop_out() -> None:
    m = metrics([position(1, 0.1)], orders=[order(50, 2, 1.09), order(51, 2, 1.08)])
    assert outlook.worst_case(m) == pytest.approx(9_550.0)
    bare = metrics([position(1, 0.1, sl=0.0)], orders=[order(50, 2, 1.09)])
    assert outlook.worst_case(bare) == pytest.approx(9_500.0)


def test_a_stop_limit_order_fills_at_its_limit_price() -> None:
    m = metrics([position(1, 0.1)], orders=[order(50, 6, 1.12, 0.1, price_stoplimit=1.115, sl=1.105)])
    assert outlook.worst_case(m) == pytest.approx(150.0)


def test_a_pending_order_on_a_symbol_not_held_is_valued_like_any_other() -> None:
    future = symbol("ESZ6", 5000.0, 0.25, trade_calc_mode=33, trade_contract_size=1.0, trade_tick_size=0.25,
                    trade_tick_value=12.5, trade_tick_value_loss=12.5)  # fmt: skip
    m = metrics([position(1, 0.1)], symbols={"EURUSD": symbol(), "ESZ6": future},
                orders=[order(50, 2, 4990.0, 1.0, symbol="ESZ6", sl=4980.0)])  # fmt: skip
    assert outlook.worst_case(m) == pytest.approx(550.0)


@pytest.mark.parametrize("over", [{"volume_current": None}, {"price_open": None}, {"type": None}, {"sl": None},
                                  {"symbol": "GHOST", "sl": 1.0}, {"symbol": None}])  # fmt: skip
def test_a_broken_pending_order_makes_the_worst_case_unknown_and_not_smaller(over: Dict) -> None:
    m = metrics([position(1, 0.1)], orders=[{**order(50, 2, 1.09, sl=1.08), **over}])
    assert outlook.worst_case(m) is None
    assert "worst_case" in {gap.path for gap in m.gaps}


def test_missing_orders_make_the_worst_case_unknown() -> None:
    assert outlook.worst_case(metrics([position(1, 0.1)], orders=None)) is None


def test_risk_is_measured_by_the_equity_before_entry_and_stays_frozen() -> None:
    last = Last(NOON.isoformat(), NOON.timestamp() - 1, NOON.timestamp() - 1.79e9 - 1, "b", 10_000.0, 20_000.0, 0.0)
    state = State(first_seen=FirstSeen(NOON.isoformat(), 10_000.0, 10_000.0), last=last)
    first = run(snapshot([position(1, 0.1)], account=account(margin=110.0)), state=state)
    assert rows(first.metrics)[1].risk_pct == pytest.approx(0.25)
    fallen = snapshot([position(1, 0.1)], account=account(equity=5_000.0, margin=110.0))
    again = run(fallen, state=first.state)
    assert rows(again.metrics)[1].risk_pct == pytest.approx(0.25)
    assert "entry_equity" not in {gap.path for gap in again.metrics.gaps}


def test_positions_found_at_the_first_start_use_the_current_equity_and_say_so() -> None:
    m = metrics([position(1, 0.1)])
    assert rows(m)[1].entry_equity == 10_000.0
    assert "entry_equity" in {gap.path for gap in m.gaps}
