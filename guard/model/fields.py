"""Reading one field of foreign data: a good value, or nothing and a gap that names the place."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from guard.model.snapshot import Gap

Check = Callable[[object], object]
Spec = tuple[tuple[str, Check, str], ...]

BAD = object()
LARGEST = 1e18
SMALLEST = 1e-12


def number(value: object) -> object:
    """A finite number as float; booleans and text are not numbers."""
    if type(value) is float:
        return value if -LARGEST <= value <= LARGEST else BAD
    if type(value) is int:
        return float(value) if -LARGEST <= value <= LARGEST else BAD
    return BAD


def not_negative(value: object) -> object:
    """A finite number that is 0 or more."""
    result = number(value)
    return result if isinstance(result, float) and result >= 0.0 else BAD


def positive(value: object) -> object:
    """A finite number above 0, and not so small that dividing by it means nothing."""
    result = number(value)
    return result if isinstance(result, float) and result >= SMALLEST else BAD


def finite(value: object) -> object:
    """Any finite number as float: what was computed from numbers may be larger than they."""
    if type(value) is float:
        return value if math.isfinite(value) else BAD
    return number(value)


def whole(value: object) -> object:
    """An integer (a float that is whole is taken, a boolean is not)."""
    if type(value) is int:
        return value if -LARGEST <= value <= LARGEST else BAD
    if type(value) is float and -LARGEST <= value <= LARGEST and value.is_integer():
        return int(value)
    return BAD


def not_negative_whole(value: object) -> object:
    """An integer that is 0 or more."""
    result = whole(value)
    return result if isinstance(result, int) and result >= 0 else BAD


def one_of(*allowed: int) -> Check:
    """An integer out of a fixed set."""
    members = frozenset(allowed)

    def check(value: object) -> object:
        result = whole(value)
        return result if result in members else BAD

    return check


def within(low: float, high: float) -> Check:
    """A finite number between two bounds, both included."""

    def check(value: object) -> object:
        result = number(value)
        return result if isinstance(result, float) and low <= result <= high else BAD

    return check


def text(value: object) -> object:
    """A text."""
    return value if isinstance(value, str) else BAD


def flag(value: object) -> object:
    """A boolean."""
    return value if isinstance(value, bool) else BAD


def take(row: Mapping[str, object], spec: Spec, path: str, gaps: list[Gap]) -> list[object]:
    """The values of ``spec`` in order; ``None`` for what is absent, and for what is bad together with a gap."""
    out: list[object] = []
    for name, check, wanted in spec:
        if name not in row:
            out.append(None)
            continue
        raw = row[name]
        value = check(raw)
        if value is BAD:
            gaps.append(Gap(f"{path}.{name}", f"{path}.{name} is {shown(raw)}, not {wanted}; it is left out"))
            out.append(None)
        else:
            out.append(value)
    return out


def shown(raw: object) -> str:
    """A bad value in words, short enough for a sentence."""
    if raw is None:
        return "null"
    if isinstance(raw, float) and not math.isfinite(raw):
        return "not a finite number"
    if isinstance(raw, Mapping):
        return "an object"
    if isinstance(raw, (list, tuple)):
        return "a list"
    if isinstance(raw, int) and not -LARGEST <= raw <= LARGEST:
        return "a number out of range"
    short = repr(raw)
    return short if len(short) <= 40 else short[:37] + "..."
