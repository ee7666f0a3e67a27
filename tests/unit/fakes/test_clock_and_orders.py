"""What falls due by the clock is done at its own instant, whatever the step; and a server clock that is put back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fakes.rules import Rules
from tests.desk import ask, buy, desk, euro, sell

DAY_MSC = 86_400_000
# Both clocks go back one hour on 1 November 2026 at 06:00 UTC: on the server, 09:00 becomes 08:00.
BEFORE = datetime(2026, 11, 1, 5, 59, 30, tzinfo=UTC)


def test_positions_reopened_over_a_long_step_are_dated_at_each_midnight() -> None:
    made = desk(euro(swap_mode=7, swap_long=-2.0))
    buy(made)
    made.advance(3 * 86_400)
    rolled = [deal for deal in made.deals if deal.reason == 7]
    assert len(rolled) == 6
    assert [deal.time_msc % DAY_MSC for deal in rolled] == [0] * 6
    assert len({deal.time_msc for deal in rolled}) == 3


def test_an_order_ends_at_its_own_second_within_a_long_step() -> None:
    made = desk()
    until = int(made.server_now_s) + 90
    ask(made, action=5, type=2, price=1.08, type_time=2, expiration=until)
    made.advance(10_000)
    assert made.history[-1].done_msc == until * 1000


def test_a_late_execution_happens_at_its_own_instant_within_a_long_step() -> None:
    made = desk()
    made.dealer.script(delay_s=2.5)
    began = made.server_msc
    buy(made)
    made.advance(600)
    assert made.positions[0].time_msc == began + 2_500


@pytest.mark.parametrize("step_s", [1.0, 60.0])
def test_a_clock_put_back_delays_no_execution(step_s: float) -> None:
    made = desk(start_utc=BEFORE, utc_offset_s="us")
    made.dealer.script(delay_s=45.0)
    buy(made)
    for _ in range(int(120 / step_s)):
        made.advance(step_s)
    assert len(made.positions) == 1
    assert made.server_msc < int(BEFORE.timestamp() + 3 * 3600) * 1000


def test_a_clock_put_back_blocks_no_requests() -> None:
    made = desk(start_utc=BEFORE, utc_offset_s="us", rules=Rules(requests_per_s=1))
    assert buy(made)["retcode"] == 10009
    made.advance(60)
    assert buy(made)["retcode"] == 10009


def test_a_clock_put_back_hides_no_history_and_no_positions() -> None:
    made = desk(start_utc=BEFORE, utc_offset_s="us", rules=Rules(history_lag_s=2.0, positions_lag_s=2.0))
    ticket = buy(made)["order"]
    made.advance(29)
    sell(made, position=ticket)
    made.advance(3)
    assert made.shown.positions(made) == []
    assert [deal.entry for deal in made.shown.history(made, made.deals) if deal.type < 2] == [0, 1]
