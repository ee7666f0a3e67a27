"""Messages between the guard and its worker: a 4-byte length, then JSON. Bounded, no pickle; one set for both ways.

Requests carry ``op`` (``open``, ``hot``, ``cold``, ``bars``, ``examine``, ``lease``, ``check``, ``send``), ``id`` and
``within_s``, after which the core gives up; replies carry the same ``id`` and ``body`` or ``error``.
"""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO

LARGEST = 64 * 1024 * 1024
_HEAD = struct.Struct(">I")
_PLAIN = {"op", "id", "within_s"}
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode


class BrokenMessageError(Exception):
    """The other side is gone or speaks nonsense."""


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is no number")


_decoder = json.JSONDecoder(parse_constant=_no_number)


def pack(message: dict[str, Any], largest: int = LARGEST) -> bytes:
    """One message as bytes.

    Raises:
        BrokenMessageError: It is larger than ``largest`` bytes.
    """
    body = (_plain(message) or _encode(message)).encode("utf-8", "surrogatepass")
    if len(body) > largest:
        raise BrokenMessageError(f"a message of {len(body)} bytes is larger than {largest}")
    return _HEAD.pack(len(body)) + body


def _plain(message: dict[str, Any]) -> str | None:
    """The same text for a request without anything in it, four times a second, without starting an encoder."""
    if message.keys() != _PLAIN:
        return None
    operation, number, within_s = message["op"], message["id"], message["within_s"]
    if type(operation) is not str or type(number) is not int or type(within_s) is not float:
        return None
    if not operation.isascii() or not operation.isalpha() or not 0.0 < within_s < 1e6:
        return None
    return f'{{"op":"{operation}","id":{number},"within_s":{within_s!r}}}'


class Frames:
    """Bytes as they arrive to messages."""

    def __init__(self, largest: int = LARGEST) -> None:
        """``largest`` bounds one message, in bytes."""
        self._buffer, self._largest = bytearray(), largest

    def feed(self, data: bytes) -> None:
        """Add what arrived."""
        self._buffer += data

    def arrived(self, data: bytes) -> dict[str, Any] | None:
        """Add what arrived; the next whole message, ``None`` while there is none.

        Raises:
            BrokenMessageError: What came is no message.
        """
        head = data[: _HEAD.size]
        if not self._buffer and len(head) == _HEAD.size and len(data) == _HEAD.size + _bounded(head, self._largest):
            # Nearly always one message arrives whole and alone: it goes through no buffer then.
            return _message(data[_HEAD.size :])
        self.feed(data)
        return self.next()

    def next(self) -> dict[str, Any] | None:
        """The next whole message, ``None`` while there is none.

        Raises:
            BrokenMessageError: What came is no message.
        """
        buffer = self._buffer
        if len(buffer) < _HEAD.size:
            return None
        end = _HEAD.size + _bounded(buffer[: _HEAD.size], self._largest)
        if len(buffer) < end:
            return None
        body = bytes(buffer[_HEAD.size : end])
        del buffer[:end]
        return _message(body)


def send(stream: BinaryIO, message: dict[str, Any]) -> None:
    """Write one message and flush.

    Raises:
        BrokenMessageError: The other side is gone, or the message is too large.
    """
    data = pack(message)
    try:
        stream.write(data)
        stream.flush()
    except (OSError, ValueError) as error:
        raise BrokenMessageError(f"the other side is gone: {error}") from error


def receive(stream: BinaryIO, largest: int = LARGEST) -> dict[str, Any]:
    """Read one message.

    Raises:
        BrokenMessageError: The stream ended, or what came is no message.
    """
    return _message(_exactly(stream, _bounded(_exactly(stream, _HEAD.size), largest)))


def _bounded(head: bytes | bytearray, largest: int) -> int:
    length = int(_HEAD.unpack(head)[0])
    if length > largest:
        raise BrokenMessageError(f"a message of {length} bytes is larger than {largest}")
    return length


def _message(body: bytes) -> dict[str, Any]:
    try:
        text = body.decode("utf-8", "surrogatepass")
        message, end = _decoder.raw_decode(text) if text.startswith("{") else (None, -1)
        if end != len(text):
            message = _decoder.decode(text)  # white space around it is allowed, anything else is not
    except (ValueError, RecursionError) as error:
        raise BrokenMessageError(f"no JSON: {error}") from error
    if not isinstance(message, dict):
        raise BrokenMessageError("a message must be an object")
    return message


def _exactly(stream: BinaryIO, count: int) -> bytes:
    parts: list[bytes] = []
    while count > 0:
        try:
            part = stream.read(count)
        except (OSError, ValueError) as error:
            raise BrokenMessageError(f"the other side is gone: {error}") from error
        if not part:
            raise BrokenMessageError("the other side is gone")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
