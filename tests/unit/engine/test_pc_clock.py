"""A PC clock that is set while no worker was there to see it opens no period: the server's clock tells."""

from __future__ import annotations

from typing import Any

import pytest

from guard.app.conditions import conditions
from guard.engine.elapsed import pc_clock_set_by_s, trusted_s
from guard.engine.step import step
from guard.model.snapshot import Snapshot
from guard.model.snapshot_json import read_snapshot
from guard.model.state import Last, State
from guard.settings.load import default_policy
from tests.builders import BEGAN, document

HOUR = 3600.0


def seen(
    running_s: float, pc_off_s: float = 0.0, offset_s: float = 2 * HOUR, server_off_s: float = 0.0, **head: Any
) -> Snapshot:
    """A reading ``running_s`` after the beginning: the PC's clock and the server's may be off."""
    made = document(running_s + pc_off_s)
    made["monotonic_s"] = 1000.0 + running_s
    made["server_time_msc"] = int((BEGAN.timestamp() + running_s + 2 * HOUR + server_off_s) * 1000)
    made["server_utc_offset_s"] = offset_s
    made.update(head)
    return read_snapshot(made)


def remembered(*snapshots: Snapshot) -> Last:
    state = State()
    for snapshot in snapshots:
        state = step(snapshot, state, default_policy()).state
    assert state.last is not None
    return state.last


@pytest.mark.parametrize("by", [HOUR, -HOUR, 900.0])
def test_a_clock_set_between_two_workers_is_noticed_although_both_clocks_seem_to_agree(by: float) -> None:
    last = remembered(seen(0.0), seen(1.0))
    fresh = seen(61.0, pc_off_s=by, offset_s=2 * HOUR - by)
    assert pc_clock_set_by_s(last, fresh) == pytest.approx(by, abs=1.0)
    assert trusted_s(last, fresh) == pytest.approx(BEGAN.timestamp() + 61.0, abs=1.0)
    condition = conditions(fresh, {}, last)["clock"]
    assert condition is not None
    assert f"{'forward' if by > 0 else 'back'} by {abs(by):,.0f} s" in condition.sentence


def test_it_stays_noticed_look_after_look_and_ends_when_the_clock_is_right_again() -> None:
    wrong = [seen(60.0 + i, pc_off_s=HOUR, offset_s=HOUR) for i in range(5)]
    last = remembered(seen(0.0), *wrong)
    assert pc_clock_set_by_s(last, wrong[-1]) is not None
    assert last.trusted_s == pytest.approx(BEGAN.timestamp() + 64.0, abs=1.0)
    right = seen(70.0)
    assert pc_clock_set_by_s(last, right) is None
    assert trusted_s(last, right) == right.taken_s


def test_it_is_still_noticed_after_a_blind_time_without_a_confirmed_clock() -> None:
    last = remembered(seen(0.0), seen(30.0, offset_confirmed=False), seen(60.0, offset_confirmed=False, positions=None))
    assert pc_clock_set_by_s(last, seen(90.0, pc_off_s=HOUR, offset_s=HOUR)) == pytest.approx(HOUR, abs=1.0)


@pytest.mark.parametrize("change", [HOUR, -HOUR])
def test_summer_time_of_the_server_is_no_clock_that_was_set(change: float) -> None:
    last = remembered(seen(0.0))
    fresh = seen(60.0, offset_s=2 * HOUR + change, server_off_s=change)
    assert pc_clock_set_by_s(last, fresh) is None
    assert trusted_s(last, fresh) == fresh.taken_s


def test_a_computer_that_slept_is_no_clock_that_was_set() -> None:
    # Asleep the monotonic clock stands still; the PC's and the server's both went on.
    last = remembered(seen(0.0))
    assert pc_clock_set_by_s(last, seen(10.0, pc_off_s=8 * HOUR, server_off_s=8 * HOUR)) is None


def test_over_another_boot_nothing_can_be_said() -> None:
    last = remembered(seen(0.0))
    assert pc_clock_set_by_s(last, seen(60.0, pc_off_s=HOUR, offset_s=HOUR, boot_id="two")) is None


def test_a_day_is_not_begun_early_by_a_clock_set_forward_between_two_starts() -> None:
    # 14:00 UTC; ten hours forward is the next day.
    state = State()
    for snapshot in (seen(0.0), seen(1.0)):
        state = step(snapshot, state, default_policy()).state
    before = {key: anchor.at for key, anchor in state.anchors.items()}
    result = step(seen(61.0, pc_off_s=11 * HOUR, offset_s=-9 * HOUR), state, default_policy())
    assert {key: anchor.at for key, anchor in result.state.anchors.items()} == before
    assert any("clock" in gap.sentence for gap in result.gaps)
