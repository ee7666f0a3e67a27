"""Peaks and ends of days: what follows the highest equity or balance, and what becomes of a stretch nobody watched."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from guard.engine.elapsed import server_now_s, trusted_s
from guard.engine.rebuild import Path
from guard.engine.server_offset import CHANGED, UNCONFIRMED, offset_at, offsets_at
from guard.limits.base import AnchorNeed
from guard.metrics.flows import REMEMBERED, is_flow
from guard.model.snapshot import Snapshot
from guard.model.state import Anchor, State
from guard.model.tradingday import period_bounds, reset_instant

UNWATCHED_S = 60.0
"""A stretch longer than one M1 bar in which equity was not looked at may have held a peak."""
Sums = tuple[float, float] | None
MOST_DAYS = 400


def sums(snapshot: Snapshot, start_s: float, known: float | None) -> tuple[Sums, str]:
    """Flows and results since a UTC instant, or ``None`` and the reason; ``known``: the server's offset then."""
    deals = snapshot.deals
    if deals is None:
        return None, "the list of deals is missing"
    if not deals:
        return (0.0, 0.0), ""
    offsets = offsets_at(snapshot, start_s, known)
    if not offsets:
        return None, UNCONFIRMED
    found = REMEMBERED.since(deals, start_s + offsets[0])
    if found is None:
        return None, "a deal lacks its time, type or amount"
    if any(REMEMBERED.since(deals, start_s + other) != found for other in offsets[1:]):
        return None, CHANGED
    return found, ""


def utc_s(at: str) -> float:
    """ISO text as UTC seconds since 1970."""
    return datetime.fromisoformat(at).timestamp()


def unwatched_since(snapshot: Snapshot, state: State) -> str | None:
    """Since when equity was not looked at, as ISO text, if it may have moved in between; else ``None``."""
    last = state.last
    if last is None or (last.believed and snapshot.taken_s - last.taken_s <= UNWATCHED_S):
        return None
    seen = last.seen_s if last.seen_s is not None else last.taken_s
    if trusted_s(last, snapshot) - seen <= UNWATCHED_S:
        return None
    offset = offset_at(snapshot, seen)
    if snapshot.positions == () and snapshot.deals is not None and offset is not None:
        since = REMEMBERED.since(snapshot.deals, seen + offset)
        held = any(deal.time is not None and deal.time >= seen + offset for deal in snapshot.deals)
        if since == (0.0, 0.0) and not held:
            return None  # nothing was held in between and nothing happened
    return datetime.fromtimestamp(seen, UTC).isoformat()


def highest_balance(snapshot: Snapshot, since: str, balance: float) -> float | None:
    """The highest closed balance since an instant, from deals, later flows counted as if they had been there before."""
    at = utc_s(since)
    offset = offset_at(snapshot, at)
    if snapshot.deals is None or (offset is None and snapshot.deals):
        return None
    now = highest = balance
    for deal in sorted(snapshot.deals, key=lambda one: one.time if one.time is not None else 0.0, reverse=True):
        if deal.time is None or offset is None or deal.time < at + offset:
            break
        if deal.net is None:
            return None
        if not is_flow(deal):
            now -= deal.net
            highest = max(highest, now)
    return highest


def from_bars(anchor: Anchor, need: AnchorNeed, snapshot: Snapshot) -> Anchor:
    """The anchor with what M1 bars tell of it: the equity at its instant, and the peak of a stretch not watched."""
    offset = anchor.offset_s if anchor.offset_s is not None else offset_at(snapshot, utc_s(anchor.at))
    a = snapshot.account
    if offset is None or a.balance is None or a.equity is None or a.credit is None:
        return anchor
    start = utc_s(anchor.at) + offset
    if anchor.equity is None and anchor.balance is not None and need.period not in ("life", "eod"):
        floating, _ = Path(snapshot, start).floating_at(start)
        if floating is not None:
            anchor = replace(anchor, equity=anchor.balance + floating, source="bars")
    missed = anchor.unseen
    now = server_now_s(None, snapshot)
    if missed is None or now is None:
        return anchor
    since = max(utc_s(missed) + offset, start)
    path = Path(snapshot, since)
    best, _ = path.best(a.balance, since, now) if not path.why else (None, "")
    if best is None:
        return anchor
    known = [peak for peak in (anchor.peak_equity, anchor.equity, a.equity - a.credit) if peak is not None]
    return replace(anchor, peak_equity=max([best, *known]), unseen=None, source="bars")


def followed(anchor: Anchor, need: AnchorNeed, snapshot: Snapshot, flows: Sums, unseen: str | None) -> Anchor:
    """A period's anchor with the highest equity of the period up to this look."""
    a = snapshot.account
    if a.equity is None or a.credit is None:
        return anchor
    equity, peak, moved = a.equity - a.credit, anchor.peak_equity, anchor.flows
    if flows is not None and peak is not None and abs(flows[0] - moved) > 1e-9 and need.flows == "shift":
        peak, moved = peak + flows[0] - moved, flows[0]
    missed = anchor.unseen
    if unseen is not None and missed is None:
        missed = max(unseen, anchor.at, key=utc_s)
    peak = equity if peak is None else max(peak, equity)
    if (peak, moved, missed) == (anchor.peak_equity, anchor.flows, anchor.unseen):
        return anchor
    return replace(anchor, peak_equity=peak, flows=moved, unseen=missed)


def after_flow(anchor: Anchor, snapshot: Snapshot, flows: Sums) -> str | None:
    """For rules that begin anew with a payout: the instant just after the last flow since the anchor, or ``None``."""
    if flows is None or abs(flows[0]) <= 1e-9 or not snapshot.deals:
        return None
    offset = anchor.offset_s if anchor.offset_s is not None else offset_at(snapshot, utc_s(anchor.at))
    if offset is None:
        return None
    start = utc_s(anchor.at) + offset
    times = [deal.time for deal in snapshot.deals if deal.time is not None and deal.time >= start and is_flow(deal)]
    return datetime.fromtimestamp(max(times) - offset + 1.0, UTC).isoformat() if times else None


def end_of_days(need: AnchorNeed, old: Anchor | None, snapshot: Snapshot, clock: time) -> tuple[Anchor | None, str]:
    """The highest balance at the ends of days, rebuilt from deals for days that nobody saw end.

    Returns the anchor as it was, with the reason, while a day's balance cannot be told.
    """
    balance = snapshot.account.balance
    start, _ = period_bounds(snapshot.taken_s, "day", need.tz, clock)
    if balance is None or (old is not None and utc_s(old.at) >= start.timestamp()):
        return _moved(old, need, snapshot), ""
    shifts = need.flows != "ignore"
    peak: float | None = None
    if old is not None:
        since, why = sums(snapshot, utc_s(old.at), old.offset_s)
        if since is None:
            return old, why
        peak = None if old.peak_balance is None else old.peak_balance + (since[0] - old.flows if shifts else 0.0)
    at_end, flows = balance, 0.0
    for end in [start] if old is None else _ends(utc_s(old.at), start, need.tz, clock):
        total, why = sums(snapshot, end.timestamp(), None)
        if total is None:
            return old, why
        at_end, flows = balance - total[0] - total[1], total[0]
        now = at_end + flows if shifts else at_end
        peak = now if peak is None else max(peak, now)
    offset = offset_at(snapshot, start.timestamp())
    return Anchor("eod", start.isoformat(), at_end, None, "deals", None, peak, flows if shifts else 0.0, offset), ""


def _moved(anchor: Anchor | None, need: AnchorNeed, snapshot: Snapshot) -> Anchor | None:
    """The anchor with the day's own deposits and withdrawals in its peak."""
    if anchor is None or anchor.peak_balance is None or need.flows == "ignore":
        return anchor
    flows, _ = sums(snapshot, utc_s(anchor.at), anchor.offset_s)
    if flows is None or abs(flows[0] - anchor.flows) <= 1e-9:
        return anchor
    return replace(anchor, peak_balance=anchor.peak_balance + flows[0] - anchor.flows, flows=flows[0])


def _ends(after_s: float, until: datetime, tz: str, clock: time) -> list[datetime]:
    """The resets after an instant up to and with ``until``."""
    first = datetime.fromtimestamp(after_s, UTC).date() - timedelta(days=1)
    found = (reset_instant(first + timedelta(days=day), tz, clock) for day in range(MOST_DAYS))
    return [at for at in found if after_s < at.timestamp() <= until.timestamp()]
