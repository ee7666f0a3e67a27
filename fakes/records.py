"""The vendor's 11 record types and 223 constants, as data plus one small type factory.

The package's records are C "struct sequences": real tuples with read-only names and ``_asdict()``, without ``_fields``
or ``_replace``, whose pickling fails. A simulated one must behave the same, or code passes here and breaks there; so
the interpreter is asked for the very same kind of type, through its C interface.
"""

from __future__ import annotations

import ctypes
import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

VENDOR: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "vendor.json").read_text(encoding="utf-8"))
CONSTANTS: dict[str, int] = VENDOR["constants"]
FIELDS: dict[str, tuple[tuple[str, str], ...]] = {
    name: tuple((field, kind) for field, kind in fields) for name, fields in VENDOR["records"].items()
}
_ZERO: dict[str, Any] = {"int": 0, "float": 0.0, "str": "", "bool": False, "TradeRequest": None}
_DEFAULTS = {name: {field: _ZERO[kind] for field, kind in fields} for name, fields in FIELDS.items()}

if TYPE_CHECKING:

    class Record(tuple[Any, ...]):
        """Any of the record types: a tuple whose items also have names."""

        __slots__ = ()

        def __getattr__(self, name: str) -> Any: ...

        def _asdict(self) -> dict[str, Any]: ...

else:
    Record = tuple


class _Field(ctypes.Structure):
    """``PyStructSequence_Field``."""

    _fields_ = (("name", ctypes.c_char_p), ("doc", ctypes.c_char_p))


class _Description(ctypes.Structure):
    """``PyStructSequence_Desc``."""

    _fields_ = (
        ("name", ctypes.c_char_p), ("doc", ctypes.c_char_p), ("fields", ctypes.POINTER(_Field)),
        ("n_in_sequence", ctypes.c_int),
    )  # fmt: skip


_new_type = ctypes.pythonapi.PyStructSequence_NewType
_new_type.restype, _new_type.argtypes = ctypes.py_object, [ctypes.POINTER(_Description)]
_alive: list[Any] = []  # the types point into these for as long as the program runs


def _asdict(self: Record, /) -> dict[str, Any]:
    """The record as a new dict in field order; a nested request stays a record."""
    return dict(zip(self.__match_args__, self, strict=True))


def _record_type(name: str) -> type[Record]:
    names = [field.encode() for field, _ in FIELDS[name]]
    fields = (_Field * (len(names) + 1))(*(_Field(field, None) for field in names))
    description = _Description(name.encode(), b"A record of the simulated terminal.", fields, len(names))
    _alive.extend((fields, description))
    with warnings.catch_warnings():  # a name without a module is what the vendor's types have too
        warnings.simplefilter("ignore", DeprecationWarning)
        made: Any = _new_type(ctypes.byref(description))
    made._asdict, made.__module__ = _asdict, "builtins"
    kind: type[Record] = made
    return kind


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
    whole = defaults | values
    return RECORD_TYPES[name](
        [float(whole[field]) if kind == "float" else whole[field] for field, kind in FIELDS[name]]
    )
