"""Reading a field by its type and bounds alone gives what its check gives."""

import math
from collections.abc import Mapping
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from guard.model import fields as f
from guard.model.snapshot import Gap

CHECKS = (f.number, f.not_negative, f.positive, f.finite, f.whole, f.not_negative_whole, f.text, f.flag,
          f.one_of(0, 1, 2), f.one_of(3), f.one_of(0, 2), f.within(-86_400.0, 86_400.0),
          f.within(0.0, 1e300))  # fmt: skip
EDGES: tuple[object, ...] = (
    0.0, -0.0, 1.0, -1.0, f.SMALLEST, f.SMALLEST / 2, f.LARGEST, -f.LARGEST, 1e19, 1e300, 86_400.0, 86_401.0,
    math.inf, -math.inf, math.nan, 0, 1, 2, 3, 4, -1, 10**18, 10**18 + 1, -(10**18) - 1, 10**400, True, False,
    None, "", "1", [], {}, object(),
)  # fmt: skip
VALUES = st.sampled_from(EDGES) | st.floats() | st.integers() | st.text(max_size=3) | st.booleans()


def slow(row: Mapping[str, object], check: f.Check, gaps: list[Gap]) -> object:
    """The same by the check alone, whatever the value."""
    if "x" not in row:
        return None
    value = check(row["x"])
    if value is f.BAD:
        gaps.append(Gap("row.x", f"row.x is {f.shown(row['x'])}, not good; it is left out"))
        return None
    return value


def same(left: Any, right: Any) -> bool:
    return type(left) is type(right) and (left is right or repr(left) == repr(right))


def compared(row: Mapping[str, object]) -> None:
    for check in CHECKS:
        said: list[Gap] = []
        wanted: list[Gap] = []
        (found,) = f.take(row, f.spec(("x", check, "good")), "row", said)
        assert same(found, slow(row, check, wanted)), (check, row)
        assert said == wanted


@given(VALUES)
@example(math.nan)
def test_any_value_is_read_as_its_check_reads_it(value: object) -> None:
    compared({"x": value})


def test_edges_and_absent_fields_are_read_as_their_check_reads_them() -> None:
    compared({})
    for value in EDGES:
        compared({"x": value})
