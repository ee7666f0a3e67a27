"""Locks: nothing may be opened until they end. They live in the state, so that no restart and no edit lifts one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from guard.engine.elapsed import may_advance, trusted_s
from guard.limits.base import Scope
from guard.metrics.book import PositionFigures
from guard.model.enforcement import Lock
from guard.model.snapshot import Snapshot
from guard.model.state import State
from guard.model.trading import Order, Position

EPS = 1e-9
ALL = Scope()


def _signed(row: Position) -> float | None:
    return None if row.volume is None or row.side is None else row.volume * row.side


def baseline(positions: Iterable[Position] | None) -> dict[int, float]:
    """What is held when a lock begins: identifier to signed lots."""
    out: dict[int, float] = {}
    for row in positions or ():
        lots = _signed(row)
        if row.identifier is not None and lots is not None:
            out[row.identifier] = lots
    return out


def scope_of(lock: Lock) -> Scope:
    """The lock's scope."""
    return Scope.model_validate_json(lock.scope) if lock.scope else ALL


def voluntary(snapshot: Snapshot, uid: str, until: datetime | None, reason: str, *, no_override: bool = False) -> Lock:
    """A lock that the trader sets; ``until`` is aware UTC, ``None``: until it is lifted."""
    end = None if until is None else until.astimezone(UTC).isoformat()
    at = snapshot.taken_at.isoformat()
    return Lock(f"trader|{uid}", None, reason, at, end, True, no_override, "", baseline(snapshot.positions))


def with_lock(state: State, lock: Lock) -> State:
    """The state with the lock; one of the same id that is there already is kept, with the later end of the two."""
    known = next((one for one in state.locks if one.id == lock.id), None)
    if known is None:
        return replace(state, locks=(*state.locks, lock))
    longer = known._replace(until=_later(known, lock), latched=known.latched or lock.latched)
    return replace(state, locks=tuple(longer if one is known else one for one in state.locks))


def _later(one: Lock, other: Lock) -> str | None:
    if one.until is None or other.until is None:
        return None
    return max(one.until, other.until, key=lambda text: datetime.fromisoformat(text).timestamp())


def without_lock(state: State, lock_id: str) -> State:
    """The state without a lock: the override of a person, journaled by who calls this.

    A limit's lock is not set again while the breach lasts that had set it.

    Raises:
        ValueError: There is no such lock, or it cannot be lifted before its end.
    """
    lock = next((one for one in state.locks if one.id == lock_id), None)
    if lock is None:
        message = f"there is no lock {lock_id!r}"
        raise ValueError(message)
    if lock.no_override:
        message = f"lock {lock_id!r} was set without override: it ends at {lock.until}"
        raise ValueError(message)
    e = state.enforcing
    if lock.limit is not None and lock.id not in e.lifted:
        e = e._replace(lifted=(*e.lifted, lock.id))
    return replace(state, locks=tuple(one for one in state.locks if one is not lock), enforcing=e)


def ended(lock: Lock, state: State, snapshot: Snapshot) -> bool:
    """Whether a lock's time is over; the PC's clock alone does not say so."""
    if lock.until is None:
        return False
    end = datetime.fromisoformat(lock.until).timestamp()
    return snapshot.taken_s >= end and may_advance(state.last, snapshot, end) and trusted_s(state.last, snapshot) >= end


def active(state: State, snapshot: Snapshot) -> tuple[Lock, ...]:
    """The locks in force."""
    return tuple(lock for lock in state.locks if not ended(lock, state, snapshot))


def until(snapshot: Snapshot, seconds: float) -> str:
    """The ISO instant some seconds from now."""
    return (snapshot.taken_at + timedelta(seconds=seconds)).astimezone(UTC).isoformat()


def lowered(lock: Lock, positions: Iterable[Position]) -> Lock:
    """The lock with a lower baseline where a position was reduced: what was closed may not come back."""
    base: dict[int, float] | None = None
    for row in positions:
        lots = _signed(row)
        if lots is None or row.identifier is None:
            continue
        allowed = lock.baseline.get(row.identifier)
        if allowed is None:
            continue
        kept = 0.0 if allowed * lots <= 0.0 else min(abs(allowed), abs(lots)) * (1.0 if allowed > 0.0 else -1.0)
        if abs(kept - allowed) > EPS:
            base = dict(lock.baseline) if base is None else base
            base[row.identifier] = kept
    return lock if base is None else lock._replace(baseline=base)


class Excess(NamedTuple):
    """What a lock does not allow of a position: ``lots`` of it raise exposure or margin."""

    row: PositionFigures
    lots: float


def excess(lock: Lock, rows: Iterable[PositionFigures]) -> list[Excess]:
    """What was opened since the lock beyond what lowers a symbol's net exposure to flat.

    New positions are told by identifier and volume, never by ticket or time: tickets change at rollover. A new
    position against what is held of old is an exit as far as it goes; the rest of it, and everything else that is
    new, is in excess. Hedges set before an old position was closed count by what is held now.
    """
    scope = scope_of(lock)
    old: dict[str, float] = {}
    new: list[tuple[PositionFigures, float]] = []
    for row in rows:
        position = row.position
        lots = _signed(position)
        if lots is None or position.symbol is None:
            continue
        # A position whose identifier is unknown cannot be told to be new: it counts as one that was there.
        allowed = lots if position.identifier is None else lock.baseline.get(position.identifier, 0.0)
        if allowed * lots < 0.0:
            allowed = 0.0
        kept = min(abs(allowed), abs(lots)) * (1.0 if lots > 0.0 else -1.0)
        old[row.in_symbol.name] = old.get(row.in_symbol.name, 0.0) + kept
        if abs(lots) - abs(kept) > EPS and scope.holds(row):
            new.append((row, lots - kept))
    new.sort(key=lambda one: _age(one[0].position))
    out: list[Excess] = []
    for row, lots in new:
        name = row.in_symbol.name
        remains = old.get(name, 0.0)
        exits = min(abs(lots), abs(remains)) if remains * lots < 0.0 else 0.0
        old[name] = remains + exits * (1.0 if lots > 0.0 else -1.0)
        if abs(lots) - exits > EPS:
            out.append(Excess(row, abs(lots) - exits))
    return out


def _age(row: Position) -> tuple[float, int]:
    return (row.time if row.time is not None else 0.0), row.ticket


def holds_order(scope: Scope, order: Order, asset_classes: Mapping[str, str]) -> bool:
    """Whether a pending order is in a scope; what is not known of it counts it in."""
    if scope.is_all:
        return True
    if scope.symbols and order.symbol is not None and order.symbol not in scope.symbols:
        return False
    if scope.magics and order.magic is not None and order.magic not in scope.magics:
        return False
    if scope.sides and order.side is not None and ("buy" if order.side > 0 else "sell") not in scope.sides:
        return False
    if scope.comments and order.comment is not None and not any(text in order.comment for text in scope.comments):
        return False
    known = asset_classes.get(order.symbol) if order.symbol is not None else None
    return not (scope.asset_classes and known is not None and known not in scope.asset_classes)
