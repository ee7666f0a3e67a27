"""How the vendor's extension reads one value: what it accepts, and the code and text of each refusal.

The rules were found by running the package 5.0.6231 (``tests/data/vendor``). Two kinds of refusal: a *quiet* one sets
the last error and answers the failure value; a *loud* one leaves a Python exception pending as well, of which the
interpreter makes a ``SystemError`` when the call returns. After some loud ones the call goes on regardless.
"""

from __future__ import annotations

import errno
import math
import operator
import os
import threading
from datetime import UTC, datetime, timezone
from typing import Any, NoReturn

from fakes.faults import CallError

INVALID = "Invalid arguments"
_SYMBOL_UNITS = 29
_COMMENT_UNITS = 29
_PATH_UNITS = 257
_ACCESS_UNITS = 253
_GROUP_UNITS = 1997
_TEXT_UNITS = {
    "symbol": _SYMBOL_UNITS, "comment": _COMMENT_UNITS, "path": _PATH_UNITS, "password": _ACCESS_UNITS,
    "server": _ACCESS_UNITS, "group": _GROUP_UNITS,
}  # fmt: skip
_TOO_BIG = "int too big to convert"
_DAY, _LAST_LOCAL = 86_400, 32_536_850_399  # seconds: the library looks a day back; 18 January 3001
_LONG = 2**31  # the extension's C long, on Windows
_SHORT_FIELDS = {"action", "type", "type_filling", "type_time", "timeout"}
_FOUND = "sequence item 0: expected str instance, "


class _Pending(threading.local):
    """The exception that is pending in the running call, as the interpreter's own indicator is: one a thread."""

    error: BaseException | None = None


PENDING = _Pending()


def loud(fault: Exception, said: str = INVALID) -> NoReturn:
    """Refuse and leave an exception pending; the newest replaces an older one."""
    PENDING.error = fault
    raise CallError(-2, said)


def _type_name(value: Any) -> str:
    """A type's name as C code says it (``decimal.Decimal``, ``numpy.int64``), taken from such a message."""
    try:
        refused: Any = () if isinstance(value, str) else ""
        refused[value] if refused == () else refused.join([value])
    except TypeError as told:
        return str(told).rpartition("not ")[2].removeprefix(_FOUND).removesuffix(" found")
    return type(value).__name__


def _units(value: str) -> int:
    """Length of a text as Windows counts it."""
    return len(value.encode("utf-16-le", "surrogatepass")) // 2


def _cut(value: str) -> str:
    """A text as C code reads it: up to the first NUL."""
    return value.partition("\0")[0]


def count(args: tuple[Any, ...], least: int, most: int | None = None) -> None:
    """Refuse a wrong number of positional arguments."""
    if not least <= len(args) <= (least if most is None else most):
        raise CallError(-2, INVALID)


def text(value: object, name: str, said: str | None = None) -> str:
    """A named text of at most the length that fits its slot."""
    if not isinstance(value, str) or _units(value) > _TEXT_UNITS[name]:
        raise CallError(-2, f'Invalid "{name}" argument' if said is None else said)
    return _cut(value)


def symbol(value: object) -> str:
    """A symbol name in a positional slot."""
    return text(value, "symbol", INVALID)


def truth(value: object) -> bool:
    """A flag in a positional slot: anything that can be true or false."""
    try:
        return bool(value)
    except Exception as fault:  # noqa: BLE001 (whatever the caller's object raises stays pending)
        loud(fault)


def integer(value: Any) -> int:
    """A whole number in a positional slot: 32 bits, anything with ``__index__``."""
    try:
        number = operator.index(value)
    except Exception as fault:  # noqa: BLE001 (whatever the caller's object raises stays pending)
        loud(fault)
    if not -_LONG <= number < _LONG:
        loud(OverflowError("Python int too large to convert to C long"))
    return number


def action(value: object) -> int:
    """The order type of order_calc_*: a real ``int``, of which the lowest 32 bits count."""
    if not isinstance(value, int):
        name = "None" if value is None else _type_name(value)[:50]
        loud(TypeError(f"argument 1 must be int, not {name}"))
    return int(value) & 0xFFFF_FFFF


def number(value: Any) -> float:
    """A float in a positional slot: anything with ``__float__`` or ``__index__``."""
    try:
        return math.ldexp(value, 0)  # converts as C code does: texts are refused
    except Exception as fault:  # noqa: BLE001 (whatever the caller's object raises stays pending)
        loud(fault)


def _placeable(value: datetime) -> None:
    """Refuse a local time that the C library of Windows, where the package runs, cannot place: 1970 to 3001."""
    if value.tzinfo is not None or type(value).timestamp is not datetime.timestamp:
        return
    read_as_utc = value.replace(tzinfo=UTC).timestamp()
    if not (0 <= read_as_utc <= _LAST_LOCAL and _DAY <= value.timestamp() <= _LAST_LOCAL):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))


def _timestamp(value: datetime) -> Any:
    """``value.timestamp()`` as called by C code, where an older pending exception turns success into failure."""
    older = PENDING.error
    try:
        _placeable(value)
        call = value.timestamp
        result: object = call()
    except Exception as fault:  # noqa: BLE001 (a datetime subclass may raise anything)
        if older is None:
            loud(fault)
        blamed: object = type(fault)  # making the new exception already fails
    else:
        if older is None:
            return result
        zone = value.tzinfo
        foreign = isinstance(zone, timezone) and zone is not UTC
        blamed = zone.utcoffset if foreign else getattr(call, "__func__", call)  # type: ignore[union-attr]
    broken = SystemError(f"{blamed!r} returned a result with an exception set")
    broken.__cause__ = older
    loud(broken)


def date(value: object) -> int:
    """A date argument as server seconds: int, float or ``datetime`` (naive ones in the PC's time zone).

    A number beyond 32 bits does not stop the call: the extension sends something else, and the exception of an
    ``int`` stays pending.
    """
    seconds: Any = _timestamp(value) if isinstance(value, datetime) else value
    if isinstance(value, datetime) or isinstance(seconds, float):
        try:
            moment = math.ldexp(seconds, 0)
        except Exception as fault:  # noqa: BLE001 (whatever a subclass's timestamp() returned)
            PENDING.error = fault
            return -1
        return int(moment) if math.isfinite(moment) and abs(moment) < _LONG else -_LONG
    if not isinstance(seconds, int):
        raise CallError(-2, INVALID)
    if not -_LONG <= seconds < _LONG:
        PENDING.error = OverflowError("Python int too large to convert to C long")
        return -1
    return int(seconds)


def unsigned(value: object, name: str, said: str | None = None) -> int:
    """A named whole number: a real ``int`` of 64 or, for some names, 32 bits that is not negative."""
    refusal = f'Invalid "{name}" argument' if said is None else said
    short = name in _SHORT_FIELDS
    if not isinstance(value, int):
        raise CallError(-2, refusal)
    if value < 0:
        kind = "value to unsigned int" if short else "int to unsigned"
        loud(OverflowError(f"can't convert negative {kind}"), refusal)
    if value >= 2 ** (32 if short else 64):
        loud(OverflowError("Python int too large to convert to C unsigned long" if short else _TOO_BIG), refusal)
    return int(value)


def signed(value: object, name: str) -> int:
    """A named whole number: a real ``int`` of 64 bits with a sign."""
    refusal = f'Invalid "{name}" argument'
    if not isinstance(value, int):
        raise CallError(-2, refusal)
    if not -(2**63) <= value < 2**63:
        loud(OverflowError(_TOO_BIG), refusal)
    return int(value)
