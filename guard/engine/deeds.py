"""What is remembered of a deed from just before it is sent until a snapshot proves it. One in flight per ticket.

The shell calls ``begun`` before it sends (and writes the state before it sends), ``finished`` with the answer, and
``step`` with the next snapshot; ``step`` settles what is in flight. A state in which a deed was begun and not finished
is that of a guard that was killed in between: the deed may have been carried out.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from guard.engine.elapsed import trusted_s
from guard.engine.requests import close_price, request_of
from guard.engine.retcodes import FIXES, NEVER_S, NO_SUCH_FILLING, RETCODES, SLOWEST_S, Answer, answer
from guard.model.enforcement import Enforcement, Flight, Try, Undone
from guard.model.intent import Deed, Sent
from guard.model.snapshot import Snapshot
from guard.model.state import State

__all__ = ["RETCODES", "begun", "finished", "key_of", "left_s", "may_try", "rehearsed", "request_of"]

MINUTE_S: Final = 60.0
FRESH_TRY: Final = Try()
MOST_SENDS: Final = 200  # of one kind on one ticket in one breach
UNDO: Final = "undo"


def key_of(deed: Deed) -> str:
    """Under which ``tries`` of a deed are kept: close-bys apart from closes of the same ticket."""
    return f"{deed.kind}/{deed.ticket}"


def left_s(since_s: float, wait_s: float, now_s: float) -> float:
    """How much of a wait is left; a clock that went back never makes it longer than it was."""
    return wait_s if now_s < since_s else max(0.0, wait_s - (now_s - since_s))


def may_try(tried: Try, now_s: float, tick_s: float | None) -> str:
    """Why no attempt may be made yet, or an empty text."""
    if tried.sends >= MOST_SENDS:
        return f"sent {tried.sends} times without effect ({tried.reason})"
    if left_s(tried.at_s, tried.wait_s, now_s) > 0.0:
        return tried.reason
    if tried.quote_s is not None and (tick_s is None or tick_s <= tried.quote_s):
        return tried.reason
    return ""


def trading_day(snapshot: Snapshot) -> str:
    """The server's calendar day, or UTC's where its clock is not known."""
    seconds = snapshot.server_time_s if snapshot.server_time_s is not None else snapshot.taken_s
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def begun(state: State, deed: Deed, snapshot: Snapshot) -> State:
    """The state just before ``deed`` is sent: in flight, and counted as a request. Write it before sending."""
    e = state.enforcing
    now = trusted_s(state.last, snapshot)
    held = next((row for row in snapshot.positions or () if row.ticket == deed.ticket), None)
    lots = None if held is None or held.volume is None or held.side is None else held.volume * held.side
    price = None if held is None or deed.kind != "close" else close_price(held, snapshot)
    flight = Flight(deed, now, lots_before=lots, price=price)
    flights = {**e.flights, deed.ticket: flight}
    if deed.by is not None:
        flights[deed.by] = flight
    tried = e.tries.get(key_of(deed), FRESH_TRY)
    day = trading_day(snapshot)
    e = e._replace(
        flights=flights,
        tries={
            **e.tries,
            key_of(deed): tried._replace(
                sends=tried.sends + 1, made=tried.made + 1, at_s=now, wait_s=0.0, quote_s=None
            ),
        },
        sends=(*(at for at in e.sends if 0.0 <= now - at < MINUTE_S), now),
        day=day,
        day_sends=e.day_sends + 1 if e.day == day else 1,
        undone=_undone(e, deed, snapshot, now),
    )
    return replace(state, enforcing=e)


def _undone(e: Enforcement, deed: Deed, snapshot: Snapshot, now: float) -> tuple[Undone, ...]:
    """The closings that undid something, this one included if it does."""
    if deed.kind not in ("close", "close_by") or f"|{UNDO}|" not in deed.intent:
        return e.undone
    cost, magic = 0.0, 0
    for row in snapshot.positions or ():
        if row.ticket == deed.ticket:
            magic = row.magic if row.magic is not None else 0
            if row.profit is not None and row.volume and deed.lots is not None:
                cost = max(0.0, -row.profit * deed.lots / row.volume)
    return (*(one for one in e.undone if now - one.at_s < 3600.0), Undone(now, cost, magic))


def rehearsed(state: State, deed: Deed) -> State:
    """The state after a deed was only written down: it is not shown again for this breach."""
    e = state.enforcing
    if deed.id in e.rehearsed:
        return state
    return replace(state, enforcing=e._replace(rehearsed=(*e.rehearsed[-499:], deed.id)))


def finished(state: State, deed: Deed, sent: Sent) -> State:
    """The state after the answer. A code is never proof: what was taken stays in flight until a snapshot shows it."""
    e = state.enforcing
    flight = e.flights.get(deed.ticket)
    if flight is None or flight.deed.id != deed.id:
        return state
    tried = e.tries.get(key_of(deed), FRESH_TRY)
    if sent.refused is not None:
        wait = min(SLOWEST_S, 0.5 * 2.0 ** min(tried.sends, 8))
        return _landed(state, deed, tried._replace(wait_s=wait, retcode=None, reason=sent.refused))
    if sent.retcode is None:
        return _aloft(state, deed, flight._replace(phase="unknown"))
    told = answer(deed.kind, sent.retcode)
    flight = flight._replace(retcode=sent.retcode, deal=sent.deal if sent.deal else None)
    if told.then in ("accepted", "gone"):
        return _aloft(state, deed, flight._replace(phase="accepted"))
    if told.then == "unknown":
        return _aloft(state, deed, flight._replace(phase="unknown"))
    return _landed(state, deed, _after(tried, told, sent.retcode, flight))


def _after(tried: Try, told: Answer, retcode: int, flight: Flight) -> Try:
    """What a refusal teaches."""
    reason = f"{told.reason} ({retcode})"
    wait, fix, fill = told.wait_s, tried.fix, tried.fill
    if told.then in ("slow", "session"):
        wait = min(SLOWEST_S, told.wait_s * 2.0 ** min(tried.sends - 1, 8))
    elif told.then == "never":
        wait = told.wait_s if told.wait_s > 0.0 else NEVER_S
    elif told.then == "once" and tried.retcode == retcode:
        wait = NEVER_S
    elif told.then == "fix":
        fix += 1
        fill += retcode == NO_SUCH_FILLING
        wait = told.wait_s if fix % FIXES else NEVER_S
    quote = flight.at_s if told.then == "session" else None
    return tried._replace(
        retcode=retcode,
        reason=reason,
        wait_s=wait,
        fix=fix,
        fill=fill,
        given_up=tried.given_up or told.then == "legs",
        quote_s=quote,
    )


def _landed(state: State, deed: Deed, tried: Try) -> State:
    """Nothing is in flight any more for this deed."""
    e = state.enforcing
    flights = {ticket: one for ticket, one in e.flights.items() if one.deed.id != deed.id}
    return replace(state, enforcing=e._replace(flights=flights, tries={**e.tries, key_of(deed): tried}))


def _aloft(state: State, deed: Deed, flight: Flight) -> State:
    """Still in flight, with what the answer said."""
    e = state.enforcing
    flights = {ticket: flight if one.deed.id == deed.id else one for ticket, one in e.flights.items()}
    return replace(state, enforcing=e._replace(flights=flights))
