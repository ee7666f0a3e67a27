import pytest

from guard.metrics.profit import loss_at_stop, pip_value, profit_by_contract, profit_by_ticks
from guard.metrics.swap import swap_in_money, swap_in_percent, swap_in_points
from guard.model.trading import BUY, SELL


def test_profit_of_a_sell_is_the_mirror_of_a_buy() -> None:
    assert profit_by_contract(BUY, 0.3, 4476.71, 4471.62, 100, 1) == pytest.approx(-152.70)
    assert profit_by_contract(SELL, 0.3, 4476.71, 4471.62, 100, 1) == pytest.approx(152.70)


def test_profit_converts_at_the_closing_price_where_the_base_is_the_account_currency() -> None:
    assert profit_by_contract(SELL, 1, 1.69213, 1.69233, 100000, 1 / 1.69233) == pytest.approx(-11.82, abs=0.005)


def test_futures_profit_counts_ticks() -> None:
    assert profit_by_ticks(BUY, 2, 4000, 4010, 12.5, 0.25) == pytest.approx(1000)
    assert profit_by_ticks(SELL, 2, 4000, 4010, 12.5, 0.25) == pytest.approx(-1000)


def test_pip_value_of_one_lot() -> None:
    assert pip_value(100000, 0.0001, 1) == pytest.approx(10)


def test_loss_at_stop_is_never_negative_and_counts_costs() -> None:
    assert loss_at_stop(-100, 0) == 100
    assert loss_at_stop(-100, 7) == 107
    assert loss_at_stop(5, 7) == 2
    assert loss_at_stop(50, 7) == 0


def test_swap_in_points_is_not_in_pips() -> None:
    assert swap_in_points(2, 100000, 0.00001, -5.47, 1, 1) == pytest.approx(-10.94)
    assert swap_in_points(1, 100000, 0.001, 16.4, 1, 0.006733) == pytest.approx(11.04, abs=0.005)


def test_swap_in_percent_is_of_the_value_a_year() -> None:
    assert swap_in_percent(0.1, 1, 57000, -19, 360, 1, 1) == pytest.approx(-3.008, abs=0.001)


def test_swap_in_money_is_a_lot_and_night() -> None:
    assert swap_in_money(2, -1.5, 3, 1) == -9
