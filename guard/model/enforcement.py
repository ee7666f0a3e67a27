"""What the engine remembers of its deeds. It lives in the journal with the rest of the state.

Seconds that end in ``_s`` and are instants (``at_s``, ``since_s``) are UTC as the engine believes it
(``engine.elapsed.trusted_s``); tickets, identifiers and lots are the terminal's.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from guard.model.intent import Deed, Intent

_NONE: Final[Mapping[Any, Any]] = MappingProxyType({})


class Lock(NamedTuple):
    """Nothing may be opened: what raises exposure since the lock is undone.

    ``limit`` is the limit that set it, ``None`` for one the trader set; ``until`` an ISO UTC instant, ``None``: until
    its breach is gone (not ``latched``) or until a person lifts it (``latched``). ``no_override`` cannot be lifted at
    all before ``until``. ``scope`` is a ``limits.base.Scope`` as JSON text, empty for the whole account. ``baseline``
    maps the identifier of each position held when the lock began to its signed lots, lowered as it is reduced.
    """

    id: str
    limit: str | None
    reason: str
    at: str
    until: str | None
    latched: bool
    no_override: bool = False
    scope: str = ""
    baseline: Mapping[int, float] = _NONE


class Confirm(NamedTuple):
    """How far a limit's breach is confirmed: the quotes it was first seen on, when, and whether prices had jumped."""

    since_s: float
    quotes: Mapping[str, tuple[float, ...]]
    jumped: bool = False
    done: bool = False


class Flight(NamedTuple):
    """A deed that was sent and is not proved yet. At most one per ticket.

    ``phase``: ``sent`` (no answer yet), ``accepted`` (the server took it), ``unknown`` (the answer was lost).
    ``lots_before`` is what was open, signed; ``price`` what a close was expected to fill at; ``missing`` counts
    consecutive snapshots without the ticket, the first at ``missing_s``.
    """

    deed: Deed
    at_s: float
    phase: str = "sent"
    retcode: int | None = None
    deal: int | None = None
    lots_before: float | None = None
    price: float | None = None
    missing: int = 0
    missing_s: float = 0.0


class Try(NamedTuple):
    """What was learnt from refusals of one kind of deed on one ticket.

    No new attempt before ``wait_s`` seconds after ``at_s``, nor, with ``quote_s``, before the symbol has a tick newer
    than that instant. ``sends`` counts attempts, ``fix`` requests that had to be changed, ``fill`` fill modes that
    the server does not know. ``given_up``: no attempt at all. ``made`` numbers all deeds of this kind on this ticket.
    """

    sends: int = 0
    at_s: float = 0.0
    wait_s: float = 0.0
    retcode: int | None = None
    reason: str = ""
    fix: int = 0
    quote_s: float | None = None
    given_up: bool = False
    made: int = 0
    fill: int = 0


class Quote(NamedTuple):
    """A symbol's recent quotes, sampled: what is usual for its spread and its moves.

    ``minutes`` holds (spread, high, low) of up to 60 minutes, the newest last; ``mids`` the samples of the minute that
    runs, begun at ``minute_s``; ``tick_s`` the server second of the last tick, ``opened_s`` when a session was seen to
    open (trusted seconds).
    """

    minute_s: float
    tick_s: float
    mids: tuple[float, ...] = ()
    spread: float = 0.0
    minutes: tuple[tuple[float, float, float], ...] = ()
    opened_s: float | None = None


class Ordered(NamedTuple):
    """A closing that was ordered: ``lots`` maps an identifier to the lots that may stay, ``orders`` are to be deleted.

    It is done when no position holds more than that and no such order is left.
    """

    uid: str
    at: str
    at_s: float
    why: str
    lots: Mapping[int, float]
    orders: tuple[int, ...] = ()
    oldest_first: bool = False


class Undone(NamedTuple):
    """A closing that undid what was opened under a lock: when, at what cost in account currency, of which magic."""

    at_s: float
    cost: float
    magic: int


class Enforcement(NamedTuple):
    """All of it.

    ``tries`` are keyed ``kind/ticket``, ``inherited`` by limit, ``confirms`` and ``peaks`` by intent. ``inherited``
    holds the utilization of stages that were reached when the guard first looked, ``confirmed`` the limits whose
    inherited breach the trader has confirmed, ``lifted`` the locks the trader has lifted, which are not set again while
    the same breach lasts; ``countdown_s`` is when undoing may begin after the guard was away;
    ``doubt_s`` since when the account contradicts itself; ``sends`` are the instants of the last minute's requests,
    ``day_sends`` the number in ``day``; ``slippage`` is what the guard's own closes filled worse than expected, as a
    price, by symbol.
    """

    intents: tuple[Intent, ...] = ()
    flights: Mapping[int, Flight] = _NONE
    tries: Mapping[str, Try] = _NONE
    confirms: Mapping[str, Confirm] = _NONE
    inherited: Mapping[str, float] = _NONE
    confirmed: tuple[str, ...] = ()
    lifted: tuple[str, ...] = ()
    ordered: tuple[Ordered, ...] = ()
    undone: tuple[Undone, ...] = ()
    baskets: tuple[int, ...] = ()
    rehearsed: tuple[str, ...] = ()
    sends: tuple[float, ...] = ()
    day: str = ""
    day_sends: int = 0
    quotes: Mapping[str, Quote] = _NONE
    sampled_s: float = 0.0
    countdown_s: float | None = None
    doubt_s: float | None = None
    peaks: Mapping[str, float] = _NONE
    slippage: Mapping[str, float] = _NONE

    @property
    def busy(self) -> bool:
        """Whether something is under way that every cycle must look at."""
        under_way = self.intents or self.flights or self.ordered or self.confirms
        return bool(under_way or self.inherited or self.peaks or self.lifted)


NOTHING_UNDER_WAY: Final = Enforcement()
