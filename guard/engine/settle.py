"""What became of deeds in flight, as the snapshot shows it. An answer is never proof; a position that is gone is.

A close is proved by its OUT deal, by less volume, or by two consecutive believed snapshots without the position.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from guard.engine.deeds import FRESH_TRY, key_of, left_s
from guard.model.enforcement import Enforcement, Flight, Ordered, Try
from guard.model.snapshot import Snapshot
from guard.model.trading import Deal, Position

# Acceptance is not effect: so long an unchanged position is waited for before the deed is thought not to have happened.
ACCEPTED_S: Final = 10.0
PLACED_S: Final = 30.0
UNKNOWN_S: Final = 5.0
PLACED: Final = 10008
INOUT: Final = 2
OUT: Final = frozenset({1, 2, 3})
EPS: Final = 1e-9


class Settled(NamedTuple):
    """The memory after looking, what was proved (sentences), and what is wrong (sentences)."""

    enforcing: Enforcement
    proved: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


def settle(e: Enforcement, snapshot: Snapshot, now_s: float, at: str, magic: int | None = None) -> Settled:
    """Look for every deed in flight in a believed snapshot; ``magic`` marks the guard's own deals."""
    if not e.flights:
        return Settled(e)
    positions = snapshot.positions or ()
    by_ticket = {row.ticket: row for row in positions}
    by_identifier = {row.identifier: row for row in positions if row.identifier is not None}
    flights: dict[int, Flight] = {}
    tries: dict[str, Try] = dict(e.tries)
    slippage = dict(e.slippage)
    ordered = list(e.ordered)
    proved: list[str] = []
    faults: list[str] = []
    done: dict[str, Flight | None] = {}
    for ticket, flight in e.flights.items():
        deed = flight.deed
        if deed.id not in done:
            held = by_ticket.get(deed.ticket)
            if held is None and deed.identifier is not None and deed.kind != "cancel":
                held = by_identifier.get(deed.identifier)
            after, said = _look(flight, held, snapshot, now_s)
            done[deed.id] = after
            if after is None and said:
                proved.append(said)
                tries[key_of(deed)] = Try(made=tries.get(key_of(deed), FRESH_TRY).made)
                _learn(slippage, flight, snapshot)
            elif after is None:
                tries[key_of(deed)] = _again(tries.get(key_of(deed), FRESH_TRY), flight, now_s)
            by_hand = _turned_by_others(held, snapshot, magic)
            undo = _reversed(flight, held, at, now_s) if deed.kind == "close" and not by_hand else None
            if undo is not None:
                faults.append(undo.why)
                ordered.append(undo)
        kept = done[deed.id]
        if kept is not None:
            flights[ticket] = kept
    e = e._replace(flights=flights, tries=tries, slippage=slippage, ordered=tuple(ordered))
    return Settled(e, tuple(proved), tuple(faults))


def _again(tried: Try, flight: Flight, now_s: float) -> Try:
    said = "was taken by the server and had no effect" if flight.phase == "accepted" else "got no answer and no effect"
    return tried._replace(at_s=now_s, wait_s=0.0, retcode=flight.retcode, reason=f"the last attempt {said}")


def _look(flight: Flight, held: Position | None, snapshot: Snapshot, now_s: float) -> tuple[Flight | None, str]:
    """The flight as it goes on, or ``None`` with a sentence when proved, without one when it did not happen."""
    deed = flight.deed
    if deed.kind == "cancel":
        if snapshot.orders is None:
            return flight, ""
        if all(order.ticket != deed.ticket for order in snapshot.orders):
            return _missed(flight, now_s, f"order {deed.ticket} in {deed.symbol} is no longer pending")
        return _overdue(flight._replace(missing=0), now_s)
    if held is None:
        if _out_deal(flight, snapshot) is not None:
            return None, f"position {deed.ticket} in {deed.symbol} is closed: its OUT deal is there"
        return _missed(flight, now_s, f"position {deed.ticket} in {deed.symbol} is closed: it is no longer held")
    flight = flight._replace(missing=0)
    if deed.kind == "set_stop":
        if held.sl is not None and deed.sl is not None and abs(held.sl - deed.sl) <= 1e-7 * max(1.0, deed.sl):
            return None, f"position {deed.ticket} in {deed.symbol} has its stop at {deed.sl:g}"
        return _overdue(flight, now_s)
    before = abs(flight.lots_before) if flight.lots_before is not None else None
    if before is not None and held.volume is not None and held.volume < before - EPS:
        return None, f"position {deed.ticket} in {deed.symbol} is reduced to {held.volume:g} lots"
    return _overdue(flight, now_s)


def _missed(flight: Flight, now_s: float, said: str) -> tuple[Flight | None, str]:
    if flight.missing and now_s > flight.missing_s:
        return None, said
    first = flight.missing_s if flight.missing else now_s
    return flight._replace(missing=flight.missing + 1, missing_s=first), ""


def _overdue(flight: Flight, now_s: float) -> tuple[Flight | None, str]:
    patience = UNKNOWN_S
    if flight.phase == "accepted":
        patience = PLACED_S if flight.retcode == PLACED else ACCEPTED_S
    return (flight, "") if left_s(flight.at_s, patience, now_s) > 0.0 else (None, "")


def _out_deal(flight: Flight, snapshot: Snapshot) -> Deal | None:
    """The deal that closed the position: the one the answer named, else any that took volume out of it."""
    for deal in reversed(snapshot.deals or ()):
        if flight.deal is not None and deal.ticket == flight.deal:
            return deal
        if flight.deal is None and deal.position_id == flight.deed.identifier and deal.entry in OUT:
            return deal
    return None


def _learn(slippage: dict[str, float], flight: Flight, snapshot: Snapshot) -> None:
    """How much worse than expected the guard's own close filled, as a price; a mean that follows slowly."""
    deal = _out_deal(flight, snapshot) if flight.deal is not None else None
    if deal is None or deal.price is None or flight.price is None or flight.lots_before is None:
        return
    worse = (flight.price - deal.price) * (1.0 if flight.lots_before > 0.0 else -1.0)
    known = slippage.get(flight.deed.symbol)
    found = max(0.0, worse)
    slippage[flight.deed.symbol] = found if known is None else known + 0.25 * (found - known)


def _turned_by_others(held: Position | None, snapshot: Snapshot, magic: int | None) -> bool:
    """Whether the newest deal that turned a position around is not the guard's: then it is what its trader wanted."""
    if held is None or magic is None:
        return False
    turns = (
        deal for deal in reversed(snapshot.deals or ())
        if deal.entry == INOUT and deal.position_id is not None and deal.position_id == held.identifier
    )  # fmt: skip
    newest = next(turns, None)
    return newest is not None and newest.magic is not None and newest.magic != magic


def _reversed(flight: Flight, held: Position | None, at: str, now_s: float) -> Ordered | None:
    """A position that is on the other side after our close: a fault, and closed first."""
    if held is None or held.side is None or flight.lots_before is None or held.volume is None:
        return None
    if held.identifier is None or held.side * flight.lots_before > 0.0:
        return None
    why = (
        f"closing position {flight.deed.ticket} in {flight.deed.symbol} reversed it to {held.volume:g} lots on the "
        "other side: the reversal is closed first"
    )
    return Ordered(f"reversal-{held.identifier}", at, now_s, why, {held.identifier: 0.0})


def foreign_close(snapshot: Snapshot, magic: int) -> Mapping[int, float]:
    """Identifiers of positions that somebody else closed (in part) within the last second, with the deal's time."""
    if snapshot.server_time_s is None:
        return {}
    return {
        deal.position_id: deal.time
        for deal in snapshot.deals or ()
        if deal.entry in OUT and deal.time is not None and deal.position_id is not None and deal.magic != magic
        and 0.0 <= snapshot.server_time_s - deal.time <= 1.0
    }  # fmt: skip
