"""From a reference to the address or token it stands for. What was found is hidden from every log from then on."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from guard.app.logging import hide
from guard.settings import secret

_LEAST: Final = 6


def resolve(reference: str) -> str:
    """The text that ``env:NAME`` or ``keyring:SERVICE/USER`` stands for.

    Raises:
        InputError: There is none; the sentence names the reference only.
    """
    found = secret.resolve(reference, reference).strip()
    conceal(found)
    return found


def conceal(found: str) -> None:
    """Hide a secret, and for an address each of its longer parts, however it is written."""
    after = found.split("://", 1)[-1]
    pieces = {found, after, *re.split(r"[/@?&=#,;]+", after), *re.split(r"[/@?&=#,;:]+", after)}
    for piece in pieces | {unquote(piece) for piece in pieces}:
        if len(piece) >= _LEAST:
            hide(piece)
