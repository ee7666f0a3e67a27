import math

import pytest

from guard.metrics.margin import MARGIN_INPUTS, maintenance_per_lot, margin_inputs, position_margin
from guard.model import trading as t

NAN = math.nan


@pytest.mark.parametrize(
    "mode, expected",
    [
        (t.FOREX, 2 * 10 / 50),
        (t.FOREX_NO_LEVERAGE, 2 * 10),
        (t.CFD, 2 * 10 * 300),
        (t.CFDINDEX, 2 * 10 * 300 * 5 / 0.25),
        (t.CFDLEVERAGE, 2 * 10 * 300 / 50),
        (t.EXCH_STOCKS, 2 * 10 * 300),
        (t.EXCH_STOCKS_MOEX, 2 * 10 * 300),
        (t.EXCH_OPTIONS, 2 * 10 * 300),
        (t.EXCH_OPTIONS_MARGIN, 2 * 10 * 300),
        (t.EXCH_BONDS, 2 * 10 * 1000 * 3),
        (t.EXCH_BONDS_MOEX, 2 * 10 * 1000 * 3),
        (t.COLLATERAL, 0.0),
    ],
)
def test_each_mode_has_its_own_formula(mode: int, expected: float) -> None:
    found = position_margin(mode, 2, 10, 300, 50, 1.0, 0.0, tick_value=5, tick_size=0.25, face_value=1000)
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("mode", sorted(MARGIN_INPUTS))
def test_a_fixed_margin_replaces_the_formula_and_only_two_modes_divide_it_by_leverage(mode: int) -> None:
    divided = mode in {t.FOREX, t.CFDLEVERAGE}
    expected = 0.0 if mode == t.COLLATERAL else 2 * 700 / (50 if divided else 1)
    assert position_margin(mode, 2, NAN, NAN, 50 if divided else NAN, 1.0, 700) == pytest.approx(expected)


@pytest.mark.parametrize("mode", sorted(t.FUTURES_MODES))
def test_futures_without_a_fixed_margin_have_no_number(mode: int) -> None:
    assert math.isnan(position_margin(mode, 1, 10, 300, 50))
    assert margin_inputs(mode, 0.0) == ("margin_initial",)


@pytest.mark.parametrize("mode", sorted(set(MARGIN_INPUTS) - t.FUTURES_MODES - {t.COLLATERAL}))
def test_exactly_the_inputs_a_mode_names_decide_whether_there_is_a_number(mode: int) -> None:
    every = {
        "contract_size": 10.0, "price": 300.0, "leverage": 50.0, "tick_value": 5.0, "tick_size": 0.25,
        "face_value": 1000.0,
    }  # fmt: skip
    named = set(margin_inputs(mode, 0.0))
    for name in every:
        values = {**every, name: NAN}
        assert math.isnan(position_margin(mode, 2, **values)) == (name in named), name


def test_the_rate_multiplies_formula_and_fixed_margin_alike() -> None:
    assert position_margin(t.FOREX, 0.01, 100000, NAN, 25, 171.414) == pytest.approx(6856.56)
    assert position_margin(t.FUTURES, 2, NAN, NAN, NAN, 3.0, 100) == pytest.approx(600)


def test_an_unknown_mode_is_refused_and_never_a_number() -> None:
    with pytest.raises(ValueError, match="not one MetaTrader 5 has"):
        position_margin(7, 1, 1, 1, 1)
    with pytest.raises(ValueError, match="7"):
        margin_inputs(7, 0.0)


def test_maintenance_of_0_means_the_same_as_initial() -> None:
    assert maintenance_per_lot(1000, 0) == 1000
    assert maintenance_per_lot(1000, 500) == 500
