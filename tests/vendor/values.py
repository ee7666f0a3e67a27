"""The values of the vendor tables: a JSON object with one type key (``{"float": 1.5}``) stands for a Python object.

Some classes' names are part of what the vendor's package says about them, so they are not to be renamed.
"""

from __future__ import annotations

import collections
import collections.abc
import datetime as dt
import decimal
import enum
import fractions
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


class StrSub(str):
    __slots__ = ()


class IntSub(int):
    pass


class FloatSub(float):
    pass


class DictSub(dict[Any, Any]):
    pass


class DictLie(dict[Any, Any]):
    """A dict whose own methods lie; C code reads past them."""

    def __getitem__(self, key: Any) -> Any:
        return "bad"

    def __contains__(self, key: object) -> bool:
        return True

    def get(self, *_: Any) -> Any:
        return "bad"


class DateTimeSub(dt.datetime):
    pass


class DateTimeTs(dt.datetime):
    def timestamp(self) -> float:
        return 1_700_000_000.0


class DateTimeTsInt(dt.datetime):
    def timestamp(self) -> int:
        return 1_700_000_000


class DateTimeTsStr(dt.datetime):
    def timestamp(self) -> Any:
        return "x"


class DateTimeTsRaise(dt.datetime):
    def timestamp(self) -> float:
        raise ValueError("boom")


class HasIndex:
    def __init__(self, value: Any) -> None:
        self.value = value

    def __index__(self) -> Any:
        return self.value


class HasInt:
    def __init__(self, value: Any) -> None:
        self.value = value

    def __int__(self) -> Any:
        return self.value


class HasFloat:
    def __init__(self, value: Any) -> None:
        self.value = value

    def __float__(self) -> Any:
        return self.value


class HasTimestamp:
    def __init__(self, value: Any) -> None:
        self.value = value

    def timestamp(self) -> Any:
        return self.value


class HasIndexRaise:
    def __index__(self) -> int:
        raise ValueError("boom")


class HasFloatRaise:
    def __float__(self) -> float:
        raise ValueError("boom")


class HasTimestampRaise:
    def timestamp(self) -> float:
        raise ValueError("boom")


class TimestampAttr:
    timestamp = 1_700_000_000.0


class BoolRaise:
    def __bool__(self) -> bool:
        raise ValueError("boom")


class E_Int(enum.IntEnum):  # noqa: N801
    A, B, C, D = 0, 1, 2, 5


class E_Flag(enum.IntFlag):  # noqa: N801
    B = 1


class E_Plain(enum.Enum):  # noqa: N801
    B = 1


class E_Float(float, enum.Enum):  # noqa: N801
    B = 1.0


class E_Str(enum.StrEnum):  # noqa: N801
    EURUSD = "EURUSD"


class UserMap(collections.abc.Mapping[str, Any]):
    def __init__(self, of: dict[str, Any]) -> None:
        self.of = of

    def __getitem__(self, key: str) -> Any:
        return self.of[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.of)

    def __len__(self) -> int:
        return len(self.of)


REQUEST: dict[str, Any] = {
    "action": {"int": 1}, "magic": {"int": 7}, "order": {"int": 0}, "symbol": {"str": "EURUSD"},
    "volume": {"float": 1.0}, "price": {"float": 1.1}, "stoplimit": {"float": 0.0}, "sl": {"float": 1.0},
    "tp": {"float": 1.2}, "deviation": {"int": 10}, "type": {"int": 0}, "type_filling": {"int": 1},
    "type_time": {"int": 0}, "expiration": {"int": 0}, "comment": {"str": "c"}, "position": {"int": 0},
    "position_by": {"int": 0},
}  # fmt: skip
"""A request with every field; ``{"request": changes}`` in a table is this one with the changes."""

_PLAIN: dict[str, Callable[[Any], Any]] = {
    "none": lambda _: None, "bool": bool, "int": int, "float": float, "str": str, "ellipsis": lambda _: ...,
    "str_repeat": lambda v: v[0] * v[1], "bytes": lambda v: v.encode("latin-1"), "range": range,
    "bytearray": lambda v: bytearray(v.encode("latin-1")), "complex": lambda v: complex(*v),
    "Decimal": decimal.Decimal, "Fraction": fractions.Fraction, "str_subclass": StrSub, "float_subclass": FloatSub,
    "IntEnum": E_Int, "IntFlag": E_Flag, "Enum": E_Plain, "FloatEnum": E_Float, "StrEnum": E_Str,
    "date": dt.date.fromisoformat, "time": dt.time.fromisoformat, "timedelta": lambda v: dt.timedelta(seconds=v),
}  # fmt: skip
_MAPPINGS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "dict": dict, "dict_subclass": DictSub, "dict_lying_subclass": DictLie, "OrderedDict": collections.OrderedDict,
    "defaultdict": lambda v: collections.defaultdict(str, v), "ChainMap": collections.ChainMap,
    "UserDict": collections.UserDict, "MappingProxy": types.MappingProxyType, "Mapping": UserMap,
    "SimpleNamespace": lambda v: types.SimpleNamespace(**v),
}  # fmt: skip
_SEQUENCES: dict[str, Callable[[list[Any]], Any]] = {"list": list, "tuple": tuple, "set": set, "np.array": np.array}
_DATES = {
    "datetime": dt.datetime, "datetime_subclass": DateTimeSub, "datetime_own_timestamp": DateTimeTs,
    "datetime_timestamp_int": DateTimeTsInt, "datetime_timestamp_str": DateTimeTsStr,
    "datetime_timestamp_raises": DateTimeTsRaise,
}  # fmt: skip
_OBJECTS: dict[str, Callable[..., Any]] = {
    kind.__name__: kind
    for kind in (
        HasIndex, HasInt, HasFloat, HasTimestamp, HasIndexRaise, HasFloatRaise, HasTimestampRaise, TimestampAttr,
        BoolRaise, object,
    )
}  # fmt: skip


def _zone(name: str | None) -> dt.tzinfo | None:
    if name is None or name == "UTC":
        return None if name is None else dt.UTC
    hours, minutes = name[1:].split(":")
    return dt.timezone((-1 if name[0] == "-" else 1) * dt.timedelta(hours=int(hours), minutes=int(minutes)))


def build(told: dict[str, Any], module: Any) -> Any:
    """The object that a description stands for; records are made by the module under test."""
    key = next(name for name in told if name not in {"tz", "of"})
    value = told[key]
    if key in _PLAIN:
        return _PLAIN[key](value)
    if key == "request":
        return {name: build(item, module) for name, item in (REQUEST | value).items()}
    if key in _MAPPINGS:
        return _MAPPINGS[key]({name: build(item, module) for name, item in value.items()})
    if key == "pairs":
        return {build(name, module): build(item, module) for name, item in value}
    if key in _SEQUENCES:
        return _SEQUENCES[key]([build(item, module) for item in value])
    if key in _DATES:
        made = dt.datetime.fromisoformat(value)
        return _DATES[key](*made.timetuple()[:6], made.microsecond, _zone(told.get("tz")))
    if key == "int_subclass":
        return IntSub(int(value))
    if key == "record":
        return getattr(module, value)([build(item, module) for item in told["of"]])
    if key == "obj":
        return _OBJECTS[value](*([build(told["of"], module)] if "of" in told else []))
    return _numpy(key.removeprefix("np."), value, module)


def _numpy(kind: str, value: Any, module: Any) -> Any:
    if kind == "array0":
        return np.array(build(value, module))
    return getattr(np, kind)(float(value) if kind.startswith("float") else value)
