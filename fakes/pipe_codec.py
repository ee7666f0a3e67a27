"""The messages of the terminal's pipe: requests read, replies written. Pure: no I/O, no clock.

A request is ``length u32, command u32, arguments``; a reply ``length u32, command u32, status i32, data``. The length
counts what follows it. A negative status is an error code and has no data.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fakes.pipe_records import LAYOUTS, TABLE, decode, encode

GOOD = 1
HEAD = 4
OLD_BUILD = 2364  # terminals before it send a symbol without its name
CALL_FAILED, NOT_FOUND = -1, -4
_NUMBER, _WORD = struct.Struct("<I"), struct.Struct("<i")
_SCALARS = {
    "u8": struct.Struct("<B"), "u32": _NUMBER, "i32": _WORD, "u64": struct.Struct("<Q"), "i64": struct.Struct("<q"),
    "f64": struct.Struct("<d"),
}  # fmt: skip


class BrokenRequestError(ValueError):
    """The bytes are no request of this protocol."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the protocol: the package's function, what selects, the request's fields, what the reply holds."""

    number: int
    call: str
    by: str
    fields: tuple[tuple[str, str], ...]
    answer: str


@dataclass(frozen=True, slots=True)
class Request:
    """A request as read: the command and its arguments by name."""

    command: Command
    arguments: Mapping[str, Any]


def _fields(text: str) -> tuple[tuple[str, str], ...]:
    pairs = [field.split() for field in text.split(", ")] if text else []
    return tuple((name, kind) for name, kind in pairs)


COMMANDS = {
    int(number): Command(int(number), call, by, _fields(request), answer)
    for number, (call, by, request, answer) in TABLE["commands"].items()
}


def read_length(head: bytes) -> int:
    """How many bytes follow the first four."""
    return int(_NUMBER.unpack(head)[0])


def command_of(body: bytes) -> int:
    """The command's number of a message without its length field.

    Raises:
        BrokenRequestError: It is too short to have one.
    """
    if len(body) < HEAD:
        raise BrokenRequestError(f"a message of {len(body)} bytes")
    return int(_NUMBER.unpack_from(body)[0])


def read_request(body: bytes) -> Request:
    """Read a message without its length field.

    Raises:
        BrokenRequestError: An unknown command, or bytes that are missing or left over.
    """
    number = command_of(body)
    command = COMMANDS.get(number)
    if command is None:
        raise BrokenRequestError(f"command {number} is not known")
    found: dict[str, Any] = {}
    at = HEAD
    for name, kind in command.fields:
        value, at = _read(body, at, kind)
        found[name] = value
    if at != len(body):
        raise BrokenRequestError(f"command {number} has {len(body) - at} bytes too many")
    return Request(command, found)


def _read(body: bytes, at: int, kind: str) -> tuple[Any, int]:
    try:
        if kind == "str":
            end = at + HEAD + 2 * _NUMBER.unpack_from(body, at)[0]
            if end > len(body):
                raise BrokenRequestError("a text ends beyond its message")
            return decode(body[at + HEAD : end]), end
        if kind in LAYOUTS:
            layout = LAYOUTS[kind]
            return layout.unpack(body[at : at + layout.size]), at + layout.size
        scalar = _SCALARS[kind]
        return scalar.unpack_from(body, at)[0], at + scalar.size
    except (struct.error, UnicodeDecodeError) as error:
        raise BrokenRequestError(f"a message ends within a {kind}") from error


def write_request(number: int, arguments: Mapping[str, Any]) -> bytes:
    """A request as the package sends it, for tests.

    Args:
        number: the command.
        arguments: by the names of its fields; a trade request is a mapping.
    """
    parts = [_NUMBER.pack(number)]
    for name, kind in COMMANDS[number].fields:
        value = arguments[name]
        if kind == "str":
            parts.append(text(value))
        else:
            parts.append(LAYOUTS[kind].pack(value) if kind in LAYOUTS else _SCALARS[kind].pack(value))
    body = b"".join(parts)
    return _NUMBER.pack(len(body)) + body


def text(value: str) -> bytes:
    """A text as it stands in messages: number of UTF-16 units, then the units."""
    data = encode(value)
    return _NUMBER.pack(len(data) // 2) + data


def number(value: int) -> bytes:
    """A count, a total or a state."""
    return _NUMBER.pack(value)


def amount(value: float) -> bytes:
    """A result of ``order_calc_*``."""
    return struct.pack("<d", value)


def version(told: tuple[int, int, str]) -> bytes:
    """Major version, build and date."""
    return number(told[0]) + number(told[1]) + text(told[2])


def one(kind: str, record: Any, build: int = OLD_BUILD) -> bytes:
    """One record; an old terminal leaves out a symbol's name, which is its last field.

    Args:
        kind: the layout's name.
        record: has ``_asdict()``.
        build: the terminal's build.
    """
    data = LAYOUTS[kind].pack(record._asdict())
    return data[: -2 * 32] if kind == "SymbolInfo" and build < OLD_BUILD else data


def rows(kind: str, records: Iterable[Any]) -> bytes:
    """Records with their number before them; an array of bars or ticks is copied as it is."""
    if kind in {"Rate", "TickRow"}:
        array: Any = records
        return number(len(array)) + bytes(array.tobytes())
    pack: Callable[[Mapping[str, Any]], bytes] = LAYOUTS[kind].pack
    parts = [pack(record._asdict()) for record in records]
    return number(len(parts)) + b"".join(parts)


def reply(number_: int, status: int, data: bytes = b"") -> bytes:
    """A whole reply. It must be written at once: the package does not put pieces together.

    Args:
        number_: the request's command.
        status: ``GOOD``, or an error code; then there is no data.
        data: what the command answers.
    """
    body = _NUMBER.pack(number_) + _WORD.pack(status) + (data if status >= 0 else b"")
    return _NUMBER.pack(len(body)) + body
