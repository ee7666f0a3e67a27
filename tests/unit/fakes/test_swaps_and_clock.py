"""Swap in every mode with triple days, and the server's own clock with its daylight saving."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import fakes.metatrader5 as mt5
from fakes import symbols as kinds
from fakes.broker import Broker
from fakes.ledger import BY_ROLLOVER, IN, OUT
from fakes.rates import Bars
from fakes.server_zone import ServerZone
from fakes.symbols import STANDARD, SymbolSpec

MONDAY = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = 86_400


def holder(spec: SymbolSpec, side: str = "buy", lots: float = 2.0, **options: Any) -> Broker:
    made = Broker(balance=1e6, start_utc=MONDAY, **({"utc_offset_s": 0, "leverage": 500} | options))
    made.add_standard([name for name in STANDARD if name != spec.name])
    made.add_symbol(spec)
    made.open(side, spec.name, lots)
    return made


def swap_after(made: Broker, days: int = 1) -> float:
    made.advance(days * DAY)
    return made.positions[0].swap


GBPJPY = replace(STANDARD["GBPJPY"], swap_long=-4.0, swap_short=1.5)
# Two lots: what the swap amounts to in its own currency, and which rate converts it (loss: the dearer side).
MODES = {
    kinds.SWAP_OFF: (0.0, 1.0),
    kinds.SWAP_POINTS: (-4.0 * 0.001 * 100_000 * 2, 1 / 149.850),
    kinds.SWAP_BASE: (-8.0, 1.27132),
    kinds.SWAP_MARGIN: (-8.0, 1.27132),
    kinds.SWAP_DEPOSIT: (-8.0, 1.0),
    kinds.SWAP_PERCENT_CURRENT: (-190.490 * 200_000 * 0.04 / 360, 1 / 149.850),
    kinds.SWAP_PERCENT_OPEN: (-190.512 * 200_000 * 0.04 / 360, 1 / 149.850),
}


@pytest.mark.parametrize("mode", MODES)
def test_a_night_of_swap_in_every_mode(mode: int) -> None:
    amount, rate = MODES[mode]
    assert swap_after(holder(replace(GBPJPY, swap_mode=mode))) == pytest.approx(amount * rate, abs=0.005)


def test_a_swap_that_is_earned_converts_at_the_side_that_gives_less() -> None:
    made = holder(GBPJPY, "sell")
    assert swap_after(made) == pytest.approx(1.5 * 0.001 * 200_000 / 149.860, abs=0.005)


@pytest.mark.parametrize("mode", [kinds.SWAP_REOPEN_CURRENT, kinds.SWAP_REOPEN_BID])
def test_a_position_is_opened_again_at_a_shifted_price_under_a_new_ticket(mode: int) -> None:
    made = holder(replace(STANDARD["EURUSD"], swap_long=-5.0, swap_short=-3.0, swap_mode=mode), "sell")
    (before,) = made.positions
    ticket, identifier, margin = before.ticket, before.identifier, made.margin
    balance = made.balance
    made.set_price("EURUSD", 1.09)
    made.advance(DAY)
    (after,) = made.positions
    closed = 1.09 if mode == kinds.SWAP_REOPEN_BID else 1.09008
    assert after.price_open == pytest.approx(closed - 3 * 0.00001)
    assert (after.ticket == ticket, after.identifier, after.swap) == (False, identifier, 0.0)
    assert made.balance - balance == pytest.approx((1.0845 - closed) * 200_000, abs=0.01)
    assert [(deal.entry, deal.reason, deal.position_id) for deal in made.deals[-2:]] == [
        (OUT, BY_ROLLOVER, identifier), (IN, BY_ROLLOVER, identifier),
    ]  # fmt: skip
    assert made.margin != margin
    # What it costs: three points, as the swap in points would.
    assert after.profit == pytest.approx(
        -(closed - after.price_open) * 200_000 - (1.09008 - closed) * 200_000, abs=0.01
    )


def test_wednesday_counts_three_times_and_the_weekend_not_at_all() -> None:
    made = holder(replace(STANDARD["EURUSD"], swap_long=-5.0), lots=1.0)
    assert [swap_after(made) for _ in range(7)] == [-5.0, -10.0, -25.0, -30.0, -35.0, -35.0, -35.0]
    again = holder(replace(STANDARD["EURUSD"], swap_long=-5.0), lots=1.0)
    assert swap_after(again, 7) == -35.0


def test_the_triple_day_is_the_symbols_and_seven_is_none() -> None:
    friday = holder(replace(STANDARD["EURUSD"], swap_long=-5.0, swap_rollover3days=5), lots=1.0)
    assert [swap_after(friday) for _ in range(5)] == [-5.0, -10.0, -15.0, -20.0, -35.0]
    never = holder(replace(STANDARD["EURUSD"], swap_long=-5.0, swap_rollover3days=kinds.NO_TRIPLE), lots=1.0)
    assert swap_after(never, 7) == -25.0


def test_every_day_may_have_its_own_number_of_nights() -> None:
    daily = holder(replace(STANDARD["BTCUSD"], swap_long=-2.0, swap_mode=4, swap_ratios=(1.0,) * 7), lots=1.0)
    assert swap_after(daily, 7) == -14.0


def test_swap_is_part_of_equity_and_goes_to_the_balance_with_its_share_of_a_partial_close() -> None:
    made = holder(replace(STANDARD["EURUSD"], swap_long=-5.0))
    made.advance(DAY)
    equity, ticket = made.equity, made.positions[0].ticket
    made.close(ticket, 0.5)
    assert (made.deals[-1].swap, made.positions[0].swap) == (-2.5, -7.5)
    assert made.equity == pytest.approx(equity, abs=0.011)


# --- the server's clock ----------------------------------------------------------------------------------------------


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_server_follows_the_dates_of_the_united_states_or_of_europe_or_none() -> None:
    hours = {
        rule: [ServerZone(rule).offset_s(at(day)) // 3600 for day in
               ("2026-01-15", "2026-03-15", "2026-04-15", "2026-10-28", "2026-11-15")]
        for rule in ("us", "eu", 7200, "UTC", "Asia/Tokyo")
    }  # fmt: skip
    assert hours == {
        "us": [2, 3, 3, 3, 2], "eu": [2, 2, 3, 2, 2], 7200: [2] * 5, "UTC": [0] * 5, "Asia/Tokyo": [9] * 5,
    }  # fmt: skip


def test_server_midnight_is_five_in_new_york_all_year() -> None:
    for day in ("2026-01-15", "2026-03-20", "2026-07-15", "2026-11-05"):
        offset = ServerZone("us").offset_s(at(f"{day}T22:30:00"))
        midnight = (at(f"{day}T00:00:00") + timedelta(days=1)).timestamp() - offset
        from_new_york = ServerZone("America/New_York").offset_s(datetime.fromtimestamp(midnight, UTC))
        assert datetime.fromtimestamp(midnight + from_new_york, UTC).hour == 17


def test_the_clock_jumps_on_its_own_dates_both_ways() -> None:
    made = Broker(balance=1_000.0, start_utc=at("2026-03-29T00:59:00"), utc_offset_s="eu").add_standard(["BTCUSD"])
    mt5.attach(made)
    before = mt5.symbol_info_tick("BTCUSD").time
    made.advance(60)
    made.set_price("BTCUSD", 68_501.0)
    assert mt5.symbol_info_tick("BTCUSD").time - before == 3600 + 60
    made = Broker(balance=1_000.0, start_utc=at("2026-10-25T00:59:00"), utc_offset_s="eu").add_standard(["BTCUSD"])
    mt5.attach(made)
    before = mt5.symbol_info_tick("BTCUSD").time
    made.advance(60)
    made.set_price("BTCUSD", 68_501.0)
    assert mt5.symbol_info_tick("BTCUSD").time - before == 60 - 3600
    mt5.detach()


def test_roll_over_is_at_the_servers_midnight_in_summer_and_winter() -> None:
    spec = replace(STANDARD["EURUSD"], swap_long=-5.0)
    for start, hours_to_midnight in (("2026-03-02T12:00:00", 10), ("2026-07-06T12:00:00", 9)):
        made = Broker(balance=1e5, start_utc=at(start), utc_offset_s="us")
        made.add_symbol(spec)
        made.open("buy", "EURUSD", 1.0)
        made.advance(hours_to_midnight * 3600 - 1)
        assert made.positions[0].swap == 0.0
        made.advance(1)
        assert made.positions[0].swap == -5.0


def test_the_hour_that_happens_twice_leaves_bars_in_order() -> None:
    bars = Bars()
    for minute in (100, 101, 102, 41, 42, 101):
        bars.add("X", minute * 60_000, float(minute), minute + 1.0)
    rows = bars.read("X", 1)
    assert rows is not None
    assert [row[0] // 60 for row in rows] == [41, 42, 100, 101, 102]
    assert [row[5] for row in rows] == [1, 1, 1, 2, 1]
