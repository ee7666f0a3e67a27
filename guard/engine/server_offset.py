"""Which offset the server's clock had at an earlier instant: deals before a change of its clock keep their own."""

from __future__ import annotations

from guard.model.snapshot import Snapshot
from guard.model.tradingday import clock_changes

UNCONFIRMED = "the server's clock offset is not confirmed, so its deals cannot be placed in the period"
CHANGED = "the server's clock may have been changed since (summer time), and deals lie within that hour of the start"


def offsets_at(snapshot: Snapshot, instant_s: float, known: float | None) -> tuple[float, ...]:
    """What the server's clock may have been ahead of UTC at an instant, in seconds; empty when nothing is confirmed.

    Args:
        snapshot: The present reading, with the present offset.
        instant_s: UTC seconds since 1970.
        known: The offset that was confirmed at that instant, when the guard was there.

    Returns:
        One value when it is known: it was confirmed then, or no clock that servers follow (New York, Berlin, Sydney)
        was changed between then and now. Otherwise also the values before such a change.
    """
    if known is not None:
        return (known,)
    now = snapshot.server_utc_offset_s
    if now is None or not snapshot.offset_confirmed:
        return ()
    changes = clock_changes(int(instant_s // 3600), int(snapshot.taken_s // 3600))
    return tuple(sorted({now, *(now + change for change in changes)})) if changes else (now,)


def offset_at(snapshot: Snapshot, instant_s: float) -> float | None:
    """The offset at an instant when it is known beyond doubt, else ``None``."""
    found = offsets_at(snapshot, instant_s, None)
    return found[0] if len(found) == 1 else None
