"""What the engine remembers for single kinds of limits. It lives in the journal with the rest of the state."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

_NONE: Final[Mapping[Any, Any]] = MappingProxyType({})


class Mark(NamedTuple):
    """Equity and free margin at an instant (ISO, UTC) that conditions compare with, in account currency."""

    at: str
    equity: float
    free_margin: float


class Watched(NamedTuple):
    """All of it.

    ``book`` names the positions and orders held when ``margin`` was last charged for a new book (empty: none yet).
    ``violations`` holds, by limit, what each counted breach was about. ``marks`` are named snapshots of the account.
    """

    book: str = ""
    margin: float = 0.0
    violations: Mapping[str, tuple[str, ...]] = _NONE
    marks: Mapping[str, Mark] = _NONE


NOTHING_WATCHED: Final = Watched()
