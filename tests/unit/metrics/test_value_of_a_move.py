"""What a price move is worth: from four sources, against broken broker metadata, by hand-computed numbers."""

from typing import Any

import pytest

from guard.metrics.book import SymbolFigures
from guard.metrics.value import LARGEST_K, choose_k, k_by_calc, k_by_contract, k_by_profit, k_by_tick, value_of_move
from tests.books import account, limit, position, run, snapshot, symbol


def figures(held: list[dict[str, Any]], name: str = "EURUSD", **over: Any) -> SymbolFigures:
    by_symbol = run(snapshot(held, **over)).metrics.by_symbol
    assert by_symbol is not None
    return by_symbol[name]


def gap_paths(held: list[dict[str, Any]], **over: Any) -> set[str]:
    result = run(snapshot(held, **over), limit("effective_leverage", max=10.0))
    return {gap.path for gap in result.gaps}


def gold(**over: Any) -> dict[str, Any]:
    base: dict[str, Any] = {"digits": 2, "trade_tick_size": 0.01, "trade_contract_size": 100.0, "trade_calc_mode": 4,
                            "trade_tick_value": 1.0, "trade_tick_value_loss": 1.0}  # fmt: skip
    return symbol("XAUUSD", 2400.0, 0.3, **{**base, **over})


def test_each_source_alone() -> None:
    # 0.5 lot that gained 500 over 0.01: 100,000 a lot for a move of 1.
    assert k_by_profit(500.0, 0.01, 0.5, minor_unit=0.01, tick_size=1e-5) == pytest.approx(100_000.0)
    assert k_by_contract(100_000.0, 0.9) == pytest.approx(90_000.0)
    assert k_by_tick(0.9161536, 1e-5) == pytest.approx(91_615.36)
    assert k_by_calc(-10_000.0, -0.1, 1.0) == pytest.approx(100_000.0)


@pytest.mark.parametrize(
    "profit,move,lots",
    [(1.99, 0.01, 0.5), (500.0, 0.00009, 0.5), (500.0, 0.01, 0.0), (-500.0, 0.01, 0.5), (500.0, 0.0, 0.5)],
    ids=["under 200 cents", "under 10 ticks", "no volume", "against the move", "no move"],
)
def test_an_own_profit_too_small_to_measure_says_nothing(profit: float, move: float, lots: float) -> None:
    assert k_by_profit(profit, move, lots, minor_unit=0.01, tick_size=1e-5) is None


def test_nothing_and_nonsense_give_no_value() -> None:
    assert k_by_tick(0.0, 0.01) is None
    assert k_by_tick(1.0, 0.0) is None
    assert k_by_contract(0.0, 1.0) is None
    assert k_by_contract(1e18, 1e18) is None
    assert k_by_tick(1e18, 1e-18) is None
    assert k_by_calc(1.0, 0.0, 1.0) is None
    assert k_by_calc(1.0, 1e-200, 1e-200) is None
    assert k_by_tick(LARGEST_K, 1.0) == LARGEST_K
    assert choose_k(None, None, None, None) == (None, False)


def test_sources_that_agree_within_two_percent_use_the_contract() -> None:
    assert choose_k(99.0, 100.0, 101.0, 100.5) == (100.0, False)
    assert choose_k(None, None, 101.0, 100.5) == (100.5, False)
    assert choose_k(98.1, 100.0, None, None) == (100.0, False)


def test_sources_that_differ_are_flagged_and_the_own_profit_wins_else_the_larger_risk() -> None:
    assert choose_k(97.0, 100.0, None, None) == (97.0, True)
    assert choose_k(None, 100.0, 10.0, None) == (100.0, True)
    assert choose_k(None, 10.0, None, 100.0) == (100.0, True)


def test_a_gold_symbol_whose_tick_value_is_ten_times_too_small() -> None:
    held = [position(1, 1.0, symbol="XAUUSD", price_open=2400.0, price_current=2400.0, sl=2390.0)]
    entry = figures(held, "XAUUSD", symbols={"XAUUSD": gold(trade_tick_value=0.1, trade_tick_value_loss=0.1)})
    assert (entry.k, entry.flagged) == (100.0, True)
    assert "symbols.XAUUSD.k" in gap_paths(held, symbols={"XAUUSD": gold(trade_tick_value=0.1,
                                                                         trade_tick_value_loss=0.1)})  # fmt: skip


def test_the_positions_own_profit_unmasks_a_wrong_contract_size() -> None:
    # One lot gained 1,000 over 10.0: a move of 1.0 is worth 100, whatever the contract says.
    held = [position(1, 1.0, symbol="XAUUSD", price_open=2400.0, price_current=2410.0, sl=2390.0, profit=1000.0)]
    wrong = {"XAUUSD": gold(trade_contract_size=1000.0, trade_tick_value=10.0, trade_tick_value_loss=10.0)}
    entry = figures(held, "XAUUSD", symbols=wrong, account=account(equity=11_000.0, margin=100.0))
    assert (entry.k, entry.flagged) == (100.0, True)
    assert entry.notional_gross == pytest.approx(241_000.0)


def test_a_zero_tick_value_is_no_value_and_the_loss_side_is_used() -> None:
    quiet = {"trade_tick_value": 0.0, "trade_tick_value_loss": 0.0, "trade_tick_value_profit": 0.0}
    held = [position(1, 1.0, symbol="XAUUSD", price_open=2400.0, price_current=2400.0, sl=2390.0)]
    assert figures(held, "XAUUSD", symbols={"XAUUSD": gold(**quiet)}).k == 100.0
    future = {"trade_calc_mode": 1, "trade_tick_value_profit": 1.0, "trade_tick_value": 1.0}
    assert figures(held, "XAUUSD", symbols={"XAUUSD": gold(**future, trade_tick_value_loss=1.01)}).k == 101.0


@pytest.mark.parametrize("mode", [1, 33, 34])
def test_futures_modes_never_use_the_contract_size(mode: int) -> None:
    # Index future: tick 0.25 worth 12.50, contract size 1: a point is worth 50, not 1.
    row = symbol("ESZ6", 5000.0, 0.25, trade_calc_mode=mode, trade_contract_size=1.0, trade_tick_size=0.25,
                 trade_tick_value=12.5, trade_tick_value_loss=12.5, currency_base="USD", currency_profit="USD",
                 path="Indices\\ESZ6")  # fmt: skip
    held = [position(1, 2.0, symbol="ESZ6", price_open=5000.0, price_current=5000.0, sl=4990.0)]
    entry = figures(held, "ESZ6", symbols={"ESZ6": row})
    assert (entry.k, entry.flagged) == (50.0, False)
    assert entry.notional_gross == pytest.approx(500_000.0)
    assert entry.asset_class == "index"


def test_a_future_without_tick_value_is_unknown_although_it_has_a_contract_size() -> None:
    row = symbol("ESZ6", 5000.0, 0.25, trade_calc_mode=33, trade_contract_size=1.0, trade_tick_value=0.0,
                 trade_tick_value_loss=0.0, trade_tick_value_profit=0.0)  # fmt: skip
    entry = figures([position(1, symbol="ESZ6")], "ESZ6", symbols={"ESZ6": row})
    assert (entry.k, entry.notional_gross) == (None, None)


def test_what_the_terminal_calculated_counts_for_buys_and_sells() -> None:
    bare = symbol(trade_tick_value=0.0, trade_tick_value_loss=0.0, trade_calc_mode=33)
    for asked in ([0, "EURUSD", 1.0, 1.1, 1.2], [1, "EURUSD", 1.0, 1.2, 1.1]):
        row = {"call": "order_calc_profit", "args": asked, "result": 10_000.0}
        assert figures([position()], symbols={"EURUSD": bare}, asked=[row]).k == pytest.approx(100_000.0)
    other = {"call": "order_calc_profit", "args": [0, "GBPUSD", 1.0, 1.1, 1.2], "result": 10_000.0}
    assert figures([position()], symbols={"EURUSD": bare}, asked=[other]).k is None


def test_a_cent_account_counts_in_cents() -> None:
    cents = account(currency="USC", margin=10.0)
    row = gold(trade_contract_size=1.0, trade_tick_size=0.001, trade_tick_value=0.1, trade_tick_value_loss=0.1)
    held = [position(1, 0.01, symbol="XAUUSD", price_open=2400.0, price_current=2400.0, sl=2390.0)]
    entry = figures(held, "XAUUSD", symbols={"XAUUSD": row}, account=cents)
    # 1 ounce a lot, 100 cents a dollar: 0.01 lot of 2,400 dollars is 24 dollars or 2,400 cents.
    assert entry.k == pytest.approx(100.0)
    assert not entry.flagged
    assert entry.notional_gross == pytest.approx(2_400.0)


def test_a_yen_account_converts_through_its_own_pair() -> None:
    yen = account(1_000_000.0, currency="JPY", currency_digits=0, margin=10_000.0)
    symbols = {"EURUSD": symbol(trade_tick_value=150.0, trade_tick_value_loss=150.0),
               "USDJPY": symbol("USDJPY", 150.0, 0.0, digits=3, trade_tick_size=0.001)}  # fmt: skip
    entry = figures([position(1, 0.1)], symbols=symbols, account=yen)
    assert entry.k == pytest.approx(15_000_000.0)
    # 10,000 euros at mid 1.1001 dollars at 150 yen.
    assert entry.notional_gross == pytest.approx(10_000.0 * 1.1001 * 150.0)


def test_without_a_conversion_path_the_value_is_unknown_and_never_zero() -> None:
    pounds = account(currency="GBP", margin=110.0)
    silent = symbol(trade_tick_value=0.0, trade_tick_value_loss=0.0)
    entry = figures([position()], symbols={"EURUSD": silent}, account=pounds)
    assert (entry.k, entry.notional_gross, entry.notional_signed) == (None, None, None)


def test_a_pair_with_the_account_currency_as_base_converts_at_the_shocked_price() -> None:
    # One lot USDCHF on a dollar account, 1.02 to 0.85: 17,000 francs are 20,000 dollars at 0.85, not 16,667.
    k = 100_000.0 / 1.02
    assert value_of_move(k, 1.02, 1.02, 0.85, inverse=True) == pytest.approx(-20_000.0)
    assert value_of_move(k, 1.02, 1.02, 0.85, inverse=False) == pytest.approx(-16_666.67, abs=0.01)


@pytest.mark.parametrize("currency,base,quote,inverse", [
    ("USD", "USD", "CHF", True), ("USC", "USD", "CHF", True), ("USD", "EUR", "USD", False),
    ("USC", "EUR", "USD", False), ("CHF", "USD", "CHF", False), ("USD", "USD", "USD", False),
    ("USC", "USD", "USC", False), ("JPY", "EUR", "USD", False),
])  # fmt: skip
def test_which_pairs_convert_at_their_own_price(currency: str, base: str, quote: str, inverse: bool) -> None:
    row = symbol("PAIR", 1.02, currency_base=base, currency_profit=quote)
    assert figures([position(symbol="PAIR")], "PAIR", symbols={"PAIR": row},
                   account=account(currency=currency, margin=10.0)).inverse is inverse  # fmt: skip


def test_an_answer_of_a_few_cents_is_no_measure() -> None:
    # 0.93 yen, rounded to 1: a value 8 % too large.
    assert k_by_calc(1.0, 0.9, 1.0, minor_unit=1.0) is None
    assert k_by_calc(200.0, 0.9, 1.0, minor_unit=1.0) == pytest.approx(222.2222, abs=1e-3)
    assert k_by_calc(1.0, 0.9, 1.0) == pytest.approx(1.1111, abs=1e-3)
