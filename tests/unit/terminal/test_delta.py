"""Only what changed goes through the pipe, and the other side puts the same thing together."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.terminal.delta import change, changed

SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-5, 5) | st.text(max_size=3)
ROWS = st.fixed_dictionaries({"ticket": st.integers(0, 3), "profit": st.sampled_from([0.0, 1.5]), "sl": SCALARS})
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
)
SECTIONS = VALUES | st.lists(ROWS, max_size=4) | st.dictionaries(st.sampled_from("abc"), ROWS, max_size=3) | ROWS


def through_the_pipe(told: list[Any]) -> Any:
    return json.loads(json.dumps(told))


@given(SECTIONS, SECTIONS)
def test_any_change_is_put_together_again_and_nothing_is_altered(old: Any, new: Any) -> None:
    before = copy.deepcopy(old)
    assert changed(old, through_the_pipe(change(old, new))) == new
    assert old == before


def row(ticket: int, profit: float = 0.0) -> dict[str, Any]:
    return {"ticket": ticket, "symbol": "EURUSD", "comment": "as it was", "profit": profit}


def test_of_a_row_only_the_fields_that_moved_are_told_and_other_rows_stay_the_same_objects() -> None:
    old = [row(1), row(2), row(3)]
    told = change(old, [row(1), row(2, 1.5), row(3)])
    assert told == [2, {"1": {"profit": 1.5}}]
    new = changed(old, told)
    assert (new[0] is old[0], new[1] == row(2, 1.5), new[2] is old[2]) == (True, True, True)


def test_of_a_tick_only_the_fields_that_moved_are_told() -> None:
    old = {"EURUSD": {"bid": 1.1, "ask": 1.2}, "USDJPY": {"bid": 150.0, "ask": 151.0}}
    told = change(old, {"EURUSD": {"bid": 1.15, "ask": 1.2}, "USDJPY": {"bid": 150.0, "ask": 151.0}})
    assert told == [3, {"EURUSD": {"bid": 1.15}}]
    assert changed(old, told)["USDJPY"] is old["USDJPY"]


@pytest.mark.parametrize("new", [
    [row(2), row(1)],
    [row(1)],
    [row(1), row(2), row(3)],
    [],
    [row(1), {"ticket": 2}],
    None,
])  # fmt: skip
def test_other_rows_or_another_order_are_told_whole(new: Any) -> None:
    assert change([row(1), row(2)], new) == [0, new]


@pytest.mark.parametrize("told", [[4, {}], [2, {"7": {"profit": 1.0}}], [3, {"GBPUSD": {"bid": 1.0}}], [1], 5, [2, 5]])
def test_a_change_of_something_else_is_an_error_never_a_guess(told: Any) -> None:
    old = [row(1)] if not (isinstance(told, list) and told[0] == 3) else {"EURUSD": {"bid": 1.0}}
    with pytest.raises((LookupError, TypeError, ValueError, AttributeError)):
        changed(old, told)
