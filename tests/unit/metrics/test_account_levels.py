"""Margin call and stop-out: where the levels come from, in percent and in money, and how far they are."""

from typing import Any

import pytest

from guard.metrics import levels, outlook
from guard.metrics.compute import Metrics
from tests.books import account, policy, position, run, snapshot, symbol


def metrics(held: list[dict[str, Any]] | None = None, *, told: dict[str, Any] | None = None, **over: Any) -> Metrics:
    made = snapshot([position(1, 1.0)] if held is None else held, **over)
    made["account"] = {**made["account"], **(told if told is not None else {})}
    return run(made).metrics


def with_policy(held: list[dict[str, Any]], account_: dict[str, Any], **over: Any) -> Metrics:
    return run(snapshot(held, account=account_), **over).metrics


def test_a_level_is_reached_at_its_value_or_below() -> None:
    assert levels.level_reached(50.0, 500.0, 1000.0, levels.PERCENT)
    assert levels.level_reached(50.0, 499.0, 1000.0, levels.PERCENT)
    assert not levels.level_reached(50.0, 500.01, 1000.0, levels.PERCENT)
    assert not levels.level_reached(50.0, -5.0, 0.0, levels.PERCENT)
    assert levels.level_reached(300.0, 300.0, 1000.0, levels.MONEY)
    assert not levels.level_reached(300.0, 300.01, 0.0, levels.MONEY)


def test_distances_in_percent_mode_hold_the_margin_as_charged() -> None:
    m = metrics(account=account(equity=9_000.0, margin=2_000.0))
    # Call at 100 %: 2,000; stop-out at 50 %: 1,000.
    assert (m.loss_to_margin_call, m.loss_to_stop_out) == (7_000.0, 8_000.0)
    assert m.margin_level_pct == 450.0
    assert m.margin_usage_pct == pytest.approx(22.2222, abs=1e-4)


def test_distances_in_money_mode_compare_equity_itself() -> None:
    m = metrics(account=account(equity=9_000.0, margin=2_000.0, margin_so_mode=1, margin_so_call=500.0,
                                margin_so_so=300.0))  # fmt: skip
    assert (m.loss_to_margin_call, m.loss_to_stop_out) == (8_500.0, 8_700.0)


def test_a_stop_out_of_zero_is_assumed_as_the_call_level_but_at_least_fifty() -> None:
    low = with_policy([position()], account(margin=1000.0, margin_so_call=60.0, margin_so_so=0.0))
    assert low.stop_out_level == (60.0, "assumed")
    assert low.loss_to_stop_out == pytest.approx(9_400.0)
    tiny = with_policy([position()], account(margin=1000.0, margin_so_call=20.0, margin_so_so=0.0))
    assert tiny.stop_out_level == (50.0, "assumed")
    nothing = with_policy([position()], account(margin=1000.0, margin_so_call=0.0, margin_so_so=0.0))
    assert nothing.stop_out_level == (50.0, "assumed")
    assert nothing.call_level == (None, "unknown")
    assert nothing.loss_to_margin_call is None
    assert {"stop_out_level", "margin_call_level"} <= {gap.path for gap in nothing.gaps}


def test_a_stop_out_amount_of_zero_in_money_mode_is_unknown() -> None:
    m = with_policy([position()], account(margin=1000.0, margin_so_mode=1, margin_so_call=500.0, margin_so_so=0.0))
    assert m.stop_out_level == (None, "unknown")
    assert m.loss_to_stop_out is None


def test_the_terminal_comes_before_the_configuration_and_that_before_any_assumption() -> None:
    told = account(margin=1000.0)
    assert with_policy([position()], told, stop_out_level=20.0, margin_call_level=30.0).stop_out_level == (
        50.0, "terminal",
    )  # fmt: skip
    silent = account(margin=1000.0, margin_so_call=0.0, margin_so_so=0.0)
    m = with_policy([position()], silent, stop_out_level=0.0, margin_call_level=30.0)
    assert (m.stop_out_level, m.call_level) == ((0.0, "configuration"), (30.0, "configuration"))
    assert m.loss_to_stop_out == 10_000.0


@pytest.mark.parametrize("field", ["equity", "margin", "margin_so_mode"])
def test_a_missing_account_figure_makes_the_distance_unknown(field: str) -> None:
    m = metrics(told={field: None})
    assert m.loss_to_stop_out is None
    assert m.loss_to_margin_call is None


def test_the_lower_of_two_margin_levels_is_used_and_said() -> None:
    m = metrics(account=account(margin=2_000.0, margin_level=300.0))
    assert m.margin_level_pct == 300.0
    assert "margin_level_pct" in {gap.path for gap in m.gaps}
    high = metrics(account=account(margin=2_000.0, margin_level=900.0))
    assert high.margin_level_pct == 500.0


def revalued(held: list[dict[str, Any]], name: str, price: float, contract: float, *, inverse: bool) -> float:
    """Profit of all positions of one symbol at ``price``, in account currency, straight from the contract."""
    total = 0.0
    for row in held:
        if row["symbol"] == name:
            sign = 1 if row["type"] == 0 else -1
            moved = sign * row["volume"] * contract * (price - row["price_open"])
            total += moved / price if inverse else moved
    return total


BOOKS = {
    "one buy": [(1, 1.0, "buy", 1.1, 1.1)],
    "in loss": [(1, 2.0, "buy", 1.15, 1.1)],
    "a sell": [(1, 1.5, "sell", 1.08, 1.1)],
    "hedged in part": [(1, 2.0, "buy", 1.12, 1.1), (2, 0.5, "sell", 1.09, 1.1)],
    "more sold": [(1, 0.5, "buy", 1.12, 1.1), (2, 2.0, "sell", 1.09, 1.1)],
}


@pytest.mark.parametrize("book", BOOKS)
@pytest.mark.parametrize("inverse", [False, True], ids=["EURUSD", "USDCHF"])
@pytest.mark.parametrize("money", [False, True], ids=["percent", "money"])
def test_at_the_price_of_stop_out_the_account_is_worth_the_stop_out(book: str, inverse: bool, money: bool) -> None:
    name, contract = ("USDCHF", 100_000.0) if inverse else ("EURUSD", 100_000.0)
    held = [position(t, lots, side, symbol=name, price_open=opened, price_current=now, sl=0.0)
            for t, lots, side, opened, now in BOOKS[book]]  # fmt: skip
    now_profit = revalued(held, name, 1.1, contract, inverse=inverse)
    balance, margin = 30_000.0, 4_000.0
    mode = {"margin_so_mode": 1, "margin_so_call": 6_000.0, "margin_so_so": 2_500.0} if money else {}
    made = account(balance, equity=balance + now_profit, margin=margin, **mode)
    tick = {"trade_tick_value": 1.0 / 1.1, "trade_tick_value_loss": 1.0 / 1.1} if inverse else {}
    m = run(snapshot(held, account=made, symbols={name: symbol(name, 1.1, 0.0, **tick)})).metrics
    assert m.by_symbol is not None
    for loss, worth in ((m.loss_to_stop_out, 2_500.0 if money else 2_000.0),
                        (m.loss_to_margin_call, 6_000.0 if money else 4_000.0)):  # fmt: skip
        price = outlook.price_at(m, m.by_symbol[name], loss)
        assert price is not None
        equity = balance + revalued(held, name, price, contract, inverse=inverse)
        assert equity == pytest.approx(worth, abs=0.01)
        assert (price < 1.1) == (m.by_symbol[name].net_lots > 0.0)


def test_a_price_that_cannot_be_reached_is_none_with_its_reason() -> None:
    small = metrics([position(1, 0.01)])
    assert small.by_symbol is not None
    assert outlook.price_at(small, small.by_symbol["EURUSD"], small.loss_to_stop_out) is None
    assert any("no price" in gap.sentence for gap in small.gaps)
    hedged = metrics([position(1, 1.0), position(2, 1.0, "sell", price_open=1.2)])
    assert hedged.by_symbol is not None
    assert outlook.price_at(hedged, hedged.by_symbol["EURUSD"], hedged.loss_to_stop_out) is None
    assert any("fully hedged" in gap.sentence for gap in hedged.gaps)


def test_the_uniform_move_and_the_spread_that_reach_stop_out() -> None:
    # 10,000 equity, 1,000 margin, stop-out at 500: 9,500 to lose on 110,010 net is 8.64 %.
    m = metrics([position(1, 1.0)], account=account(margin=1000.0))
    assert outlook.adverse_move_to_stop_out_pct(m) == pytest.approx(9_500.0 / 110_010.0 * 100.0)
    # A hedge of two times one lot: the spread of 2 points costs half of it on each leg, 20 in all.
    hedge = metrics([position(1, 1.0), position(2, 1.0, "sell")], account=account(margin=0.0))
    assert outlook.adverse_move_to_stop_out_pct(hedge) is None
    assert outlook.spread_to_stop_out(hedge) == pytest.approx(1.0 + 10_000.0 / 20.0)


def test_what_to_pay_in_or_close_to_reach_a_level() -> None:
    m = run(snapshot([position(1, 1.0)], account=account(equity=1_500.0, margin=1_000.0))).metrics
    assert m.context.target_margin_level_pct == policy().target_margin_level_pct == 200.0
    assert outlook.deposit_to_level(m) == pytest.approx(500.0)
    # A quarter closed: margin 750, and 1,500 / 750 is 200 %.
    lots: object = outlook.lots_to_close_to_level(m)
    assert lots == {"EURUSD": pytest.approx(0.25)}
    rich = run(snapshot([position(1, 1.0)], account=account(margin=1_000.0))).metrics
    assert (outlook.deposit_to_level(rich), outlook.lots_to_close_to_level(rich)) == (0.0, {"EURUSD": 0.0})
    broke = run(snapshot([position(1, 1.0)], account=account(equity=-1.0, margin=1_000.0))).metrics
    assert outlook.lots_to_close_to_level(broke) is None
    hedge = run(snapshot([position(1, 1.0), position(2, 0.4, "sell")], account=account(margin=1_000.0))).metrics
    assert outlook.lots_to_close_to_level(hedge) is None
