"""Records to JSON and back by their annotations. Strict: what is not understood is refused, never forgotten."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from guard.model import fields as f
from guard.model.errors import InputError

Read = Callable[[object, str], Any]
_CHECKS: dict[type, tuple[f.Check, str]] = {
    float: (f.finite, "a finite number"), int: (f.whole, "a whole number"), str: (f.text, "a text"),
    bool: (f.flag, "true or false"),
}  # fmt: skip


def written(value: Any) -> Any:  # noqa: ANN401 - any record
    """A record (named tuple or dataclass) as JSON-ready values; keys of maps become texts."""
    if is_dataclass(value) and not isinstance(value, type):
        return {part.name: written(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, tuple):
        if hasattr(value, "_asdict"):
            return {name: written(part) for name, part in value._asdict().items()}
        return [written(part) for part in value]
    if isinstance(value, Mapping):
        return {str(key): written(part) for key, part in value.items()}
    return value


def read(cls: Any, raw: object, path: str) -> Any:  # noqa: ANN401 - whatever cls is
    """A record of ``cls`` from JSON values; fields that are absent take their default.

    Raises:
        InputError: A value is of another type, or a field is unknown or missing; the sentence names its path.
    """
    return _reader(cls)(raw, path)


def _refuse(path: str, wanted: str, raw: object) -> InputError:
    return InputError(f"{path}: must be {wanted}, found {f.shown(raw)}")


@cache
def _reader(kind: Any) -> Read:  # noqa: ANN401 - a type
    if kind in _CHECKS:
        return _plain(*_CHECKS[kind])
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        inner = next(part for part in args if part is not NoneType)
        read_one = _reader(inner)
        return lambda raw, path: None if raw is None else read_one(raw, path)
    if origin is tuple:
        return _row(args)
    if origin is not None and issubclass(origin, Mapping):
        return _map(*args)
    return _record(kind)


def _plain(check: f.Check, wanted: str) -> Read:
    def read_plain(raw: object, path: str) -> Any:  # noqa: ANN401 - whatever the check lets through
        value = check(raw)
        if value is f.BAD:
            raise _refuse(path, wanted, raw)
        return value

    return read_plain


def _row(args: tuple[Any, ...]) -> Read:
    if args[-1] is Ellipsis:
        each = _reader(args[0])
        fixed: tuple[Read, ...] | None = None
    else:
        fixed = tuple(_reader(part) for part in args)

    def read_row(raw: object, path: str) -> Any:  # noqa: ANN401 - a tuple of any type
        if not isinstance(raw, (list, tuple)) or (fixed is not None and len(raw) != len(fixed)):
            raise _refuse(path, "a list" if fixed is None else f"a list of {len(fixed)}", raw)
        readers = fixed if fixed is not None else (each,) * len(raw)
        return tuple(one(value, f"{path}[{at}]") for at, (one, value) in enumerate(zip(readers, raw, strict=True)))

    return read_row


def _map(key: type, value: Any) -> Read:  # noqa: ANN401 - a type
    each = _reader(value)

    def read_map(raw: object, path: str) -> Any:  # noqa: ANN401 - a mapping of any type
        if not isinstance(raw, Mapping) or not all(isinstance(name, str) for name in raw):
            raise _refuse(path, "an object", raw)
        if key is not int:
            return {name: each(part, f"{path}.{name}") for name, part in raw.items()}
        out = {}
        for name, part in raw.items():
            digits = name.removeprefix("-")
            if not digits.isascii() or not digits.isdigit() or len(digits) > 20:
                message = f"{path}.{name}: must be a whole number"
                raise InputError(message)
            out[int(name)] = each(part, f"{path}.{name}")
        return out

    return read_map


def _record(cls: Any) -> Read:  # noqa: ANN401 - a named tuple or dataclass
    hints = get_type_hints(cls)
    names = [part.name for part in fields(cls)] if is_dataclass(cls) else list(cls._fields)
    parts = {name: _reader(hints[name]) for name in names}

    def read_record(raw: object, path: str) -> Any:  # noqa: ANN401 - an object of cls
        if not isinstance(raw, Mapping):
            raise _refuse(path, "an object", raw)
        for name in raw:
            if name not in parts:
                message = f"{path}.{name}: is not known to this version of the guard"
                raise InputError(message)
        values = {name: parts[name](raw[name], f"{path}.{name}") for name in raw}
        try:
            return cls(**values)
        except TypeError as error:
            missing = next((name for name in names if name not in raw), "")
            message = f"{path}.{missing}: is missing"
            raise InputError(message) from error

    return read_record
