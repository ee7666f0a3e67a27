"""One consistent reading of an account: what ``engine.step`` thinks about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from guard.model.trading import Account, Asked, Deal, Order, Position, Symbol, Terminal, Tick


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that could not be used: ``path`` names the place, ``sentence`` says what is missing and the way out."""

    path: str
    sentence: str


_NONE: Final[Mapping[str, Any]] = MappingProxyType({})


class Snapshot(NamedTuple):
    """A snapshot (``guard.snapshot/1``) as values.

    A section that is ``None`` is unknown; an empty one is none. ``taken_at`` is aware UTC. Server times become UTC by
    subtracting ``server_utc_offset_s``, which is believed only while ``offset_confirmed``.
    """

    taken_at: datetime
    account: Account
    taken_s: float = 0.0
    monotonic_s: float | None = None
    boot_id: str | None = None
    server_time_s: float | None = None
    server_utc_offset_s: float | None = None
    offset_confirmed: bool = False
    terminal: Terminal | None = None
    positions: tuple[Position, ...] | None = None
    orders: tuple[Order, ...] | None = None
    symbols: Mapping[str, Symbol] = _NONE
    ticks: Mapping[str, Tick] = _NONE
    deals: tuple[Deal, ...] | None = None
    asked: tuple[Asked, ...] = ()
    gaps: tuple[Gap, ...] = ()
