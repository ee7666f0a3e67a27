"""Margin, money and stop-out of the simulated account under the terms a broker's group may have."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from fakes.broker import Broker
from fakes.build import account
from fakes.hours import Hours
from fakes.ledger import BY_STOP_OUT, Rejected
from fakes.margin import Leg, Resting, lot_margin, symbol_margin, tier_factor
from fakes.rules import REAL, Rules
from fakes.symbols import CALC_MODES, COLLATERAL, STANDARD, SymbolSpec, Tier
from fakes.terms import MarginChange, Terms, news, weekend

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def broker(balance: float = 10_000.0, **options: Any) -> Broker:
    return Broker(balance=balance, start_utc=MONDAY, **({"utc_offset_s": 0} | options))


def contract(mode: int, **facts: Any) -> SymbolSpec:
    told: dict[str, Any] = {"tick_size": 0.5, "tick_value": 5.0, "face_value": 1000.0, "volume_max": 1e6} | facts
    return SymbolSpec("X", 200.0, 1, 10.0, "USD", "USD", 0.5, mode, **told)


# --- margin by mode --------------------------------------------------------------------------------------------------

# One lot at 200 with a contract of 10, leverage 50, tick 0.5 worth 5, face 1000.
BY_MODE = {
    0: 10 / 50, 5: 10.0, 2: 2_000.0, 3: 2_000.0 * 10.0, 4: 2_000.0 / 50, 1: 700.0, 32: 2_000.0, 33: 700.0, 34: 700.0,
    35: 2_000.0, 36: 2_000.0, 37: 20_000.0, 38: 2_000.0, 39: 20_000.0, 64: 0.0,
}  # fmt: skip


@pytest.mark.parametrize("mode", CALC_MODES)
def test_margin_of_one_lot_in_every_mode(mode: int) -> None:
    spec = contract(mode, margin_initial=700.0 if mode in {1, 33, 34} else 0.0)
    assert lot_margin(spec, 1, 200.0, 50, held=False) == pytest.approx(BY_MODE[mode])


# One lot bought at 200 and closed at 203.
PROFIT = dict.fromkeys(CALC_MODES, 30.0) | {37: 300.0, 39: 300.0, 64: 0.0}


@pytest.mark.parametrize("mode", CALC_MODES)
def test_profit_in_every_mode(mode: int) -> None:
    made = broker(1e6)
    made.add_symbol(contract(mode))
    if mode in {0, 5}:
        made.specs["X"] = replace(made.specs["X"], currency_base="EUR")
    assert made.profit_of("X", 1, 1.0, 200.0, 203.0) == PROFIT[mode]
    assert made.profit_of("X", -1, 1.0, 200.0, 203.0) == -PROFIT[mode]


@pytest.mark.parametrize("mode, wanted", [(0, 14.0), (4, 14.0), (2, 700.0), (5, 700.0), (33, 700.0), (64, 0.0)])
def test_a_fixed_margin_replaces_the_formula_and_only_two_modes_divide_it(mode: int, wanted: float) -> None:
    spec = contract(mode, margin_initial=700.0)
    assert lot_margin(spec, 1, 200.0, 50, held=True) == wanted
    assert lot_margin(replace(spec, margin_maintenance=350.0), 1, 200.0, 50, held=True) == wanted / 2


def test_on_the_derivatives_market_buyer_and_seller_differ_and_a_good_price_is_a_discount() -> None:
    spec = contract(34, margin_initial=700.0, margin_maintenance=900.0, settlement=202.0)
    assert lot_margin(spec, 1, 202.0, 50, held=False) == 700.0
    assert lot_margin(spec, -1, 202.0, 50, held=False) == 900.0
    assert lot_margin(spec, 1, 200.0, 50, held=False) == 700.0 - 2 * 10  # two below the settlement, 10 a point
    assert lot_margin(spec, 1, 205.0, 50, held=False) == 700.0
    assert lot_margin(spec, -1, 205.0, 50, held=False) == 900.0 - 3 * 10


def test_rates_by_kind_of_order_and_by_holding() -> None:
    spec = contract(2, rate_buy=2.0, rate_sell=3.0, held_rate_buy=1.5, pending_rates=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6))
    made = broker(1e6)
    made.add_symbol(spec)
    assert [spec.rate_of(kind) for kind in range(8)] == [2.0, 3.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    made.open("buy", "X", 1.0)
    assert made.margin == 2005.0 * 1.5
    made.pending(4, "X", 1.0, 300.0)
    assert made.margin == 2005.0 * 1.5 + 3000.0 * 0.3


# --- several positions and orders ------------------------------------------------------------------------------------


def test_a_hedge_by_its_larger_leg_counts_pending_orders_with_their_side() -> None:
    spec = contract(2, hedged_use_leg=True, rate_pending=1.0)
    legs = [Leg(1, 1.0, 200.0, 1.0), Leg(-1, 2.0, 200.0, 1.0)]
    assert symbol_margin(spec, legs, 50) == 4_000.0
    assert symbol_margin(spec, legs, 50, [Resting(2, 2.0, 200.0, 1.0)]) == 6_000.0


def test_a_hedge_by_pairs_adds_pending_orders() -> None:
    spec = contract(2, margin_hedged=5.0, rate_pending=1.0)
    legs = [Leg(1, 1.0, 200.0, 1.0), Leg(-1, 2.0, 200.0, 1.0)]
    assert symbol_margin(spec, legs, 50, [Resting(2, 2.0, 200.0, 1.0)]) == 2_000.0 + 1_000.0 + 4_000.0


def test_on_a_netting_account_opposite_limits_count_by_the_larger_side_and_stops_all() -> None:
    spec = contract(2, rate_pending=1.0)
    held = [Leg(1, 1.0, 200.0, 1.0)]
    limits = [Resting(2, 1.0, 200.0, 1.0), Resting(3, 3.0, 200.0, 1.0)]
    assert symbol_margin(spec, held, 50, limits, hedging=False) == 6_000.0
    assert symbol_margin(spec, held, 50, limits[:1], hedging=False) == 4_000.0
    stops = [Resting(4, 1.0, 200.0, 1.0), Resting(5, 1.0, 200.0, 1.0)]
    assert symbol_margin(spec, held, 50, limits + stops, hedging=False) == 10_000.0


def test_closing_one_leg_of_a_hedge_can_raise_the_margin() -> None:
    made = broker(1e6)
    made.add_symbol(contract(2, margin_hedged=0.0))
    made.open("buy", "X", 1.0)
    sold = made.open("sell", "X", 1.0)
    assert (made.margin, made.margin_level) == (0.0, 0.0)
    made.close(sold)
    assert made.margin == 2_005.0


# --- tiers and scheduled changes -------------------------------------------------------------------------------------

TIERS = (Tier(1.0), Tier(3.0, leverage=25), Tier(9.0, leverage=10, factor=2.0))


def test_each_part_of_a_volume_is_charged_by_its_own_tier() -> None:
    assert tier_factor(TIERS, 0.0, 1.0, 100, leveraged=True) == 1.0
    assert tier_factor(TIERS, 0.0, 2.0, 100, leveraged=True) == (1.0 + 4.0) / 2
    assert tier_factor(TIERS, 2.0, 2.0, 100, leveraged=True) == (4.0 + 20.0) / 2
    assert tier_factor(TIERS, 100.0, 1.0, 100, leveraged=True) == 20.0
    assert tier_factor(TIERS, 2.0, 2.0, 100, leveraged=False) == (1.0 + 2.0) / 2
    assert tier_factor((), 2.0, 2.0, 100, leveraged=True) == 1.0


def test_margin_grows_faster_than_volume_and_the_calculator_sees_only_its_own_volume() -> None:
    made = broker(1e6)
    made.add_symbol(contract(4, tiers=TIERS))
    for _ in range(4):
        made.open("buy", "X", 1.0)
    assert made.margin == pytest.approx(20.05 * (1 + 4 + 4 + 20))
    assert made.margin_for("X", 1, 1.0, 200.5) == 20.05
    made.terms.calc_counts_held = True
    assert made.margin_for("X", 1, 1.0, 200.5) == 401.0


def test_tiers_may_count_what_is_held_by_its_value() -> None:
    made = broker(1e6)
    made.add_symbol(contract(2, tiers=(Tier(4_010.0), Tier(1e9, factor=2.0)), tiers_by_value=True))
    for _ in range(3):
        made.open("buy", "X", 1.0)
    assert made.margin == 2_005.0 * 4


def test_the_weekend_raises_margin_of_what_is_held_and_monday_takes_it_back() -> None:
    made = broker(1e6, terms=Terms(margin_changes=(weekend(factor=3.0),)))
    made.add_symbol(contract(2))
    made.open("buy", "X", 1.0)
    usual = made.margin
    friday = 4 * 86_400 + 12 * 3_600  # from Monday 9:00 to Friday 21:00
    made.advance(friday)
    assert made.margin == usual
    made.advance(3_600)
    assert made.margin == 3 * usual
    made.advance(50 * 3_600)
    assert made.margin == usual
    assert [event.kind for event in made.events].count("margin") == 2


def test_news_raise_margin_for_what_is_opened_then_and_only_for_as_long() -> None:
    change = news(date(2026, 3, 2), "13:15", "13:45", leverage=10, symbols=["X"])
    made = broker(1e6, terms=Terms(margin_changes=(change,)))
    made.add_symbol(contract(4))
    made.open("buy", "X", 1.0)
    usual = made.margin
    made.advance(4 * 3_600 + 20 * 60)
    assert made.margin == usual
    assert made.margin_for("X", 1, 1.0, 200.5) == pytest.approx(usual * 10)
    made.open("buy", "X", 1.0)
    assert made.margin == pytest.approx(usual * 11)
    made.advance(30 * 60)
    assert made.margin == pytest.approx(usual * 2)


def test_a_scheduled_change_can_stop_out_a_book_whose_prices_stand_still() -> None:
    made = broker(3_000.0, terms=Terms(margin_changes=(weekend(factor=4.0),)))
    made.add_symbol(contract(2))
    made.open("buy", "X", 1.0)
    made.advance(4 * 86_400 + 14 * 3_600)
    assert made.positions == []
    assert made.deals[-1].reason == BY_STOP_OUT


def test_a_window_is_not_missed_however_far_the_clock_is_moved_at_once() -> None:
    change = news(date(2026, 3, 4), "13:15", "13:45", factor=4.0, held=True)
    made = broker(3_000.0, terms=Terms(margin_changes=(change,)))
    made.add_symbol(contract(2))
    made.open("buy", "X", 1.0)
    made.advance(14 * 86_400)
    closed = datetime.fromtimestamp(made.deals[-1].time_msc / 1000, UTC)
    assert (made.positions, closed) == ([], datetime(2026, 3, 4, 13, 15, tzinfo=UTC))
    assert [event.kind for event in made.events if event.kind == "margin"] == ["margin"] * 2


def test_a_weekly_change_tells_when_it_next_begins_or_ends() -> None:
    change = weekend()
    friday = datetime(2026, 3, 6, 22, 0, tzinfo=UTC)
    msc = round(friday.timestamp() * 1000)
    assert [change.until_edge(msc - 1), change.until_edge(msc), change.is_on(msc - 1), change.is_on(msc)] == [
        1, 50 * 3_600_000, False, True,
    ]  # fmt: skip
    hours = Hours.of({day: ["00:00-24:00"] for day in ("Sat", "Sun", "Mon")})
    over = MarginChange(hours)
    monday = msc + 2 * 3_600_000 + 2 * 86_400_000 + 5 * 3_600_000
    assert over.began(monday) == msc + 2 * 3_600_000
    assert (change.began(msc + 3_600_000), change.until_edge(msc + 49 * 3_600_000)) == (msc, 3_600_000)


def test_terms_may_stand_in_a_json_text() -> None:
    told = {
        "margin_conversion": "floating", "leverage_by_equity": [[1000, 500]],
        "margin_changes": [
            {"week": {"Fri": ["22:00-24:00"]}, "factor": 2.0, "symbols": ["XAUUSD"]},
            {"day": "2026-03-06", "begin": "15:15", "end": "15:45", "leverage": 200},
        ],
    }  # fmt: skip
    made = account({"balance": 2_000, "leverage": 1000, "terms": told, "utc_offset_s": 0}, MONDAY)
    weekly, once = made.terms.margin_changes
    assert (made.leverage_now, made.terms.margin_conversion) == (500, "floating")
    assert (weekly.factor, weekly.symbols, weekly.held) == (2.0, frozenset({"XAUUSD"}), True)
    at = round(datetime(2026, 3, 6, 15, 15, tzinfo=UTC).timestamp() * 1000)
    assert (once.begin_msc, once.end_msc, once.leverage, once.held) == (at, at + 1_800_000, 200, False)


def test_a_larger_account_gets_less_leverage() -> None:
    made = broker(999.0, leverage=2000, terms=Terms(leverage_by_equity=((1_000.0, 1000), (5_000.0, 500))))
    made.add_symbol(contract(4, volume_min=0.001))
    assert made.leverage_now == 2000
    made.open("buy", "X", 1.0)
    before = made.margin
    made.deposit(5_000.0)
    assert made.leverage_now == 500
    assert made.margin == pytest.approx(before * 4, abs=0.02)


def test_under_floating_conversion_margin_moves_with_the_market() -> None:
    def margins(conversion: Any) -> list[float]:
        made = broker(1e6, terms=Terms(margin_conversion=conversion))
        made.add_standard(["EURUSD"])
        made.open("buy", "EURUSD", 1.0)
        first = made.margin
        made.set_price("EURUSD", 1.2)
        return [first, made.margin]

    assert margins("frozen") == [1084.58, 1084.58]
    assert margins("floating") == [1084.58, 1200.08]


def test_a_pending_order_keeps_its_conversion_too() -> None:
    made = broker(1e6, currency="JPY")
    made.add_standard(["USDJPY", "XAUUSD"])
    made.specs["XAUUSD"] = replace(made.specs["XAUUSD"], rate_pending=1.0)
    made.pending(2, "XAUUSD", 1.0, 2000.0)
    first = made.margin
    made.set_price("USDJPY", 170.0)
    made.open("buy", "XAUUSD", 0.01)
    made.close(made.positions[0].ticket)
    assert made.margin == first == 2000 * 149.86


# --- money -----------------------------------------------------------------------------------------------------------


def test_what_counts_as_free_margin() -> None:
    def free(move: float, counts: Any) -> float:
        made = broker(10_000.0, terms=Terms(free_margin=counts))
        made.add_symbol(contract(4))
        made.open("buy", "X", 1.0)
        made.set_price("X", 200.5 + move)
        return round(made.free_margin - (made.balance - made.margin), 2)

    assert [free(3.0, counts) for counts in ("both", "none", "profit", "loss")] == [30.0, 0.0, 30.0, 0.0]
    assert [free(-3.0, counts) for counts in ("both", "none", "profit", "loss")] == [-30.0, 0.0, 0.0, -30.0]


def test_the_days_profit_may_be_blocked_until_the_day_is_over() -> None:
    made = broker(10_000.0, terms=Terms(block_profit=True))
    made.add_symbol(contract(4))
    ticket = made.open("buy", "X", 1.0)
    made.set_price("X", 210.5)
    made.close(ticket)
    assert (made.equity, made.free_margin) == (10_100.0, 10_000.0)
    made.advance(86_400)
    assert made.free_margin == 10_100.0


def test_money_operations_are_deals_without_symbol_or_order() -> None:
    made = broker(1_000.0)
    made.deposit(500.0)
    made.withdraw(200.0)
    made.credit_in(300.0)
    made.correction(-1.5, "Commission put right")
    made.operate(4, -2.0, "Inactivity fee")
    made.operate(15, 7.5, "Dividend")
    kinds = [(deal.type, deal.profit, deal.symbol, deal.order) for deal in made.deals[1:]]
    assert kinds == [(2, 500.0, "", 0), (2, -200.0, "", 0), (3, 300.0, "", 0), (5, -1.5, "", 0), (4, -2.0, "", 0),
                     (15, 7.5, "", 0)]  # fmt: skip
    assert (made.balance, made.credit, made.equity) == (1_304.0, 300.0, 1_604.0)
    assert [event.kind for event in made.events] == ["deposit", "withdrawal", "credit", "correction", "charge",
                                                     "dividend"]  # fmt: skip


def test_credit_cannot_be_paid_out_nor_margin_in_use() -> None:
    made = broker(1_000.0)
    made.credit_in(500.0)
    made.add_symbol(contract(2))
    made.specs["X"] = replace(made.specs["X"], rate_buy=0.3)
    made.open("buy", "X", 1.0)
    with pytest.raises(Rejected, match=r"at most 393\.50"):
        made.withdraw(394.0)
    made.withdraw(393.5)
    assert made.balance == 606.5


def test_commission_per_lot_and_per_deal() -> None:
    made = broker(10_000.0, commission_per_lot=3.5, terms=Terms(commission_per_deal=1.0))
    made.add_symbol(contract(4))
    ticket = made.open("buy", "X", 2.0)
    made.close(ticket, 1.0)
    assert [deal.commission for deal in made.deals[1:]] == [-8.0, -4.5]


def test_daily_commission_is_blocked_and_charged_at_the_end_of_the_day() -> None:
    made = broker(10_000.0, commission_per_lot=3.5, terms=Terms(commission_daily=True))
    made.add_symbol(contract(4))
    made.open("buy", "X", 2.0)
    assert (made.balance, made.blocked_commission, made.equity) == (10_000.0, 7.0, 10_000.0 - 7.0 - 10.0)
    made.advance(86_400)
    assert (made.balance, made.blocked_commission) == (9_993.0, 0.0)
    assert (made.deals[-1].type, made.deals[-1].profit) == (8, -7.0)


def test_collateral_adds_to_the_assets_by_its_liquidity_rate() -> None:
    made = broker(1_000.0)
    made.add_symbol(contract(COLLATERAL, liquidity_rate=0.9))
    made.open("buy", "X", 1.0)
    assert (made.margin, made.assets, made.equity) == (0.0, 1_800.0, 2_800.0)
    made.set_price("X", 100.0)
    assert (made.floating, made.equity) == (0.0, 1_900.0)


# --- stop-out --------------------------------------------------------------------------------------------------------


def losing(**options: Any) -> Broker:
    """Three positions: a small loss, a large one, a gain; and two pending orders that hold margin."""
    made = broker(10_000.0, **options)
    made.add_symbol(contract(2, rate_pending=1.0))
    made.add_symbol(replace(contract(2), name="Y"))
    made.add_symbol(replace(contract(2), name="Z"))
    return made


def test_pending_orders_go_first_the_largest_margin_first_then_the_largest_loss() -> None:
    made = losing()
    small, large = made.open("buy", "X", 1.0), made.open("buy", "Y", 1.5)
    orders = [made.pending(2, "X", lots, 150.0) for lots in (0.5, 1.5)]
    made.set_price("X", 195.0)
    made.so_so = made.margin_level - 0.5
    made.set_price("Y", 160.0)
    gone = [(order.ticket, order.reason) for order in made.history if order.type == 2]
    assert gone[0] == (orders[1], BY_STOP_OUT)
    made.so_so = 1e6
    made.set_price("Y", 160.0)
    assert [order.ticket for order in made.history if order.type == 2] == [orders[1], orders[0]]
    assert [deal.position_id for deal in made.deals if deal.reason == BY_STOP_OUT] == [large, small]


def test_a_stop_out_ends_as_soon_as_the_level_is_left() -> None:
    made = losing()
    first, second = made.open("buy", "X", 1.0), made.open("buy", "Y", 1.0)
    made.set_price("X", 150.0)
    made.so_so = made.margin_level + 1
    made.set_price("X", 150.0)
    assert [position.ticket for position in made.positions] == [second]
    assert made.deals[-1].position_id == first


def test_the_level_is_reached_at_the_value_not_only_below_it() -> None:
    made = broker(2_005.0 + 5.0)
    made.add_symbol(contract(2))
    made.open("buy", "X", 1.0)
    assert made.margin_level == 100.0
    made.so_so = 100.0
    made.set_price("X", 200.0)
    assert made.positions == []


def test_in_money_mode_equity_is_what_counts() -> None:
    made = broker(10_000.0, so_money=True, so_call=9_990.0, so_so=9_980.0)
    made.add_symbol(contract(4))
    made.open("buy", "X", 1.0)
    made.set_price("X", 199.0)
    assert (made.equity, made.margin_called, len(made.positions)) == (9_985.0, True, 1)
    made.set_price("X", 198.5)
    assert made.positions == []


def test_at_a_stop_out_level_of_zero_the_account_is_closed_when_nothing_is_left() -> None:
    made = broker(100.0, so_call=0.0, so_so=0.0, leverage=1000)
    made.add_symbol(contract(4))
    made.open("buy", "X", 1.0)
    made.set_price("X", 191.0)
    assert made.positions
    made.set_price("X", 190.5)
    assert made.positions == []


def test_the_terminal_may_tell_another_stop_out_level_than_the_true_one() -> None:
    from fakes import views  # noqa: PLC0415 (only here)

    made = broker(10_000.0, so_so=30.0, terms=Terms(so_shown=0.0))
    assert views.account(made).margin_so_so == 0.0
    made.terms.so_shown = None
    assert views.account(made).margin_so_so == 30.0


def test_a_full_hedge_without_margin_is_left_alone_unless_the_group_says_otherwise() -> None:
    def hedge(*, closes: bool) -> Broker:
        made = broker(100.0, leverage=1000, terms=Terms(so_on_negative=closes))
        made.add_symbol(contract(4, margin_hedged=0.0))
        made.open("buy", "X", 1.0)
        made.open("sell", "X", 1.0)
        made.set_price("X", 200.0, 215.0)
        return made

    left = hedge(closes=False)
    assert (len(left.positions), left.equity) == (2, -55.0)
    assert hedge(closes=True).positions == []


def test_on_a_real_netting_account_a_large_position_is_closed_in_slices() -> None:
    def slices(mode: int) -> list[float]:
        made = broker(1_000.0, hedging=False, leverage=1000, rules=Rules(trade_mode=mode))
        made.add_symbol(contract(4, volume_max=2.0))
        for _ in range(3):
            made.open("buy", "X", 2.0)
        made.set_price("X", 180.0)
        return [deal.volume for deal in made.deals if deal.reason == BY_STOP_OUT]

    assert slices(REAL) == [2.0, 2.0, 2.0]
    assert slices(0) == [6.0]


def test_a_debt_is_made_good_by_a_correction_where_the_broker_does_so() -> None:
    def after(*, zero: bool) -> Broker:
        made = broker(100.0, leverage=1000, rules=Rules(zero_negative=zero))
        made.credit_in(50.0)
        made.add_symbol(contract(4))
        made.open("buy", "X", 2.0)
        made.set_price("X", 180.0)
        return made

    owing, waived = after(zero=False), after(zero=True)
    assert (owing.balance, owing.credit) == (-310.0, 50.0)
    assert (waived.balance, waived.credit, waived.equity) == (0.0, 0.0, 0.0)
    assert [(deal.type, deal.profit) for deal in waived.deals[-2:]] == [(3, -50.0), (5, 310.0)]


def test_a_standard_symbol_keeps_its_usual_margin() -> None:
    made = broker(1e5).add_standard()
    made.open("buy", "USDJPY", 1.0)
    assert made.margin == 1_000.0
    assert STANDARD["USDJPY"].nights(3) == 3.0
