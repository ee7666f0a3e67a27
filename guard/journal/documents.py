"""Large documents in pieces: a snapshot's slow sections are the same from cycle to cycle and are stored once. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any, Final

from guard.journal.canonical import canonical, digest

SLOW_SECTIONS: Final = ("symbols", "deals", "asked", "terminal", "state")
"""Sections of a snapshot that are stored on their own; the rest of it is the piece ``rest``."""

_LEVEL: Final = 6


class Splitter:
    """Cuts snapshots into pieces, remembering the spelling of sections that are still the same objects."""

    def __init__(self) -> None:
        """Start with nothing remembered."""
        self._seen: dict[str, tuple[object, str, str]] = {}

    def split(self, document: Mapping[str, object]) -> tuple[dict[str, str], dict[str, str]]:
        """The pieces of a snapshot: name to SHA-256, and SHA-256 to text."""
        names: dict[str, str] = {}
        texts: dict[str, str] = {}
        for name in SLOW_SECTIONS:
            if name in document:
                sha, text = self._spelled(name, document[name])
                names[name], texts[sha] = sha, text
        text = canonical({key: value for key, value in document.items() if key not in SLOW_SECTIONS})
        names["rest"] = digest(text)
        texts[names["rest"]] = text
        return names, texts

    def _spelled(self, name: str, section: object) -> tuple[str, str]:
        held = self._seen.get(name)
        if held is None or held[0] is not section:
            text = canonical(section)
            held = (section, digest(text), text)
            self._seen[name] = held
        return held[1], held[2]


def join(pieces: Mapping[str, Any]) -> dict[str, Any]:
    """The snapshot whose pieces, by name, these are."""
    return {**pieces["rest"], **{name: piece for name, piece in pieces.items() if name != "rest"}}


def pack(text: str) -> bytes:
    """A document's text, compressed."""
    return zlib.compress(text.encode(), _LEVEL)


def unpack(data: bytes, size: int) -> str:
    """The text of a compressed document of ``size`` bytes.

    Raises:
        ValueError: The bytes are damaged.
    """
    try:
        raw = zlib.decompress(data, bufsize=max(size, 1))
    except zlib.error as error:
        message = f"damaged document ({error})"
        raise ValueError(message) from error
    if len(raw) != size:
        message = "damaged document (wrong length)"
        raise ValueError(message)
    return raw.decode()
