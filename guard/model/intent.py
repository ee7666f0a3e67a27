"""A deed the guard means to do. This version watches and warns: no plan makes one yet."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class TradingState(IntEnum):
    """What the reached stages ask for; the strictest wins."""

    ACTIVE = 0
    REDUCING = 1
    HALTED = 2


@dataclass(frozen=True, slots=True)
class Intent:
    """One deed: its id, the limit and stage that ask for it, and its target."""

    id: str
    limit: str
    stage_pct: float
    action: str
    ticket: int | None
    symbol: str | None
    volume_lots: float | None
