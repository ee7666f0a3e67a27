"""The simulated broker against figures of real accounts and of the published rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fakes.broker import Broker
from fakes.ledger import Rejected
from fakes.live import Live
from fakes.margin import Leg, symbol_margin
from fakes.symbols import STANDARD, SymbolSpec, cent

START = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


def broker(**options: object) -> Broker:
    made = Broker(**({"balance": 10_000.0, "start_utc": START} | options))  # type: ignore[arg-type]
    return made.add_standard()


def quoted(made: Broker, symbol: str, bid: float, ask: float) -> None:
    made.set_price(symbol, bid, ask)


def test_margin_stays_at_the_open_price_while_the_market_moves() -> None:
    made = broker(balance=100_000.0)
    quoted(made, "EURUSD", 0.98440, 0.98445)
    made.open("buy", "EURUSD", 0.01)
    assert made.margin == 9.84
    quoted(made, "EURUSD", 0.97990, 0.97995)
    assert made.margin == 9.84
    assert made.positions[0].profit == -4.55


def test_gold_at_one_to_fifty_is_charged_by_its_notional() -> None:
    made = broker(balance=100_000.0, leverage=50)
    quoted(made, "XAUUSD", 4476.46, 4476.71)
    made.open("buy", "XAUUSD", 0.3)
    assert made.margin == 2686.03
    quoted(made, "XAUUSD", 4471.62, 4471.87)
    assert made.positions[0].profit == -152.70


def test_a_yen_account_has_no_decimals_and_converts_margin_through_its_own_pair() -> None:
    made = broker(balance=1_000_000.0, currency="JPY", leverage=25)
    quoted(made, "EURJPY", 171.400, 171.414)
    quoted(made, "EURUSD", 1.14300, 1.14310)
    made.open("buy", "EURUSD", 0.01)
    assert made.margin == 6857
    quoted(made, "USDJPY", 149.955, 149.955)
    assert made.profit_of("EURUSD", 1, 0.01, 1.14322, 1.14300) == -33


def test_where_the_base_is_the_accounts_currency_the_result_converts_at_the_closing_price() -> None:
    made = broker(currency="GBP")
    made.add_symbol(SymbolSpec("GBPCAD", 1.69213, 5, 100_000.0, "GBP", "CAD", 0.0002))
    assert made.profit_of("GBPCAD", -1, 1.0, 1.69213, 1.69233) == -11.82


def test_a_hedge_is_charged_by_the_published_example() -> None:
    spec = replace(STANDARD["EURUSD"], rate_buy=2.0, rate_sell=4.0)
    legs = [Leg(-1, 3.0, 1.11943, 1.11943), Leg(1, 2.0, 1.11953, 1.11953)]
    assert symbol_margin(spec, legs, 500) == pytest.approx(2238.90, abs=0.01)


def test_fixed_margin_charges_a_hedge_per_lot() -> None:
    spec = SymbolSpec(
        "FUT", 100.0, 2, 1.0, "USD", "USD", 0.1, calc_mode=1, tick_value=1.0, margin_initial=1000.0,
        margin_maintenance=500.0, margin_hedged=500.0,
    )  # fmt: skip
    assert symbol_margin(spec, [Leg(1, 1.0, 100.0, 1.0), Leg(-1, 2.0, 100.0, 1.0)], 100) == 1000.0


def test_a_full_hedge_without_hedged_margin_shows_level_zero() -> None:
    made = Broker(balance=10_000.0, start_utc=START)
    made.add_symbol(replace(STANDARD["EURUSD"], margin_hedged=0.0))
    made.open("buy", "EURUSD", 1.0)
    made.open("sell", "EURUSD", 1.0)
    assert (made.margin, made.margin_level) == (0.0, 0.0)


def test_a_stop_fills_at_the_market_and_a_gap_slips() -> None:
    made = broker()
    made.open("buy", "EURUSD", 1.0, sl=1.0800)
    made.set_price("EURUSD", 1.0750)
    deal = made.deals[-1]
    assert (deal.price, deal.reason, deal.comment) == (1.0750, 4, "[sl 1.08000]")
    assert made.balance == pytest.approx(10_000 + (1.0750 - 1.08458) * 100_000)


def test_stop_out_closes_the_largest_loss_first_and_only_what_it_must() -> None:
    made = broker(balance=5_000.0)
    small = made.open("buy", "EURUSD", 0.5)
    large = made.open("buy", "XAUUSD", 1.0)
    made.set_price("XAUUSD", 2650.0 - 34.0)
    deals = [deal for deal in made.deals if deal.reason == 6]
    assert [deal.position_id for deal in deals] == [large]
    assert deals[0].comment.startswith("[so 4")
    assert [position.ticket for position in made.positions] == [small]
    assert [event.kind for event in made.events if event.kind in {"margin_call", "stop_out"}][-1] == "stop_out"


def test_stop_out_in_money_mode_looks_at_equity() -> None:
    made = broker(so_money=True, so_call=9_500.0, so_so=9_000.0)
    made.open("buy", "XAUUSD", 1.0)
    made.set_price("XAUUSD", 2645.0)
    assert made.positions
    assert made.margin_called
    made.set_price("XAUUSD", 2639.0)
    assert not made.positions


def test_pending_orders_that_hold_margin_go_before_positions() -> None:
    made = Broker(balance=2_000.0, start_utc=START)
    made.add_symbol(replace(STANDARD["XAUUSD"], rate_pending=1.0))
    made.open("buy", "XAUUSD", 0.3)
    made.pending(2, "XAUUSD", 0.4, 2600.0)
    made.set_price("XAUUSD", 2613.0)
    assert (len(made.positions), made.orders) == (1, [])


def test_the_first_deposit_lies_thirty_days_back_and_money_flows_are_deals() -> None:
    made = broker()
    made.deposit(500.0)
    made.credit_in(100.0)
    assert [(deal.type, deal.profit) for deal in made.deals] == [(2, 10_000.0), (2, 500.0), (3, 100.0)]
    assert made.deals[1].time_msc - made.deals[0].time_msc == 30 * 86_400_000
    assert (made.balance, made.credit, made.equity) == (10_500.0, 100.0, 10_600.0)


def test_the_balance_is_the_sum_of_the_deals() -> None:
    made = broker(commission_per_lot=3.5)
    ticket = made.open("sell", "GBPUSD", 0.7)
    made.set_price("GBPUSD", 1.2700)
    made.close(ticket, 0.3)
    made.set_price("GBPUSD", 1.2750)
    made.close(ticket)
    total = sum(deal.profit + deal.swap + deal.commission for deal in made.deals)
    assert made.balance == pytest.approx(total, abs=0.005)


def test_netting_adds_reduces_and_reverses_one_position() -> None:
    made = broker(hedging=False)
    made.open("buy", "EURUSD", 1.0)
    made.set_price("EURUSD", 1.0900)
    made.open("buy", "EURUSD", 1.0)
    (held,) = made.positions
    assert held.volume == 2.0
    assert held.price_open == pytest.approx((1.08458 + 1.09008) / 2)
    made.open("sell", "EURUSD", 0.5)
    assert made.positions[0].volume == 1.5
    made.open("sell", "EURUSD", 2.0)
    (held,) = made.positions
    assert (held.side, held.volume, made.deals[-1].entry) == (-1, 0.5, 2)


@pytest.mark.parametrize(
    "lots,sl,code", [(0.015, 0.0, 10014), (1000.0, 0.0, 10014), (0.1, 2.0, 10016), (20.0, 0.0, 10019)]
)
def test_the_broker_refuses_with_its_codes(lots: float, sl: float, code: int) -> None:
    made = broker()
    with pytest.raises(Rejected) as refusal:
        made.open("buy", "EURUSD", lots, sl=sl)
    assert refusal.value.retcode == code
    assert not made.positions


def test_swap_is_charged_at_server_midnight_and_three_times_on_wednesday() -> None:
    made = Broker(balance=10_000.0, start_utc=START)
    made.add_symbol(replace(STANDARD["EURUSD"], swap_long=-7.0))
    made.open("buy", "EURUSD", 1.0)
    made.advance(86_400)  # Tuesday to Wednesday
    assert made.positions[0].swap == -7.0
    made.advance(86_400)  # Wednesday to Thursday: three nights, for the weekend
    assert made.positions[0].swap == -28.0
    assert made.equity == pytest.approx(10_000 - 8.0 - 28.0)


def test_a_cent_account_counts_in_cents() -> None:
    made = Broker(balance=10_000.0, currency="USC", start_utc=START)
    made.add_symbol(cent(STANDARD["EURUSD"]))
    made.open("buy", "EURUSDc", 1.0)
    made.set_price("EURUSDc", 1.08550)
    assert made.positions[0].profit == pytest.approx((1.08550 - 1.08458) * 1000 * 100, abs=0.01)


def test_the_server_clock_runs_ahead_by_its_offset() -> None:
    made = broker(utc_offset_s=10_800)
    assert made.server_now_s - made.now_utc.timestamp() == 10_800


def test_the_same_seed_moves_the_market_the_same_way_and_another_does_not() -> None:
    def walked(seed: int) -> list[float]:
        now = [START.timestamp()]
        live = Live({"seed": seed, "start": START.isoformat()}, clock=lambda: now[0])
        now[0] += 60.0
        live.catch_up()
        return [quote.bid for quote in live.broker.quotes.values()]

    assert walked(7) == walked(7) != walked(8)
