"""From what intents want to the deeds that may be sent now: one in flight per ticket, quoted, and in budget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from guard.actions.base import Wish
from guard.engine.deeds import FRESH_TRY, MINUTE_S, may_try, trading_day
from guard.engine.market import age_s, stale
from guard.engine.policy import Policy
from guard.engine.requests import fill_modes
from guard.engine.settle import foreign_close
from guard.model.enforcement import Enforcement, Try
from guard.model.intent import Deed, Intent
from guard.model.snapshot import Snapshot
from guard.model.trading import Position

MOST: Final = 50
EPS: Final = 1e-9
ALONE: Final = "the other leg of its hedge cannot be closed now: it is not closed alone"
FIFO_CLOSE: Final = 10045
EXITS: Final = frozenset({"close", "close_by", "cancel"})


class Wanted(NamedTuple):
    """One intent with what it wants now; ``urgent`` intents may use the whole of the day's requests and more."""

    intent: Intent
    wishes: tuple[Wish, ...]
    why: str
    urgent: bool = False


class Desired(NamedTuple):
    """The deeds that may be sent, and per intent why something cannot be sent yet."""

    deeds: tuple[Deed, ...]
    waits: dict[str, str]


class Budget:
    """How many requests may still be sent this minute and this day."""

    def __init__(self, e: Enforcement, snapshot: Snapshot, policy: Policy, now_s: float) -> None:
        """What was sent is counted by the engine's memory, so that a restart forgives nothing."""
        recent = sum(1 for at in e.sends if 0.0 <= now_s - at < MINUTE_S)
        self.minute = policy.requests_per_minute - recent
        self.day = policy.requests_per_day - (e.day_sends if e.day == trading_day(snapshot) else 0)
        share = policy.exit_reserve_pct / 100.0
        self.kept_minute, self.kept_day = policy.requests_per_minute * share, policy.requests_per_day * share

    def take(self, kind: str, *, urgent: bool) -> str:
        """Take one request, or say why not."""
        exits = kind in EXITS
        if self.minute <= (0 if exits else self.kept_minute):
            return "the requests of this minute are used up" + ("" if exits else ", the rest is kept for exits")
        if self.day <= (0 if exits else self.kept_day) and not urgent:
            return "the requests of this day are used up" + ("" if exits else ", the rest is kept for exits")
        self.minute -= 1
        self.day -= 1
        return ""


class _Round:
    """One pass over what is wanted: which tickets are taken, which symbols have their turn, what is left to spend."""

    def __init__(self, e: Enforcement, snapshot: Snapshot, policy: Policy, now_s: float, fifo: frozenset[str]) -> None:
        self.e, self.snapshot, self.policy, self.now_s, self.fifo = e, snapshot, policy, now_s, fifo
        self.budget = Budget(e, snapshot, policy, now_s)
        self.foreign = foreign_close(snapshot, policy.magic)
        self.taken: set[int] = set(e.flights)
        self.queued = {flight.deed.symbol for flight in e.flights.values()} & fifo
        self.oldest = _oldest(snapshot, fifo)

    def stopped(self, wish: Wish, deed_id: str, tried: Try, *, urgent: bool) -> str:
        """Why a wish cannot be sent now, or an empty text; then one request is taken from the budget."""
        snapshot = self.snapshot
        why = "" if wish.kind == "cancel" else stale(snapshot, wish.symbol, self.policy)
        first = self.oldest.get(wish.symbol) if wish.kind == "close" else None
        if not why and wish.kind == "close" and wish.symbol in self.queued:
            why = f"the oldest position in {wish.symbol} is closed first"
        elif not why and first is not None and first != wish.ticket:
            why = f"the broker closes the oldest position in {wish.symbol} first, which is {first}: this one must wait"
        elif first is not None and tried.retcode == FIFO_CLOSE:
            tried = tried._replace(wait_s=0.0)  # what stood in the way is gone
        if not why and wish.identifier in self.foreign:
            why = "somebody else closed it just now: one look longer"
        if not why:
            age = age_s(snapshot, wish.symbol)
            why = may_try(tried, self.now_s, None if age is None else self.now_s - age)
        if not why and deed_id in self.e.rehearsed:
            why = "rehearsed"
        return why if why else self.budget.take(wish.kind, urgent=urgent)


def deeds(
    wanted: Sequence[Wanted],
    e: Enforcement,
    snapshot: Snapshot,
    policy: Policy,
    now_s: float,
    fifo: frozenset[str] = frozenset(),
) -> Desired:
    """The deeds of all intents in order; what must wait is told per intent.

    ``fifo`` are the symbols whose oldest position must be closed before any other.
    """
    turn = _Round(e, snapshot, policy, now_s, fifo)
    out: list[Deed] = []
    waits: dict[str, str] = {}
    for intent, wishes, why, urgent in wanted:
        for wish in wishes:
            if len(out) >= MOST:
                break
            touched = {wish.ticket} if wish.by is None else {wish.ticket, wish.by}
            if touched & turn.taken:
                if touched & set(e.flights):
                    waits.setdefault(intent.id, "a deed is in flight: the account must show what became of it")
                continue
            key = f"{wish.kind}/{wish.ticket}"
            tried = e.tries.get(key, FRESH_TRY)
            deed_id = f"{intent.id}/{key}/{tried.made}"
            stopped = turn.stopped(wish, deed_id, tried, urgent=urgent)
            turn.taken |= touched
            if stopped:
                waits.setdefault(intent.id, stopped)
                continue
            if wish.symbol in fifo and wish.kind == "close":
                turn.queued.add(wish.symbol)
            filling = _filling(wish, tried.fill, snapshot)
            out.append(
                Deed(
                    deed_id, intent.id, wish.kind, wish.ticket, wish.identifier, wish.symbol, wish.lots, wish.by,
                    wish.sl, wish.tp, why, filling,
                )
            )  # fmt: skip
    kept = _not_alone(out, {one.intent.id for one in wanted if one.urgent}, e, snapshot, fifo)
    for deed in out:
        if deed not in kept:
            waits.setdefault(deed.intent, ALONE)
    return Desired(tuple(kept), waits)


def _not_alone(
    deeds: Sequence[Deed],
    forced: frozenset[str] | set[str],
    e: Enforcement,
    snapshot: Snapshot,
    fifo: frozenset[str],
) -> list[Deed]:
    """The deeds without those that would leave a leg of a hedge alone, because its other leg cannot be closed now.

    What is in flight may land or not: neither may leave a symbol's net exposure larger than it is without the deeds.
    Where the oldest position must be closed first the broker's rule leaves no other order: the plan as a whole was
    found to help, and its legs go one by one.
    """
    closing = {deed.symbol for deed in deeds if deed.kind == "close" and deed.intent not in forced} - fifo
    signed = {
        row.ticket: (row.volume if row.side > 0 else -row.volume)
        for row in snapshot.positions or ()
        if row.symbol in closing and row.volume is not None and row.side is not None
    }
    of_symbol = {row.ticket: row.symbol for row in snapshot.positions or () if row.ticket in signed}
    out = list(deeds)
    for name in closing:
        own = {ticket: lots for ticket, lots in signed.items() if of_symbol[ticket] == name}
        flying = [one.deed for one in e.flights.values() if one.deed.symbol == name]
        mine = [deed for deed in out if deed.symbol == name and deed.kind in ("close", "close_by")]
        while any(deed.intent not in forced for deed in mine) and not all(
            _no_worse(_less(own, landed), mine) for landed in ((), flying)
        ):
            net = sum(_less(own, mine).values())
            # The last close against the side that would be left over goes first.
            free = [deed for deed in reversed(mine) if deed.intent not in forced]
            worst = next((deed for deed in free if own.get(deed.ticket, 0.0) * net < 0.0), free[0])
            mine.remove(worst)
            out.remove(worst)
    return out


def _oldest(snapshot: Snapshot, fifo: frozenset[str]) -> dict[str, int]:
    """The oldest position of each symbol in which it must be closed first."""
    found: dict[str, Position] = {}
    for row in snapshot.positions or ():
        if row.symbol in fifo and (row.symbol not in found or _age(row) < _age(found[row.symbol])):
            found[row.symbol] = row
    return {name: row.ticket for name, row in found.items()}


def _age(row: Position) -> tuple[float, int]:
    return (row.time if row.time is not None else 0.0), row.ticket


def _less(signed: Mapping[int, float], closes: Iterable[Deed]) -> dict[int, float]:
    """Signed lots by ticket after some closes."""
    left = dict(signed)
    for deed in closes:
        for ticket in (deed.ticket, deed.by):
            held = left.get(ticket, 0.0) if ticket is not None else 0.0
            if ticket is None or not held:
                continue
            gone = abs(held) if deed.lots is None else min(abs(held), deed.lots)
            left[ticket] = held - gone if held > 0.0 else held + gone
    return left


def _no_worse(signed: Mapping[int, float], closes: Sequence[Deed]) -> bool:
    return abs(sum(_less(signed, closes).values())) <= abs(sum(signed.values())) + EPS


def _filling(wish: Wish, fix: int, snapshot: Snapshot) -> int | None:
    if wish.kind != "close" or fix == 0:
        return None
    modes = fill_modes(snapshot.symbols.get(wish.symbol))
    return modes[fix % len(modes)]
