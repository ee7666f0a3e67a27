"""Everything ``engine.step`` remembers between cycles. It lives in the journal, so a restart forgives nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from guard.model.enforcement import NOTHING_UNDER_WAY, Enforcement, Lock
from guard.model.watched import NOTHING_WATCHED, Watched


@dataclass(frozen=True, slots=True)
class Anchor:
    """A reference taken at an instant, for loss rules. Money in account currency, credit left out.

    ``source``: ``seen`` (observed across the instant), ``deals`` (balance rebuilt from deals), ``set`` (by the user),
    ``first_seen`` (the guard's first sight of the account). ``equity``/``peak`` are ``None`` when not known; ``flows``
    is the sum of deposits and withdrawals the peaks have already been moved by. ``offset_s`` is what the server's clock
    was ahead of UTC at that instant, ``None`` when it is not known. ``unseen`` is the instant (ISO, UTC) since which a
    stretch was not watched in which equity may have been higher than ``peak_equity``. More sources: ``bars`` (equity
    rebuilt from M1 bars).
    """

    period: str
    at: str
    balance: float | None
    equity: float | None
    source: str
    peak_equity: float | None = None
    peak_balance: float | None = None
    flows: float = 0.0
    offset_s: float | None = None
    unseen: str | None = None


@dataclass(frozen=True, slots=True)
class Timer:
    """Time a condition has held, in seconds, added up cycle by cycle from the monotonic clock.

    ``severity`` is the announced one; ``held_s`` how long the raw condition above it has held; ``since`` the instant
    of the announcement (ISO, UTC); ``cool_s`` how long the value has been clear. ``inherited`` marks a breach found
    at first start.
    """

    severity: int = 0
    stage_pct: float | None = None
    held_s: float = 0.0
    cool_s: float = 0.0
    since: str | None = None
    inherited: bool = False
    unknown_s: float = 0.0
    unknown_told: bool = False


@dataclass(frozen=True, slots=True)
class FirstSeen:
    """The account at the guard's first sight of it."""

    at: str
    balance: float
    equity: float


class Last(NamedTuple):
    """The previous cycle's reading: durations and reset samples are measured against it.

    ``believed`` is false when the clock readings are newer than the money, which is of the last cycle that saw.
    ``trusted_s`` is UTC as believed: the PC's clock while the server's agrees, else carried on by the monotonic clock.
    ``server_s`` is the server's own wall clock, once confirmed. ``seen_s`` is the trusted second of the last
    believed money.
    """

    at: str
    taken_s: float
    monotonic_s: float | None
    boot_id: str | None
    balance: float
    equity: float
    credit: float
    believed: bool = True
    trusted_s: float | None = None
    server_s: float | None = None
    seen_s: float | None = None


@dataclass(frozen=True, slots=True)
class State:
    """The engine's memory. Keys of ``entry_equity``, ``first_stops`` and ``unprotected_s`` are position identifiers."""

    anchors: Mapping[str, Anchor] = field(default_factory=dict)
    entry_equity: Mapping[int, float] = field(default_factory=dict)
    first_stops: Mapping[int, float] = field(default_factory=dict)
    unprotected_s: Mapping[int, float] = field(default_factory=dict)
    timers: Mapping[str, Timer] = field(default_factory=dict)
    first_seen: FirstSeen | None = None
    last: Last | None = None
    locks: tuple[Lock, ...] = ()
    policy_sha256: str | None = None
    flow_gap_s: float = 0.0
    flow_gap_told: bool = False
    enforcing: Enforcement = NOTHING_UNDER_WAY
    watched: Watched = NOTHING_WATCHED
