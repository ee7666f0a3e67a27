"""Notional, leverage and exposure of whole books, by hand-computed numbers."""

from typing import Any

import pytest

from guard.metrics import outlook
from guard.metrics.compute import Metrics
from tests.books import account, position, run, snapshot, symbol


def metrics(held: list[dict[str, Any]], **over: Any) -> Metrics:
    return run(snapshot(held, **over)).metrics


GOLD = symbol("XAUUSD", 2400.0, 0.4, trade_contract_size=100.0, trade_tick_size=0.01, trade_calc_mode=4)
FRANC = symbol("USDCHF", 0.9, 0.0, trade_tick_value=1.1111111, trade_tick_value_loss=1.1111111)


def test_gross_counts_both_legs_of_a_hedge_and_net_what_is_left() -> None:
    m = metrics([position(1, 0.3), position(2, 0.1, "sell")])
    # Mid 1.1001: 0.3 lots are 33,003; the sell 11,001.
    assert m.notional_gross == pytest.approx(44_004.0)
    assert m.notional_net == pytest.approx(22_002.0)
    assert m.effective_leverage == pytest.approx(4.4004)
    assert m.effective_leverage_net == pytest.approx(2.2002)


def test_a_profit_that_is_not_known_leaves_exposure_as_it_is() -> None:
    m = metrics([position(1, 0.3, profit=None), position(2, 0.1, "sell")])
    assert m.notional_gross == pytest.approx(44_004.0)
    assert m.notional_net == pytest.approx(22_002.0)
    assert m.by_symbol is not None
    assert (m.by_symbol["EURUSD"].buy_lots, m.by_symbol["EURUSD"].sell_lots) == (0.3, 0.1)


def test_a_full_hedge_is_gross_leverage_without_net() -> None:
    m = metrics([position(1, 1.0), position(2, 1.0, "sell")], account=account(margin=0.0))
    assert m.effective_leverage == pytest.approx(22.002)
    assert m.effective_leverage_net == 0.0
    assert m.margin_blind
    assert (m.margin_level_pct, m.loss_to_stop_out) == (None, 10_000.0)


def test_flat_is_zero_and_used_up_equity_is_infinite() -> None:
    assert metrics([]).effective_leverage == 0.0
    assert metrics([position()], account=account(equity=0.0, margin=110.0)).effective_leverage == float("inf")
    assert metrics([position()], account=account(equity=-5.0, margin=110.0)).effective_leverage == float("inf")
    missing = {**account(margin=110.0), "equity": None}
    assert metrics([position()], account=missing).effective_leverage is None


def test_a_pair_based_in_the_account_currency_is_its_volume_whatever_the_price() -> None:
    held = [position(1, 0.5, symbol="USDCHF", price_open=0.9, price_current=0.95, sl=0.8)]
    assert metrics(held, symbols={"USDCHF": FRANC}).notional_gross == pytest.approx(50_000.0)


def test_exposure_by_symbol_currency_and_asset_class_is_signed() -> None:
    held = [position(1, 0.2, "sell"), position(2, 0.1, symbol="USDCHF", price_open=0.9, price_current=0.9, sl=0.8),
            position(3, 0.1, symbol="XAUUSD", price_open=2400.0, price_current=2400.0, sl=2300.0)]  # fmt: skip
    m = metrics(held, symbols={"EURUSD": symbol(), "USDCHF": FRANC, "XAUUSD": GOLD})
    by_symbol: object = outlook.exposure_by_symbol(m)
    assert by_symbol == {
        "EURUSD": pytest.approx(-22_002.0), "USDCHF": pytest.approx(10_000.0), "XAUUSD": pytest.approx(24_000.0),
    }  # fmt: skip
    # Gold has no currency legs.
    by_currency: object = outlook.exposure_by_currency(m)
    assert by_currency == {
        "EUR": pytest.approx(-22_002.0), "USD": pytest.approx(32_002.0), "CHF": pytest.approx(-10_000.0),
    }  # fmt: skip
    by_class: object = outlook.exposure_by_asset_class(m)
    assert by_class == {"forex": pytest.approx(-12_002.0), "metal": pytest.approx(24_000.0)}


def test_a_symbol_without_data_makes_exposure_unknown_and_not_smaller() -> None:
    held = [position(1), position(2, symbol="GHOST")]
    m = metrics(held)
    assert (m.notional_gross, m.notional_net, m.effective_leverage) == (None, None, None)
    assert outlook.exposure_by_currency(m) is None
    assert outlook.exposure_by_asset_class(m) is None
    asked = {"call": "order_calc_profit", "args": [0, "GHOST", 1.0, 1.0, 2.0], "result": 100_000.0}
    known_value = metrics(held, asked=[asked])
    assert known_value.notional_gross is not None
    assert outlook.exposure_by_currency(known_value) is None


@pytest.mark.parametrize("field", ["side", "volume"])
def test_a_position_without_side_or_volume_makes_net_figures_unknown(field: str) -> None:
    broken = {**position(2), "type" if field == "side" else "volume": None}
    m = metrics([position(1), broken])
    assert m.notional_net is None
    assert (m.notional_gross is None) == (field == "volume")
    assert outlook.adverse_move_to_stop_out_pct(m) is None
    assert outlook.spread_to_stop_out(m) is None
    assert outlook.lots_to_close_to_level(m) is None


@pytest.mark.parametrize(
    "over,expected",
    [
        ({"currency_base": "XAU"}, "metal"),
        ({"currency_base": "USD", "path": "Metals\\GOLD"}, "metal"),
        ({"currency_base": "BTC"}, "crypto"),
        ({"currency_base": "USD", "path": "Cryptos\\ETHUSD"}, "crypto"),
        ({"currency_base": "USD", "path": "Indices\\US500", "trade_calc_mode": 3}, "index"),
        ({"currency_base": "USD", "path": "x", "trade_calc_mode": 32}, "share"),
        ({"currency_base": "USD", "path": "US Stocks\\AAPL", "trade_calc_mode": 2}, "share"),
        ({"currency_base": "USD", "path": "Energies\\XBRUSD", "trade_calc_mode": 2}, "energy"),
        ({"currency_base": "EUR"}, "forex"),
        ({"currency_base": "USD"}, "other"),
        ({"currency_base": None}, "other"),
    ],
)
def test_asset_classes(over: dict[str, Any], expected: str) -> None:
    row = symbol("XXXUSD", 100.0, **over)
    m = metrics([position(symbol="XXXUSD")], symbols={"XXXUSD": row})
    assert m.by_symbol is not None
    assert m.by_symbol["XXXUSD"].asset_class == expected


def test_an_option_counts_with_its_premium_and_says_so() -> None:
    row = symbol("CALL", 12.5, trade_calc_mode=35, trade_contract_size=100.0, trade_tick_size=0.01,
                 currency_base="USD", path="Options\\CALL")  # fmt: skip
    m = metrics([position(1, 2.0, symbol="CALL", price_open=12.5, price_current=12.5, sl=1.0)], symbols={"CALL": row})
    assert m.notional_gross == pytest.approx(2_500.0)
    outlook.exposure_by_asset_class(m)
    assert "symbols.CALL.option" in {gap.path for gap in m.gaps}


def test_collateral_is_no_exposure_and_needs_no_stop() -> None:
    row = symbol("BOND", 100.0, trade_calc_mode=64, trade_contract_size=1000.0)
    held = [position(1, 5.0, symbol="BOND", price_open=100.0, price_current=100.0, sl=0.0), position(2, 0.1)]
    m = metrics(held, symbols={"BOND": row, "EURUSD": symbol()})
    assert m.notional_gross == pytest.approx(11_001.0)
    assert m.rows is not None
    assert [row.unprotected for row in m.rows] == [False, False]
    assert m.open_risk == pytest.approx(50.0)


def test_equity_that_the_positions_do_not_explain_is_said() -> None:
    def said(equity: float, **over: Any) -> bool:
        held = [position(1, 1.0, profit=-100.0, swap=-3.0, price_open=1.101)]
        result = run(snapshot(held, account=account(equity=equity, margin=1100.0, **over)))
        _ = result.metrics.by_symbol
        return "account.equity" in {gap.path for gap in result.metrics.gaps}

    assert not said(9_897.0)
    # One spread of 2 points on one lot is 20; a position that is missing from the list is more.
    assert not said(9_915.0)
    assert said(9_850.0)
    assert said(9_950.0)
    assert not said(9_847.0, commission_blocked=50.0)
    assert not said(10_397.0, credit=500.0)
