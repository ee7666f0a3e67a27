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


def trusted_s(last: Last | None, snapshot: Snapshot) -> float:
    """UTC as believed now: the PC's clock while the confirmed server clock agrees within 120 s.

    While they disagree, or the server's clock is not known, time goes on from the last agreement by the monotonic
    clock; over a restart of the machine it stands still. The first reading of all has nothing to be measured against.
    """
    server = server_utc_s(snapshot)
    agrees = server is not None and abs(server - snapshot.taken_s) <= AGREE_S
    if last is None or (agrees and pc_clock_set_by_s(last, snapshot) is None):
        return snapshot.taken_s
    before = last.trusted_s if last.trusted_s is not None else last.taken_s
    return before + elapsed_s(last, snapshot) if same_boot(last, snapshot) else before


def pc_clock_set_by_s(last: Last, snapshot: Snapshot) -> float | None:
    """By how much the PC's clock was set since time was last trusted; ``None`` when it was not, or that is not known.

    A worker that is started after the PC's clock was set takes the server's offset against the wrong clock, and both
    seem to agree. But the server's own clock has then moved on as the monotonic one has, and the PC's has not.
    """
    now, before = server_now_s(None, snapshot), last.server_s
    if now is None or before is None or last.trusted_s is None or not same_boot(last, snapshot):
        return None
    passed = elapsed_s(last, snapshot)
    wall, moved = snapshot.taken_s - last.trusted_s - passed, now - before - passed
    return wall if abs(wall) > AGREE_S and abs(moved) <= AGREE_S else None


def server_now_s(last: Last | None, snapshot: Snapshot) -> float | None:
    """The server's wall clock of this reading once confirmed, else that of ``last``, carried on within one boot."""
    if snapshot.server_time_s is not None and snapshot.offset_confirmed:
        return snapshot.server_time_s
    if last is None or last.server_s is None or not same_boot(last, snapshot):
        return None
    return last.server_s + elapsed_s(last, snapshot)


def may_advance(last: Last | None, snapshot: Snapshot, instant_s: float) -> bool:
    """Whether a new period starting at ``instant_s`` may be believed to have begun.

    The PC's UTC alone is not enough: the confirmed server clock agrees within 120 s, or the monotonic time since they
    last agreed has run out. Without any earlier reading there is nothing to protect.
    """
    return last is None or trusted_s(last, snapshot) >= instant_s
