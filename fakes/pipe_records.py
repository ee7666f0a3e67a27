"""The records of the terminal's pipe as bytes: little endian, without padding, texts in fixed fields. Pure.

The layouts are those that the ``MetaTrader5`` package 5.0.6231 reads and sends; every byte was seen by running it.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TABLE: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "pipe.json").read_text(encoding="utf-8"))
_FORMATS = {"u8": "B", "u32": "I", "i32": "i", "u64": "Q", "i64": "q", "f64": "d", "bool": "?"}
_UNREAD = "-"
_UTF16 = "utf-16-le"


def encode(text: str) -> bytes:
    """UTF-16 as the pipe carries it; a lone surrogate passes."""
    return text.encode(_UTF16, "surrogatepass")


def decode(data: bytes) -> str:
    """The text of some UTF-16 units."""
    return data.decode(_UTF16, "surrogatepass")


class Layout:
    """One record's layout.

    Args:
        fields: names and types in the order of the bytes, such as ``ticket u64, symbol w32``; ``- 8`` are unread bytes.
    """

    def __init__(self, fields: str) -> None:
        pairs = [field.split() for field in fields.split(", ")]
        self._struct = struct.Struct("<" + "".join(self._format(name, kind) for name, kind in pairs))
        self._texts = [kind.startswith("w") for name, kind in pairs if name != _UNREAD]
        self._room = [int(kind[1:]) * 2 - 2 if kind.startswith("w") else 0 for name, kind in pairs if name != _UNREAD]
        self.names = tuple(name for name, _ in pairs if name != _UNREAD)
        self.size = self._struct.size

    @staticmethod
    def _format(name: str, kind: str) -> str:
        if name == _UNREAD:
            return f"{kind}x"
        return f"{int(kind[1:]) * 2}s" if kind.startswith("w") else _FORMATS[kind]

    def pack(self, values: Mapping[str, Any]) -> bytes:
        """The record's bytes; a text that is longer than its field is cut, for it must end within it.

        Args:
            values: at least the record's fields.

        Raises:
            KeyError: a field is missing.
            struct.error: a number does not fit.
        """
        return self._struct.pack(*(
            encode(values[name])[:room] if text else values[name]
            for name, text, room in zip(self.names, self._texts, self._room, strict=True)
        ))  # fmt: skip

    def unpack(self, data: bytes) -> dict[str, Any]:
        """The fields of a record's bytes; a text ends at its first NUL.

        Raises:
            struct.error: not as many bytes as the record has.
        """
        found = zip(self.names, self._texts, self._struct.unpack(data), strict=True)
        return {name: decode(value).split("\0", 1)[0] if text else value for name, text, value in found}


LAYOUTS = {name: Layout(fields) for name, fields in TABLE["records"].items()}
