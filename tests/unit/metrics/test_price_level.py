"""The price of one symbol at which a loss is reached, where that price also converts: by hand-computed numbers."""

from typing import Any

import pytest

from guard.metrics import outlook
from guard.metrics.compute import Metrics
from tests.books import Dict, account, position, run, snapshot, symbol


def pair(name: str, bid: float, **over: Any) -> Dict:
    return symbol(name, bid, 0.0, trade_tick_value=0.0, trade_tick_value_profit=0.0, trade_tick_value_loss=0.0, **over)


def metrics(held: list[Dict], symbols: list[Dict], **told: Any) -> Metrics:
    floating = sum(row["profit"] for row in held)
    balance = told.pop("balance", 10_000.0)
    made = account(balance, equity=balance + floating, **({"margin": 1_000.0} | told))
    return run(snapshot(held, account=made, symbols={row["name"]: row for row in symbols})).metrics


def price_at_stop_out(m: Metrics, name: str) -> float | None:
    assert m.by_symbol is not None
    return outlook.price_at(m, m.by_symbol[name], m.loss_to_stop_out)


def test_a_result_that_reaches_the_account_through_the_symbol_itself_converts_at_the_shocked_price() -> None:
    # A yen account, one lot USDCHF: francs become dollars at USDCHF itself, then yen at USDJPY.
    held = [position(1, 1.0, symbol="USDCHF", price_open=0.9, price_current=0.9, sl=0.0)]
    m = metrics(held, [pair("USDCHF", 0.9), pair("USDJPY", 150.0)], balance=2_000_000.0, currency="JPY",
                currency_digits=0, margin=150_000.0)  # fmt: skip
    price = price_at_stop_out(m, "USDCHF")
    assert price is not None
    assert (price - 0.9) * 100_000 / price * 150 == pytest.approx(-1_925_000.0)


def test_results_of_other_symbols_that_convert_through_the_pair_move_with_it() -> None:
    # A dollar account: EURGBP has won 10,000 pounds; when GBPUSD falls, they are worth less.
    held = [
        position(1, 1.0, symbol="GBPUSD", price_open=1.25, price_current=1.25, sl=0.0),
        position(2, 1.0, symbol="EURGBP", price_open=0.8, price_current=0.9, sl=0.0, profit=12_500.0),
    ]
    m = metrics(held, [pair("GBPUSD", 1.25), pair("EURGBP", 0.9)])
    price = price_at_stop_out(m, "GBPUSD")
    assert price is not None
    # 22,500 equity, 500 at the stop-out: both the lot and the 10,000 pounds lose with the pound.
    assert (1.25 - price) * (100_000 + 10_000) == pytest.approx(22_000.0)


def test_a_profit_and_a_loss_convert_at_different_sides() -> None:
    # Bought at 0.80, now 0.81: the profit converts at 1.25, the loss beyond 0.80 at 1.26.
    gbpusd = symbol("GBPUSD", 1.25, 0.01)
    held = [position(1, 1.0, symbol="EURGBP", price_open=0.8, price_current=0.81, sl=0.0, profit=1_250.0)]
    m = metrics(held, [pair("EURGBP", 0.81), gbpusd])
    price = price_at_stop_out(m, "EURGBP")
    assert price is not None
    assert (0.8 - price) * 100_000 * 1.26 == pytest.approx(9_500.0)


def test_a_hedge_of_a_pair_with_the_accounts_base_still_has_a_price() -> None:
    # One lot USDCHF bought at 0.9, one sold at 0.8 (francs lost for good): the dearer the dollar, the less they cost.
    held = [
        position(1, 1.0, symbol="USDCHF", price_open=0.9, price_current=0.85, sl=0.0, profit=-5_882.35),
        position(2, 1.0, "sell", symbol="USDCHF", price_open=0.8, price_current=0.85, sl=0.0, profit=-5_882.35),
    ]
    m = metrics(held, [pair("USDCHF", 0.85)], balance=15_000.0)
    price = price_at_stop_out(m, "USDCHF")
    assert price is not None
    assert price < 0.85
    assert 15_000 - 10_000 / price == pytest.approx(500.0, abs=0.02)


def test_futures_are_measured_by_their_tick_value() -> None:
    fut = symbol("FUT", 4000.0, 0.25, trade_calc_mode=33, currency_base="USD", currency_profit="USD",
                 trade_contract_size=1.0, trade_tick_size=0.25, trade_tick_value=12.5, trade_tick_value_profit=12.5,
                 trade_tick_value_loss=12.5, digits=2, point=0.01)  # fmt: skip
    held = [position(1, 2.0, symbol="FUT", price_open=4000.0, price_current=4000.0, sl=0.0)]
    assert price_at_stop_out(metrics(held, [fut]), "FUT") == pytest.approx(4000.0 - 9_500 / (50 * 2))


def test_collateral_has_no_price_at_stop_out_and_no_false_alarm_about_equity() -> None:
    bond = symbol("GOV", 100.0, 0.0, trade_calc_mode=64, currency_base="USD", currency_profit="USD",
                  trade_contract_size=10.0)  # fmt: skip
    held = [position(1, 5.0, symbol="GOV", price_open=100.0, price_current=100.0, sl=0.0)]
    made = account(10_000.0, equity=14_500.0, margin=1_000.0)
    m = run(snapshot(held, account=made, symbols={"GOV": bond})).metrics
    assert price_at_stop_out(m, "GOV") is None
    sentences = [gap.sentence for gap in m.gaps]
    assert any("collateral" in sentence for sentence in sentences)
    assert not any("may be missing" in sentence for sentence in sentences)


def test_a_price_of_nothing_or_an_unknown_one_gives_none() -> None:
    for change in ({"price_current": 0.0}, {"price_open": None}, {"price_current": None}):
        m = metrics([position(1, 1.0, **({"sl": 0.0} | change))], [symbol()])
        assert price_at_stop_out(m, "EURUSD") is None


def test_a_level_within_the_rounding_of_the_results_is_at_the_price_itself() -> None:
    held = [position(1, 1.0, price_open=1.1, price_current=1.1, sl=0.0, profit=0.01)]
    m = metrics(held, [symbol(trade_tick_value=0.0, trade_tick_value_loss=0.0)], balance=499.995)
    assert price_at_stop_out(m, "EURUSD") == 1.1
