"""The server's offset is found from what advances; neither a closed market nor the PC's clock moves it."""

import pytest

from guard.terminal.server_clock import ServerClock

UTC = 1_790_000_000.0
HOUR = 3600.0
TWO_HOURS = 7200.0


def advancing(
    clock: ServerClock, start: float, offset: float, reads: int, wall_jump: float = 0.0, source: str = "tick EURUSD"
) -> None:
    for index in range(reads):
        at = start + index
        clock.note({source: UTC + at + offset - 0.4}, UTC + at + wall_jump, 500.0 + at)


def test_a_stale_tick_confirms_nothing() -> None:
    clock = ServerClock()
    for second in range(10):
        clock.note({"tick EURUSD": UTC - 3000.0}, UTC + second, 500.0 + second)
    assert not clock.confirmed


def test_a_market_closed_since_friday_is_no_offset_at_all() -> None:
    clock = ServerClock()
    clock.note({"tick EURUSD": UTC + TWO_HOURS - 30 * HOUR}, UTC, 500.0)
    assert (clock.offset_s, clock.confirmed, clock.misfit_s) == (None, False, None)


def test_a_market_that_closes_unconfirms_nothing() -> None:
    clock = ServerClock()
    advancing(clock, 0.0, TWO_HOURS, 3)
    for second in range(3, 40):
        clock.note({"tick EURUSD": UTC + 2.0 + TWO_HOURS - 0.4}, UTC + second, 500.0 + second)
    assert (clock.offset_s, clock.confirmed) == (TWO_HOURS, True)
    assert clock.now_msc(540.0) == round((UTC + 2.0 + TWO_HOURS - 0.4 + 38.0) * 1000.0)


def test_two_reads_with_an_advancing_tick_confirm() -> None:
    clock = ServerClock()
    advancing(clock, 0.0, TWO_HOURS, 2)
    assert clock.confirmed
    assert clock.offset_s == TWO_HOURS


@pytest.mark.parametrize("source", ["positions 1001", "orders 77"])
def test_an_event_of_the_account_confirms_where_no_symbol_ticks(source: str) -> None:
    clock = ServerClock()
    old = {"tick EURUSD": UTC - 30 * HOUR, source: UTC - 5 * HOUR}
    clock.note(old, UTC, 500.0)
    clock.note({**old, source: UTC + 1.0 + TWO_HOURS - 0.2}, UTC + 1.0, 501.0)
    assert (clock.offset_s, clock.confirmed) == (TWO_HOURS, True)


def test_an_old_position_that_comes_into_sight_confirms_nothing() -> None:
    clock = ServerClock()
    clock.note({"tick EURUSD": UTC - 30 * HOUR}, UTC, 500.0)
    clock.note({"tick EURUSD": UTC - 30 * HOUR, "positions 5": UTC - 8 * HOUR}, UTC + 1.0, 501.0)
    assert not clock.confirmed


def test_what_changed_during_a_long_silence_is_no_evidence() -> None:
    clock = ServerClock()
    clock.note({"tick EURUSD": UTC}, UTC, 500.0)
    clock.note({"tick EURUSD": UTC + 300.0}, UTC + 1200.0, 1700.0)
    assert not clock.confirmed


@pytest.mark.parametrize("change", [HOUR, -HOUR], ids=["spring", "autumn"])
def test_summer_time_of_the_server_is_believed_after_three_events(change: float) -> None:
    clock = ServerClock()
    advancing(clock, 0.0, TWO_HOURS, 5)
    advancing(clock, 5.0, TWO_HOURS + change, 2)
    assert clock.offset_s == TWO_HOURS
    advancing(clock, 7.0, TWO_HOURS + change, 1)
    assert clock.offset_s == TWO_HOURS + change
    assert clock.now_msc(507.0) == round((UTC + 7.0 + TWO_HOURS + change - 0.4) * 1000.0)


def test_quotes_that_come_fifteen_minutes_late_move_nothing() -> None:
    clock = ServerClock()
    for second in range(4):
        at = UTC + second
        clock.note({"tick EURUSD": at + TWO_HOURS, "tick AAPL": at + TWO_HOURS - 900.0}, at, 500.0 + second)
    eurusd = UTC + 3.0 + TWO_HOURS
    for second in range(4, 30):
        at = UTC + second
        clock.note({"tick EURUSD": eurusd, "tick AAPL": at + TWO_HOURS - 900.0}, at, 500.0 + second)
    assert clock.offset_s == TWO_HOURS


@pytest.mark.parametrize("jump", [-HOUR, HOUR, 600.0])
def test_a_jump_of_the_pc_clock_does_not_move_the_offset(jump: float) -> None:
    clock = ServerClock()
    advancing(clock, 0.0, TWO_HOURS, 5)
    advancing(clock, 5.0, TWO_HOURS, 20, wall_jump=jump)
    assert clock.offset_s == TWO_HOURS


def test_a_pc_clock_that_is_wrong_from_the_start_is_told_by_its_seconds() -> None:
    clock = ServerClock()
    advancing(clock, 0.0, TWO_HOURS, 6, wall_jump=-300.0)
    told = clock.misfit_s
    assert told is not None
    assert (clock.confirmed, round(told, 1)) == (False, 299.6)
    advancing(clock, 6.0, TWO_HOURS, 2)
    assert (clock.confirmed, clock.misfit_s) == (True, None)


def test_the_server_clock_runs_on_between_ticks() -> None:
    clock = ServerClock()
    advancing(clock, 0.0, TWO_HOURS, 2)
    assert clock.now_msc(531.0) == round((UTC + 1.0 + TWO_HOURS - 0.4 + 30.0) * 1000.0)


def test_a_position_opened_before_the_server_clock_was_put_back_is_not_later_than_now() -> None:
    """A worker that starts within the hour after summer time: its quotes must not look an hour late."""
    clock = ServerClock()
    for second in range(10):
        now = UTC + second
        clock.note({"tick EURUSD": now + HOUR, "positions 1": UTC + TWO_HOURS - 60.0}, now, 500.0 + second)
    assert (clock.offset_s, clock.confirmed) == (HOUR, True)
    assert clock.now_msc(509.0) == round((UTC + 9.0 + HOUR) * 1000.0)
