"""How the vendor's extension reads its arguments: what it accepts, and the code and text of each refusal."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from math import isfinite
from typing import Any

from fakes.faults import CallError
from fakes.records import FIELDS

INVALID = "Invalid arguments"
_TEXT_UNITS = 29
_PATH_UNITS = 257
_BITS = {"action": 32, "type": 32, "type_filling": 32, "type_time": 32, "timeout": 32}
_ORDINALS = ("1st", "2nd", "3rd", "4th")


class BadCallError(Exception):
    """The extension returns with a Python exception pending: the interpreter makes a SystemError of it."""

    def __init__(self, cause: Exception, text: str) -> None:
        super().__init__(text)
        self.cause, self.text = cause, text


def _kind(value: object) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def units(value: str) -> int:
    """Length of a text as Windows counts it."""
    return len(value.encode("utf-16-le", "surrogatepass")) // 2


def count(args: tuple[Any, ...], least: int, most: int | None = None) -> None:
    """Refuse a wrong number of positional arguments."""
    if not least <= len(args) <= (least if most is None else most):
        raise CallError(-2, INVALID)


def symbol(value: object) -> str:
    """A symbol name in a positional slot."""
    if not isinstance(value, str) or units(value) > _TEXT_UNITS + 2:
        raise CallError(-2, INVALID)
    return value


def integer(value: object) -> int:
    """A whole number in a positional slot: 32 bits, anything with ``__index__``."""
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        cause = TypeError(f"'{_kind(value)}' object cannot be interpreted as an integer")
        raise BadCallError(cause, INVALID) from None
    if not -(2**31) <= number < 2**31:
        raise BadCallError(OverflowError("Python int too large to convert to C long"), INVALID)
    return number


def action(value: object) -> int:
    """The order type of order_calc_*: a real ``int``."""
    if not isinstance(value, int):
        name = "None" if value is None else _kind(value)
        raise BadCallError(TypeError(f"argument 1 must be int, not {name}"), INVALID)
    return integer(value)


def number(value: object) -> float:
    """A float in a positional slot: anything with ``__float__`` or ``__index__``."""
    if isinstance(value, str | bytes | bytearray) or not (hasattr(value, "__float__") or hasattr(value, "__index__")):
        raise BadCallError(TypeError(f"must be real number, not {_kind(value)}"), INVALID)
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, OverflowError) as fault:
        raise BadCallError(fault, INVALID) from None


def date(value: object) -> int:
    """A date argument as server seconds: int, float or ``datetime`` (naive ones in the PC's time zone)."""
    try:
        if isinstance(value, datetime):
            value = value.timestamp()
        if isinstance(value, float):
            return int(value) if isfinite(value) and abs(value) < 2**31 else -(2**31)
    except Exception as fault:  # noqa: BLE001 (a datetime subclass may raise anything: the extension leaves it pending)
        raise BadCallError(fault, INVALID) from None
    if isinstance(value, int):
        if not -(2**31) <= value < 2**31:
            cause = OverflowError("Python int too large to convert to C long")
            raise BadCallError(cause, "No IPC connection")
        return value
    raise CallError(-2, INVALID)


def unsigned(value: object, name: str, bits: int = 64, said: str | None = None) -> int:
    """A named whole number: a real ``int`` from 0 to 2^bits - 1."""
    text = f'Invalid "{name}" argument' if said is None else said
    if not isinstance(value, int):
        raise CallError(-2, text)
    if value < 0:
        kind = "int" if bits == 64 else "value"
        to = "unsigned" if bits == 64 else "unsigned int"
        raise BadCallError(OverflowError(f"can't convert negative {kind} to {to}"), text)
    if value >= 2**bits:
        wide = bits == 64
        said = "int too big to convert" if wide else "Python int too large to convert to C unsigned long"
        raise BadCallError(OverflowError(said), text)
    return value


def text(value: object, name: str, said: str | None = None) -> str:
    """A named text."""
    if not isinstance(value, str):
        raise CallError(-2, f'Invalid "{name}" argument' if said is None else said)
    return value


def spread(args: tuple[Any, ...], kwargs: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Arguments of initialize and login by name; each positional one keeps its own refusal text under ``!name``."""
    if len(args) > len(names):
        raise CallError(-2, "Invalid number of arguments")
    found = {name: kwargs[name] for name in ("path", "login", "password", "server", "timeout") if name in kwargs}
    for i, value in enumerate(args):
        if names[i] not in found:
            found[names[i]] = value
            found["!" + names[i]] = f"Invalid {_ORDINALS[i]} unnamed argument"
    return found


def connection(given: Mapping[str, Any]) -> None:
    """Check the arguments of initialize and login, in the extension's order: positional ones first."""
    order = [name[1:] for name in given if name.startswith("!")]
    named = ("login", "server", "password", "timeout", "path")
    order += [name for name in named if name in given and name not in order]
    for name in order:
        said = given.get("!" + name)
        if name in {"login", "timeout"}:
            unsigned(given[name], name, 64 if name == "login" else 32, said)
        elif units(text(given[name], name, said)) > _PATH_UNITS:
            raise CallError(-2, f'Invalid "{name}" argument' if said is None else said)


def order_request(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The request of order_send and order_check: missing keys are zero, unknown ones ignored, types strict.

    An empty keyword mapping beside a positional dict cannot be seen from Python; the vendor refuses that too.
    """
    if args and kwargs:
        raise CallError(-2, "Unnamed arguments not allowed")
    if not kwargs and len(args) != 1:
        raise CallError(-2, "Invalid number of arguments")
    given = kwargs if kwargs else args[0]
    if not isinstance(given, dict):
        raise CallError(-2, INVALID)
    request: dict[str, Any] = {}
    for name, kind in FIELDS["TradeRequest"]:
        if name not in given:
            request[name] = {"int": 0, "float": 0.0, "str": ""}[kind]
            continue
        value = given[name]
        if kind == "int":
            request[name] = unsigned(value, name, _BITS.get(name, 64))
        elif kind == "float" and isinstance(value, float):
            request[name] = float(value)
        elif kind == "str" and isinstance(value, str) and units(value) <= _TEXT_UNITS:
            request[name] = value
        else:
            raise CallError(-2, f'Invalid "{name}" argument')
    return request


def selection(args: tuple[Any, ...], kwargs: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, Any]:
    """Which of the keyword selections of positions_get and its kin is used, with its value; ``("", None)`` for all."""
    if args:
        raise CallError(-2, "Unnamed arguments not allowed")
    for name in names:
        if name in kwargs:
            value = kwargs[name]
            return name, unsigned(value, name) if name in {"ticket", "position"} else text(value, name)
    return "", None


def in_group(name: str, group: str) -> bool:
    """Whether a symbol is in a group such as ``*USD*,!EURUSD``: exact unless ``*``, case-sensitive, ``!`` excludes."""
    pieces = [piece.strip() for piece in group.split(",") if piece.strip()]
    wanted = any(fnmatchcase(name, piece) for piece in pieces if not piece.startswith("!"))
    return wanted and not any(fnmatchcase(name, piece[1:]) for piece in pieces if piece.startswith("!"))
