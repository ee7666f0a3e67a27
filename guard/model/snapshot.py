"""One consistent reading of an account: what ``engine.step`` thinks about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from guard.model.trading import Account, Asked, Bar, Calendar, Deal, Order, Position, Symbol, Terminal, Tick


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that could not be used: ``path`` names the place, ``sentence`` says what is missing and the way out."""

    path: str
    sentence: str


_MICROSECONDS: Final = len("2026-11-20T14:03:22.123456+00:00")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot (``guard.snapshot/1``) as values.

    A section that is ``None`` is unknown; an empty one is none. ``taken_at`` is aware UTC. Server times become UTC by
    subtracting ``server_utc_offset_s``, which is believed only while ``offset_confirmed``. ``bars`` are M1 bars by
    symbol, given when something was not seen; ``news`` is ``None`` without a calendar.
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
    symbols: Mapping[str, Symbol] = field(default_factory=dict)
    ticks: Mapping[str, Tick] = field(default_factory=dict)
    deals: tuple[Deal, ...] | None = None
    asked: tuple[Asked, ...] = ()
    gaps: tuple[Gap, ...] = ()
    bars: Mapping[str, tuple[Bar, ...]] = field(default_factory=dict)
    news: Calendar | None = None
    taken_text: str = ""

    @property
    def taken_iso(self) -> str:
        """``taken_at`` as ISO text; the document's own words where they say it so."""
        return self.taken_text or self.taken_at.isoformat()

    @property
    def taken_iso_ms(self) -> str:
        """``taken_at`` as ISO text with milliseconds and ``Z``."""
        text = self.taken_iso
        return f"{text[:23]}Z" if len(text) == _MICROSECONDS else f"{text[:19]}.000Z"
