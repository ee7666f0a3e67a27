"""How much time lies between two readings, without trusting the wall clock more than needed."""

from __future__ import annotations

from guard.model.snapshot import Snapshot
from guard.model.state import Last

AGREE_S = 120.0


def elapsed_s(last: Last | None, snapshot: Snapshot) -> float:
    """Seconds since the previous reading: monotonic within one boot, else wall clock, never negative."""
    if last is None:
        return 0.0
    if same_boot(last, snapshot) and snapshot.monotonic_s is not None and last.monotonic_s is not None:
        return max(0.0, snapshot.monotonic_s - last.monotonic_s)
    return max(0.0, snapshot.taken_s - last.taken_s)


def same_boot(last: Last, snapshot: Snapshot) -> bool:
    """Whether both readings come from one boot, so that their monotonic clocks compare."""
    return (
        last.boot_id is not None
        and last.boot_id == snapshot.boot_id
        and last.monotonic_s is not None
        and snapshot.monotonic_s is not None
    )


def server_utc_s(snapshot: Snapshot) -> float | None:
    """The server's clock as UTC seconds, once its offset is confirmed."""
    if snapshot.server_time_s is None or snapshot.server_utc_offset_s is None or not snapshot.offset_confirmed:
        return None
    return snapshot.server_time_s - snapshot.server_utc_offset_s


def may_advance(last: Last | None, snapshot: Snapshot, instant_s: float) -> bool:
    """Whether a new period starting at ``instant_s`` may be believed to have begun.

    The PC's UTC alone is not enough: the confirmed server clock agrees within 120 s, or the monotonic time since the
    last reading has run out. Without any earlier reading there is nothing to protect.
    """
    if last is None:
        return True
    server = server_utc_s(snapshot)
    if server is not None and abs(server - snapshot.taken_s) <= AGREE_S:
        return server >= instant_s - AGREE_S
    return same_boot(last, snapshot) and last.taken_s + elapsed_s(last, snapshot) >= instant_s
