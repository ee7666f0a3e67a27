"""Trading hours, closed markets and weekend gaps."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from fakes.hours import FX_HOURS, METAL_HOURS, STOCK_HOURS, Hours
from fakes.symbols import STANDARD
from tests.desk import ask, buy, desk, euro, sell


def msc(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    "hours,when,is_open",
    [
        (FX_HOURS, (2026, 3, 2, 0, 4, 59), False), (FX_HOURS, (2026, 3, 2, 0, 5), True),  # Monday
        (FX_HOURS, (2026, 3, 3, 23, 59, 59), True), (FX_HOURS, (2026, 3, 4, 0, 0), True),
        (FX_HOURS, (2026, 3, 6, 23, 54, 59), True), (FX_HOURS, (2026, 3, 6, 23, 55), False),  # Friday
        (FX_HOURS, (2026, 3, 7, 12, 0), False), (FX_HOURS, (2026, 3, 8, 23, 59), False),
        (METAL_HOURS, (2026, 3, 4, 0, 30), False), (METAL_HOURS, (2026, 3, 4, 1, 5), True),
        (STOCK_HOURS, (2026, 3, 4, 16, 34), False), (STOCK_HOURS, (2026, 3, 4, 22, 54), True),
    ],
)  # fmt: skip
def test_hours_of_the_week(hours: Hours, when: tuple[int, ...], is_open: bool) -> None:
    assert hours.is_open(msc(*when)) is is_open


def test_the_next_opening_skips_weekend_and_days_off() -> None:
    hours = Hours(METAL_HOURS.spans, Hours.of({}, [date(2026, 3, 9)]).days_off)
    assert hours.next_open(msc(2026, 3, 6, 23, 55)) == msc(2026, 3, 10, 1, 5)
    assert METAL_HOURS.next_open(msc(2026, 3, 6, 23, 55)) == msc(2026, 3, 9, 1, 5)
    assert METAL_HOURS.next_open(msc(2026, 3, 6, 12, 0)) == msc(2026, 3, 6, 12, 0)


@pytest.mark.parametrize("week", [{"Mon": ["10:00-09:00"]}, {"Mon": ["10:00-12:00", "11:00-13:00"]}])
def test_spans_that_make_no_sense_are_refused(week: dict[str, list[str]]) -> None:
    with pytest.raises(ValueError, match="in order and apart"):
        Hours.of(week)


def test_a_market_that_never_opens_says_so() -> None:
    with pytest.raises(ValueError, match="five weeks"):
        Hours.of({}).next_open(0)


FRIDAY_EVENING = datetime(2026, 3, 6, 21, 30, tzinfo=UTC)  # 23:30 on the server
SUNDAY_NIGHT = 48 * 3600 + 40 * 60  # to Monday 00:10 on the server


def test_over_the_weekend_nothing_trades_nor_is_changed_or_deleted() -> None:
    made = desk(euro(hours=FX_HOURS), start_utc=FRIDAY_EVENING)
    ticket, waiting = buy(made, sl=1.0800)["order"], ask(made, action=5, type=2, price=1.0)["order"]
    other = sell(made, sl=2.0)["order"]
    made.advance(3600)
    for request in (
        {"action": 1, "type": 1, "position": ticket}, {"action": 6, "position": ticket, "sl": 1.07},
        {"action": 5, "type": 2, "price": 1.07}, {"action": 7, "order": waiting, "price": 1.01},
        {"action": 8, "order": waiting}, {"action": 10, "position": ticket, "position_by": other},
    ):  # fmt: skip
        assert ask(made, **request)["retcode"] == 10018
    made.advance(SUNDAY_NIGHT - 3600)
    assert ask(made, action=8, order=waiting)["retcode"] == 10009
    made.close(other)


def test_a_gap_over_the_weekend_jumps_over_the_stop() -> None:
    made = desk(euro(hours=FX_HOURS), start_utc=FRIDAY_EVENING)
    buy(made, sl=1.0800)
    made.advance(3600)
    made.set_price("EURUSD", 1.0750)  # indicative: nothing is filled
    assert made.positions
    made.advance(SUNDAY_NIGHT - 3600)
    made.set_price("EURUSD", 1.0700)
    assert not made.positions
    assert (made.deals[-1].price, made.deals[-1].comment) == (1.0700, "[sl 1.08000]")


def test_a_stop_out_waits_for_the_opening_too() -> None:
    made = desk(euro(hours=FX_HOURS), start_utc=FRIDAY_EVENING, balance=2_000.0)
    buy(made, 1.5)
    made.advance(3600)
    made.set_price("EURUSD", 1.0700)
    assert made.margin_level < 50
    assert len(made.positions) == 1
    made.advance(SUNDAY_NIGHT - 3600)
    made.set_price("EURUSD", 1.0701)
    assert not made.positions
    assert made.deals[-1].reason == 6


def test_a_stop_out_closes_what_trades_when_the_worst_position_does_not() -> None:
    made = desk(euro(hours=FX_HOURS), STANDARD["BTCUSD"], start_utc=FRIDAY_EVENING, balance=2_000.0)
    buy(made, 1.0)
    buy(made, 0.5, symbol="BTCUSD")
    made.advance(3600)
    made.set_price("EURUSD", 1.0700)
    assert [position.symbol for position in made.positions] == ["EURUSD"]


def test_orders_end_while_the_market_is_closed() -> None:
    made = desk(euro(hours=FX_HOURS), start_utc=FRIDAY_EVENING)
    ask(made, action=5, type=2, price=1.08, type_time=1)
    made.advance(3600)
    assert made.orders == []


def test_another_symbol_trades_on() -> None:
    made = desk(euro(hours=FX_HOURS), STANDARD["BTCUSD"], start_utc=FRIDAY_EVENING)
    made.advance(3600)
    assert sell(made)["retcode"] == 10018
    assert sell(made, symbol="BTCUSD")["retcode"] == 10009
