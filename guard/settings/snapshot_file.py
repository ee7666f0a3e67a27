"""Reads a snapshot file for ``guard evaluate``: bounded, and tolerant of numbers JSON does not have."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any, BinaryIO, Final

from guard.model.errors import InputError
from guard.model.snapshot import Gap

MAX_BYTES: Final = 64 * 1024 * 1024
_WIDE_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")


def read_document(file: str) -> tuple[Any, list[Gap]]:
    """The JSON of ``file`` (``-``: standard input), and gaps for names that stand twice in one object.

    ``NaN`` and ``Infinity`` are kept as such numbers, so that the field that holds one is left out with a gap.

    Raises:
        InputError: Missing, a folder, too large, not UTF-8, or not JSON; one sentence.
    """
    raw = _bytes(file)
    name = "standard input" if file == "-" else file
    # UTF-16 is what PowerShell 5.1 writes with `>`.
    text = _decode(raw, "utf-16" if raw.startswith(_WIDE_BOMS) else "utf-8-sig", name)
    if not text.strip():
        message = f"{name}: is empty; give a file that `guard snapshot` wrote"
        raise InputError(message)
    twice: set[str] = set()
    gaps: list[Gap] = []

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(found)
        if len(result) != len(found):
            names = [key for key, _ in found]
            for key in sorted({key for key in names if names.count(key) > 1}):
                result[key] = math.nan  # which of the two was meant is unknown
                if key not in twice:
                    twice.add(key)
                    gaps.append(Gap(key, f"`{key}` stands twice in one object of the file; it is left out"))
        return result

    try:
        return json.loads(text, object_pairs_hook=pairs), gaps
    except json.JSONDecodeError as error:
        what = error.msg[:1].lower() + error.msg[1:]
        message = f"{name}: is not JSON at line {error.lineno}, column {error.colno}: {what}"
        raise InputError(message) from error
    except (RecursionError, ValueError) as error:
        what = "brackets are nested too deeply" if isinstance(error, RecursionError) else "a number has too many digits"
        message = f"{name}: is not a snapshot: {what}"
        raise InputError(message) from error


def _bytes(file: str) -> bytes:
    if file == "-":
        stream: BinaryIO = sys.stdin.buffer
        return _bounded(stream, "standard input")
    path = Path(file)
    try:
        if path.is_dir():
            message = f"{file}: is a folder, not a file"
            raise InputError(message)
        with path.open("rb") as stream:
            return _bounded(stream, file)
    except FileNotFoundError as error:
        message = f"{file}: there is no such file"
        raise InputError(message) from error
    except (OSError, ValueError) as error:
        message = f"{file}: cannot be read: {getattr(error, 'strerror', None) or error}"
        raise InputError(message) from error


def _bounded(stream: BinaryIO, name: str) -> bytes:
    raw = stream.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        message = f"{name}: is larger than {MAX_BYTES // 1024 // 1024} MB: not a snapshot of one account"
        raise InputError(message)
    return raw


def _decode(raw: bytes, encoding: str, name: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        message = f"{name}: is not UTF-8 text; give the file as `guard snapshot` wrote it"
        raise InputError(message) from error
