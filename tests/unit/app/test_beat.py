import struct
import time
from pathlib import Path

from guard.app.beat import BeatFile, read_beat


def test_a_look_is_seen_by_another_reader_at_once_with_its_period_and_whether_it_saw(tmp_path: Path) -> None:
    pulse = BeatFile(tmp_path / "beat")
    assert read_beat(tmp_path / "beat") is None

    pulse.write(0.25, blind=False)
    pulse.write(0.25, blind=True)
    found = read_beat(tmp_path / "beat")

    assert found is not None
    assert (found.looks, found.period_s, found.blind, found.late) == (2, 0.25, True, False)


def test_a_look_is_late_after_two_periods_but_never_within_a_second(tmp_path: Path) -> None:
    path = tmp_path / "beat"
    for ago, period_s, late in ((0.9, 0.1, False), (1.2, 0.1, True), (1.9, 1.0, False), (2.2, 1.0, True)):
        path.write_bytes(struct.pack("<QdddQ", 5, time.monotonic() - ago, period_s, 1.0, 5))
        found = read_beat(path)
        assert found is not None
        assert found.late is late


def test_half_a_write_and_a_pulse_of_another_start_of_the_computer_are_no_pulse(tmp_path: Path) -> None:
    path = tmp_path / "beat"
    path.write_bytes(struct.pack("<QdddQ", 6, time.monotonic(), 0.1, 1.0, 5))
    assert read_beat(path) is None
    path.write_bytes(struct.pack("<QdddQ", 6, time.monotonic() + 900.0, 0.1, 1.0, 6))
    assert read_beat(path) is None
    path.write_bytes(b"short")
    assert read_beat(path) is None


def test_a_folder_that_takes_no_file_costs_the_guard_nothing_but_a_line_in_the_log(tmp_path: Path) -> None:
    pulse = BeatFile(tmp_path / "missing" / "beat")
    pulse.write(0.25, blind=False)
    pulse.write(0.25, blind=False)
    pulse.close()
