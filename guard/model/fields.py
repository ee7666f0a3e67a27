"""Reading one field of foreign data: a good value, or nothing and a gap that names the place."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from guard.model.snapshot import Gap

Check = Callable[[object], object]
# What a check surely lets through as it is: values of exactly this type, between two bounds where there are any.
Plain = tuple[type, Any, Any]
Spec = tuple[tuple[str, type, Any, Any, Check, str], ...]

BAD = object()
OBJECT: Final = (dict, Mapping)
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

    if len(members) == max(members) - min(members) + 1:
        _PLAIN[check] = (int, min(members), max(members))
    return check


def within(low: float, high: float) -> Check:
    """A finite number between two bounds, both included."""

    def check(value: object) -> object:
        result = number(value)
        return result if isinstance(result, float) and low <= result <= high else BAD

    _PLAIN[check] = (float, max(low, -LARGEST), min(high, LARGEST))
    return check


def text(value: object) -> object:
    """A text."""
    return value if isinstance(value, str) else BAD


def flag(value: object) -> object:
    """A boolean."""
    return value if isinstance(value, bool) else BAD


class _NoValue:
    """The type of no value: every one is checked."""


_WHOLE: Final = int(LARGEST)
_PLAIN: Final[dict[Check, Plain]] = {
    number: (float, -LARGEST, LARGEST),
    not_negative: (float, 0.0, LARGEST),
    positive: (float, SMALLEST, LARGEST),
    whole: (int, -_WHOLE, _WHOLE),
    not_negative_whole: (int, 0, _WHOLE),
    text: (str, None, None),
    flag: (bool, None, None),
}


def spec(*wanted: tuple[str, Check, str]) -> Spec:
    """Fields in order: name, check, and what is wanted in words. ``take`` calls a check only for an unusual value."""
    return tuple((name, *_PLAIN.get(check, (_NoValue, None, None)), check, words) for name, check, words in wanted)


def take(row: Mapping[str, object], fields: Spec, path: str, gaps: list[Gap]) -> list[object]:
    """The values of ``fields`` in order; ``None`` for what is absent, and for what is bad together with a gap."""
    out: list[object] = []
    for name, kind, low, high, check, wanted in fields:
        raw = row.get(name, BAD)
        if type(raw) is kind and (low is None or low <= raw <= high):
            out.append(raw)
        elif raw is BAD:
            out.append(None)
        else:
            out.append(_checked(raw, check, wanted, f"{path}.{name}", gaps))
    return out


def _checked(raw: object, check: Check, wanted: str, path: str, gaps: list[Gap]) -> object:
    value = check(raw)
    if value is not BAD:
        return value
    gaps.append(Gap(path, f"{path} is {shown(raw)}, not {wanted}; it is left out"))
    return None


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
