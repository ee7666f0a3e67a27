"""The vendor's 11 record types and 223 constants, as data plus one small class factory.

The package's records are C "struct sequences": real tuples with read-only names and ``_asdict()``, without ``_fields``
or ``_replace``, whose pickling fails. A simulated one must behave the same, or code passes here and breaks there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

VENDOR: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "vendor.json").read_text(encoding="utf-8"))
CONSTANTS: dict[str, int] = VENDOR["constants"]
FIELDS: dict[str, tuple[tuple[str, str], ...]] = {
    name: tuple((field, kind) for field, kind in fields) for name, fields in VENDOR["records"].items()
}
_ZERO: dict[str, Any] = {"int": 0, "float": 0.0, "str": "", "bool": False, "TradeRequest": None}
_DEFAULTS = {name: {field: _ZERO[kind] for field, kind in fields} for name, fields in FIELDS.items()}


class Record(tuple[Any, ...]):
    """Base of the record types: a tuple whose items also have names."""

    __slots__ = ()
    _names: tuple[str, ...] = ()

    def __new__(cls, values: Iterable[Any]) -> Self:
        """Take one sequence of exactly the type's length."""
        items = tuple(values)
        wanted = len(cls._names)
        if len(items) != wanted:
            raise TypeError(f"{cls.__name__}() takes a {wanted}-sequence ({len(items)}-sequence given)")
        return tuple.__new__(cls, items)

    def __repr__(self) -> str:
        inner = ", ".join(f"{name}={value!r}" for name, value in zip(self._names, self, strict=True))
        return f"{type(self).__name__}({inner})"

    def _asdict(self) -> dict[str, Any]:
        """The record as a new dict in field order; a nested request stays a record."""
        return dict(zip(self._names, self, strict=True))

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


def _record_type(name: str) -> type[Record]:
    names = tuple(field for field, _ in FIELDS[name])
    body: dict[str, Any] = {field: property(itemgetter(i)) for i, field in enumerate(names)}
    body |= {
        "__slots__": (), "__module__": "builtins", "__match_args__": names, "_names": names,
        "n_fields": len(names), "n_sequence_fields": len(names), "n_unnamed_fields": 0,
    }  # fmt: skip
    return type(name, (Record,), body)


RECORD_TYPES: dict[str, type[Record]] = {name: _record_type(name) for name in FIELDS}


def record(name: str, values: dict[str, Any]) -> Record:
    """Build a record by field name; a field that is left out is the zero of its kind, as the package fills it.

    Args:
        name: record type, such as ``TradePosition``.
        values: field values; an unknown field name is an error of the simulation.
    """
    defaults = _DEFAULTS[name]
    unknown = values.keys() - defaults.keys()
    if unknown:
        raise KeyError(f"{name} has no field {sorted(unknown)}")
    return tuple.__new__(RECORD_TYPES[name], (defaults | values).values())
