"""The server's offset is found from advancing ticks, and a jump of the PC's clock does not move it."""

from guard.terminal.server_clock import ServerClock

UTC = 1_790_000_000.0
TWO_HOURS = 7200.0


def advancing(clock: ServerClock, start: float, offset: float, reads: int, wall_jump: float = 0.0) -> None:
    for index in range(reads):
        at = start + index
        clock.note(UTC + at + offset - 0.4, UTC + at + wall_jump, 500.0 + at)


def test_a_stale_tick_confirms_nothing() -> None:
    clock = ServerClock()
    for second in range(10):
        clock.note(UTC - 3000.0, UTC + second, 500.0 + second)
    assert not clock.confirmed


def test_two_reads_with_an_advancing_tick_confirm() -> None:
    clock = ServerClock()
    advancing(clock, 0.0, TWO_HOURS, 2)
    assert clock.confirmed
    assert clock.offset_s == TWO_HOURS


def test_summer_time_of_the_server_is_believed_after_three_reads() -> None:
    clock = ServerClock()
    advancing(clock, 0.0, TWO_HOURS, 5)
    advancing(clock, 10.0, TWO_HOURS + 3600.0, 2)
    assert clock.offset_s == TWO_HOURS
    advancing(clock, 12.0, TWO_HOURS + 3600.0, 1)
    assert clock.offset_s == TWO_HOURS + 3600.0


def test_a_jump_of_the_pc_clock_does_not_move_the_offset() -> None:
    clock = ServerClock()
    advancing(clock, 0.0, TWO_HOURS, 5)
    advancing(clock, 10.0, TWO_HOURS, 20, wall_jump=-3600.0)
    assert clock.offset_s == TWO_HOURS


def test_the_server_clock_runs_on_between_ticks() -> None:
    clock = ServerClock()
    advancing(clock, 0.0, TWO_HOURS, 2)
    assert clock.now_msc(531.0) == round((UTC + 1.0 + TWO_HOURS - 0.4 + 30.0) * 1000.0)
