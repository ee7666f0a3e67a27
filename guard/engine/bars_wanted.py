"""Whether M1 bars of the past would tell something that a limit needs and nobody saw. Pure."""

from __future__ import annotations

from typing import NamedTuple

from guard.engine.peaks import utc_s
from guard.engine.policy import Policy
from guard.engine.server_offset import offset_at
from guard.model.snapshot import Snapshot
from guard.model.state import State

SPARE_S = 5 * 86_400.0  # the last price before a reset may lie before a long weekend


class Wanted(NamedTuple):
    """Symbols, and from when to when, in server seconds."""

    symbols: tuple[str, ...]
    begin_s: float
    end_s: float


def bars_wanted(snapshot: Snapshot, state: State, policy: Policy) -> Wanted | None:
    """The bars that would help, or ``None`` when nothing is missing or the server's clock is not known."""
    since: list[float] = []
    for key in policy.equity_keys:
        anchor = state.anchors.get(key)
        if anchor is None:
            continue
        if anchor.unseen is not None:
            since.append(utc_s(anchor.unseen))
        if anchor.equity is None:
            since.append(utc_s(anchor.at))
    now = snapshot.server_time_s
    if not since or now is None or snapshot.positions is None or snapshot.deals is None:
        return None
    begin = min(since)
    offset = offset_at(snapshot, begin)
    if offset is None:
        return None
    names = {row.symbol for row in snapshot.positions}
    names |= {deal.symbol for deal in snapshot.deals if deal.time is not None and deal.time >= begin + offset}
    known = tuple(sorted(name for name in names if name))
    return Wanted(known, begin + offset - SPARE_S, max(now, snapshot.taken_s + offset)) if known else None
