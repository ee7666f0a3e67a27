import math

import pytest

from guard.metrics.hedging import (
    fixed_margin_to_open_opposite,
    hedged_margin,
    larger_leg_margin,
    uncovered_lots,
    weighted_price,
)
from guard.model import trading as t

NAN = math.nan


def test_the_documented_book_costs_2238_90() -> None:
    found = hedged_margin(t.CFDLEVERAGE, 2, 1.11953, 3, 1.11943, 100000, 500, 100000, buy_rate=2, sell_rate=4)
    assert found == pytest.approx(2238.90, abs=0.01)


def test_covered_pairs_are_free_when_the_hedged_margin_is_0() -> None:
    assert hedged_margin(t.FOREX, 1, NAN, 1, NAN, 100000, 500, 0.0, 1.18, 1.18) == 0.0


def test_a_book_of_one_side_pays_as_positions_do_whatever_the_hedged_margin() -> None:
    assert hedged_margin(t.CFDLEVERAGE, 2, 1.5, 0, NAN, 100000, 100, NAN) == pytest.approx(3000)
    assert hedged_margin(t.CFDLEVERAGE, 0, NAN, 2, 1.5, 100000, 100, NAN) == pytest.approx(3000)


def test_closing_one_leg_of_a_free_hedge_raises_the_margin() -> None:
    hedge = hedged_margin(t.FOREX, 1, NAN, 1, NAN, 100000, 100, 0.0)
    alone = hedged_margin(t.FOREX, 1, NAN, 0, NAN, 100000, 100, 0.0)
    assert hedge < alone == 1000


def test_a_fixed_margin_costs_more_while_the_opposite_order_opens_than_afterwards() -> None:
    assert fixed_margin_to_open_opposite(1, 2, 1000, 500, 500) == 2000
    assert hedged_margin(t.FUTURES, 1, NAN, 2, NAN, NAN, NAN, 500, fixed=500) == 1000


def test_a_fixed_hedged_margin_is_divided_by_leverage_where_the_fixed_margin_is() -> None:
    assert hedged_margin(t.FOREX, 1, NAN, 1, NAN, 100000, 100, 50000, fixed=100000) == pytest.approx(500)


def test_a_price_that_is_used_but_unknown_gives_no_number() -> None:
    assert math.isnan(hedged_margin(t.CFDLEVERAGE, 1, NAN, 2, 1.5, 100000, 100, 100000))


def test_the_larger_leg_alone_is_charged_with_use_leg() -> None:
    assert larger_leg_margin(1000, 1500) == 1500
    assert larger_leg_margin(1500, 1000) == 1500


@pytest.mark.parametrize(
    "buys, sells, expected",
    [(0.1 + 0.2, 0.3, 0.0), (0.3, 0.1 + 0.2, 0.0), (1.25, 1.1, 0.15), (2, 3, -1), (0, 0, 0.0), (0.01, 0.0, 0.01)],
)
def test_uncovered_volume_is_signed_and_free_of_float_dust(buys: float, sells: float, expected: float) -> None:
    assert uncovered_lots(buys, sells) == pytest.approx(expected, abs=1e-12)
    assert (uncovered_lots(buys, sells) == 0.0) == (expected == 0.0)


def test_no_volume_has_no_weighted_price() -> None:
    assert math.isnan(weighted_price(0.0, 0.0))
    assert weighted_price(1 * 10 + 3 * 14, 4) == 13
