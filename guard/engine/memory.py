"""What is remembered of positions: equity before entry, the first stop, how long there has been none."""

from __future__ import annotations

from collections.abc import Mapping

from guard.engine.elapsed import server_now_s, trusted_s
from guard.metrics.block import Block
from guard.metrics.compute import Metrics
from guard.model.snapshot import Snapshot
from guard.model.state import FirstSeen, Last, State


def first_seen(snapshot: Snapshot, state: State) -> FirstSeen | None:
    """The account at first sight, now if there was none before and the figures are known."""
    if state.first_seen is not None:
        return state.first_seen
    a = snapshot.account
    if a.balance is None or a.equity is None:
        return None
    return FirstSeen(snapshot.taken_at.isoformat(), a.balance, a.equity)


def last_reading(snapshot: Snapshot, state: State, at: str, *, blind: bool) -> Last | None:
    """This reading as the next cycle's previous one; of a blind one only the clocks, with the money seen before."""
    a, last = snapshot.account, state.last
    if blind or a.balance is None or a.equity is None or a.credit is None:
        if last is None:
            return None
        return last._replace(
            at=at,
            taken_s=snapshot.taken_s,
            monotonic_s=snapshot.monotonic_s,
            boot_id=snapshot.boot_id,
            believed=False,
            trusted_s=trusted_s(last, snapshot),
            server_s=server_now_s(last, snapshot),
        )
    trusted = trusted_s(last, snapshot)
    return Last(
        at,
        snapshot.taken_s,
        snapshot.monotonic_s,
        snapshot.boot_id,
        a.balance,
        a.equity,
        a.credit,
        trusted_s=trusted,
        server_s=server_now_s(last, snapshot),
        seen_s=trusted,
    )


class _Remembered:
    """The positions of the last cycle, as the objects that stand for them, and what was remembered of them."""

    def __init__(self) -> None:
        self.stops: Mapping[int, float] | None = None
        self.blocks: list[Block] = []


_REMEMBERED = _Remembered()


def same_positions(m: Metrics, state: State) -> bool:
    """Whether exactly the positions remembered are held, with the stops of the previous cycle.

    A symbol's block is the same object only while tickets, volumes, opening prices, stops and swaps are.
    """
    if m.by_symbol is None or state.first_stops is not _REMEMBERED.stops:
        return False
    held, kept = m.by_symbol, _REMEMBERED.blocks
    return len(held) == len(kept) and all(
        [entry.block is block for entry, block in zip(held.values(), kept, strict=True)]  # noqa: C419  # a list is faster
    )


def remember(m: Metrics, stops: Mapping[int, float]) -> None:
    """Keep which positions ``stops`` belongs to, if each is known in full."""
    blocks = [entry.block for entry in m.by_symbol.values()] if m.by_symbol is not None else [None]
    known = [block for block in blocks if block is not None]
    if len(known) == len(blocks):
        _REMEMBERED.stops, _REMEMBERED.blocks = stops, known


def entry_equity(snapshot: Snapshot, state: State, *, unchanged: bool) -> Mapping[int, float]:
    """Equity just before each position was opened, frozen when it is first seen; closed ones are forgotten.

    Positions found open at the first start were not seen being opened: they stay unknown.
    """
    if snapshot.positions is None:
        return state.entry_equity
    earlier = state.entry_equity
    if unchanged:
        return earlier
    out: dict[int, float] = {}
    for position in snapshot.positions:
        key = position.identifier
        if key is None:
            continue
        known = earlier.get(key)
        if known is None and state.last is not None and key not in state.first_stops:
            known = state.last.equity
        if known is not None:
            out[key] = known
    return out


def first_stops(snapshot: Snapshot, state: State, *, unchanged: bool) -> Mapping[int, float]:
    """The stop each position had when it was first seen (0.0: none); closed ones are forgotten."""
    if snapshot.positions is None:
        return dict(state.first_stops)
    if unchanged:
        return state.first_stops
    out: dict[int, float] = {}
    for position in snapshot.positions:
        key = position.identifier
        if key is None or position.sl is None:
            continue
        earlier = state.first_stops.get(key)
        out[key] = position.sl if earlier is None or (earlier == 0.0 and position.sl > 0.0) else earlier
    return out


def unprotected_s(m: Metrics, state: State, passed: float) -> dict[int, float]:
    """Seconds each position has been without a stop.

    A position not seen before counts from its last modification by the server's clock, once its offset is confirmed;
    one that lost its stop under our eyes, or opened between two readings with the offset unknown, counts from now.
    """
    snapshot = m.snapshot
    if m.by_symbol is None:
        # Not seen, not forgiven: if the position still has no stop when it is seen again, it had none in between.
        return {key: held + passed for key, held in state.unprotected_s.items()}
    out: dict[int, float] = {}
    if m.all_stopped:
        return out
    for row in m.bare:
        key, position = row.position.identifier, row.position
        if key is None or row.covered:
            continue
        held = state.unprotected_s.get(key)
        if held is not None:
            out[key] = held + passed
        elif key in state.first_stops:
            out[key] = 0.0
        elif snapshot.offset_confirmed and snapshot.server_utc_offset_s is not None and position.time is not None:
            changed = max(position.time, position.time_update) if position.time_update is not None else position.time
            out[key] = max(0.0, snapshot.taken_s - (changed - snapshot.server_utc_offset_s))
        elif state.last is not None:
            out[key] = 0.0
    return out
