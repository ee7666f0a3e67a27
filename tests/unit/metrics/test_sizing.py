import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.metrics.sizing import floor_to_step, position_size, risk_money, whole_steps


@pytest.mark.parametrize(
    "lots, step, expected",
    [
        (0.3, 0.1, 0.3), (0.7, 0.1, 0.7), (1.1, 0.1, 1.1), (0.29, 0.01, 0.29), (4.35, 0.01, 4.35),
        (0.19999, 0.01, 0.19),
        (1.0, 0.001, 1.0), (2.5, 1.0, 2.0), (0.009, 0.01, 0.0), (0.1 + 0.2, 0.1, 0.3), (0.7 - 0.4, 0.1, 0.3),
        (123456.78, 0.01, 123456.78), (100000.0, 0.00001, 100000.0),
    ],
)  # fmt: skip
def test_rounding_down_never_loses_a_step_to_binary_fractions(lots: float, step: float, expected: float) -> None:
    assert floor_to_step(lots, step) == expected


@given(st.integers(0, 1_000_000), st.sampled_from(["0.01", "0.1", "0.001", "1", "0.5", "0.25", "0.00001"]))
def test_a_multiple_of_the_step_stays_what_it_is(count: int, step: str) -> None:
    exact = float(Decimal(step) * count)
    assert floor_to_step(exact, float(step)) == pytest.approx(exact, abs=1e-10)
    assert whole_steps(exact, float(step)) == count


@given(st.floats(0.01, 1e6), st.floats(0.01, 1e5), st.sampled_from([0.01, 0.1, 0.001, 1.0]))
def test_a_size_never_risks_more_than_the_money_and_one_step_more_would(
    money: float, per_lot: float, step: float
) -> None:
    lots = position_size(money, per_lot, step, step, math.inf)
    assert lots * per_lot <= money * (1 + 1e-9) + 1e-9 * step * per_lot
    assert (lots + step) * per_lot > money * (1 - 1e-9)


def test_below_the_smallest_volume_there_is_no_position_and_never_the_minimum() -> None:
    assert position_size(0.99, 100, 0.01, 0.01, math.inf) == 0.0
    assert position_size(1.00, 100, 0.01, 0.01, math.inf) == 0.01
    assert position_size(9.99, 100, 0.01, 0.1, math.inf) == 0.0
    assert position_size(0.0, 100, 0.01, 0.0, math.inf) == 0.0


def test_a_size_is_capped_at_the_largest_volume_on_the_step() -> None:
    assert position_size(1e6, 1, 0.1, 0.1, 50.05) == 50.0


def test_risk_money_is_percent_points_of_its_base() -> None:
    assert risk_money(10000, 1) == 100
    assert risk_money(-10000, 1) == -100
