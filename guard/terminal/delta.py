"""What changed between two readings, so that only that goes through the pipe. Pure.

A change is ``[0, value]`` (the section anew), ``[1, fields]`` (of a record), ``[2, rows]`` (of a list of records, by
position in it) or ``[3, records]`` (of a mapping of records, by name); each holds only the fields that are different.
"""

from __future__ import annotations

from typing import Any

Record = dict[str, Any]


def change(old: Any, new: Any) -> list[Any]:
    """How ``new`` comes out of ``old``; two JSON values."""
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        if _records(old.values()) and _records(new.values()):
            parts = {name: _fields(old[name], new[name]) for name in new}
            if None not in parts.values():
                return [3, {name: part for name, part in parts.items() if part}]
        return [1, {name: value for name, value in new.items() if old[name] != value}]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new) and _records(old) and _records(new):
        rows = [_fields(before, after) for before, after in zip(old, new, strict=True)]
        if None not in rows:
            return [2, {str(number): row for number, row in enumerate(rows) if row}]
    return [0, new]


def changed(old: Any, told: Any) -> Any:
    """``old`` after a change; records and rows without one stay the same objects, and none is altered in place.

    Raises:
        LookupError: The change is not one of this value; or AttributeError, TypeError, ValueError.
    """
    kind, part = told
    if kind == 0:
        return part
    if kind == 1:
        return {**old, **part}
    if kind == 2:
        rows = list(old)
        for number, fields in part.items():
            rows[int(number)] = {**rows[int(number)], **fields}
        return rows
    if kind == 3:
        return {**old, **{name: {**old[name], **fields} for name, fields in part.items()}}
    raise ValueError(f"there is no change of kind {kind!r}")


def _records(values: Any) -> bool:
    return bool(values) and all(isinstance(value, dict) for value in values)


def _fields(old: Record, new: Record) -> Record | None:
    """The fields that differ; ``None`` when the records are not of one shape or not of one ticket."""
    if old.keys() != new.keys() or old.get("ticket") != new.get("ticket"):
        return None
    return {name: value for name, value in new.items() if old[name] != value}
