"""One spelling for every document, so that equal contents have equal hashes. Pure."""

from __future__ import annotations

import json
import math
from hashlib import sha256
from typing import Final

GENESIS: Final = "0" * 64
"""``prev_hash`` of a journal's first row."""


def canonical(document: object) -> str:
    """The document as JSON text: sorted keys, no spaces, ASCII only, never NaN or infinity.

    A number that is not finite becomes the text ``"nan"``, ``"inf"`` or ``"-inf"``; a reader of snapshots leaves such
    a field out with a gap, exactly as it does with the number.
    """
    try:
        return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except ValueError:
        return json.dumps(_finite(document), sort_keys=True, separators=(",", ":"), allow_nan=False)


def _finite(value: object) -> object:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def digest(text: str) -> str:
    """The SHA-256 of a text, as 64 hexadecimal digits."""
    return sha256(text.encode()).hexdigest()


def row_hash(prev_hash: str, seq: int, at: str, kind: str, fmt: str, body: str) -> str:
    """The hash of one row: it covers the row before, so that no row can be changed, removed or put in between."""
    return digest("\n".join((prev_hash, str(seq), at, kind, fmt, body)))
