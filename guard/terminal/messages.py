"""Messages between the guard and its worker: a 4-byte length, then JSON. Bounded, no pickle."""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO

LARGEST = 64 * 1024 * 1024
_HEAD = struct.Struct(">I")


class BrokenMessageError(Exception):
    """The other side is gone or speaks nonsense."""


def send(stream: BinaryIO, message: dict[str, Any]) -> None:
    """Write one message and flush.

    Raises:
        BrokenMessageError: The other side is gone, or the message is too large.
    """
    body = json.dumps(message, separators=(",", ":"), allow_nan=False).encode()
    if len(body) > LARGEST:
        raise BrokenMessageError(f"a message of {len(body)} bytes is larger than {LARGEST}")
    try:
        stream.write(_HEAD.pack(len(body)) + body)
        stream.flush()
    except (OSError, ValueError) as error:
        raise BrokenMessageError(f"the other side is gone: {error}") from error


def receive(stream: BinaryIO) -> dict[str, Any]:
    """Read one message.

    Raises:
        BrokenMessageError: The stream ended, or what came is no message.
    """
    (length,) = _HEAD.unpack(_exactly(stream, _HEAD.size))
    if length > LARGEST:
        raise BrokenMessageError(f"a message of {length} bytes is larger than {LARGEST}")
    try:
        message = json.loads(_exactly(stream, length))
    except ValueError as error:
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
