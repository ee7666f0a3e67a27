"""What every trading day of an account brought, worked out from deals. Kept while neither deals nor day change."""

from __future__ import annotations

import bisect
from datetime import UTC, datetime, time, timedelta

from guard.engine.server_offset import CHANGED, UNCONFIRMED, offsets_at
from guard.limits.base import DayNeed
from guard.metrics.daybook import Day, DayBook
from guard.metrics.flows import is_flow
from guard.metrics.trades import IN, INOUT, KEPT, TRADES
from guard.model.snapshot import Snapshot
from guard.model.trading import Deal
from guard.model.tradingday import period_bounds, reset_instant

MOST_DAYS = 800


def daybook(need: DayNeed, snapshot: Snapshot, first_seen: str | None) -> DayBook:
    """The days since ``need.since`` (or the guard's first sight of the account) up to today.

    ``why`` of the book is not empty when it cannot be told: deals missing, or a day whose boundary cannot be placed.
    """
    if snapshot.deals is None:
        return DayBook((), "the list of deals is missing")
    if need.since is None and first_seen is None:
        begins = snapshot.taken_s
    elif need.since is not None:
        begins = datetime.combine(need.since, time(), tzinfo=UTC).timestamp()
    else:
        begins = datetime.fromisoformat(str(first_seen)).timestamp()
    hour, minute = (int(part) for part in need.at.split(":"))
    today, _ = period_bounds(snapshot.taken_s, "day", need.tz, time(hour, minute))
    key = ("days", need.tz, need.at, begins, today, snapshot.server_utc_offset_s, snapshot.offset_confirmed)
    return KEPT.of(snapshot.deals, key, lambda deals: _days(deals, snapshot, need, begins, today, time(hour, minute)))


def _days(
    deals: tuple[Deal, ...], snapshot: Snapshot, need: DayNeed, begins: float, today: datetime, clock: time
) -> DayBook:
    first, _ = period_bounds(begins, "day", need.tz, clock)
    starts = [first]
    day = first.astimezone(UTC).date() - timedelta(days=1)
    for number in range(MOST_DAYS):
        at = reset_instant(day + timedelta(days=number), need.tz, clock)
        if starts[-1] < at <= today:
            starts.append(at)
    if starts[-1] < today:
        return DayBook((), f"more than {MOST_DAYS} days lie between {first.date()} and today")
    edges: list[float] = []
    for at in starts:
        found = offsets_at(snapshot, at.timestamp(), None)
        if not found:
            return DayBook((), UNCONFIRMED)
        low, high = at.timestamp() + min(found), at.timestamp() + max(found)
        if low != high and any(deal.time is not None and low <= deal.time < high for deal in deals):
            return DayBook((), CHANGED)
        edges.append(at.timestamp() + found[0])
    rows = [[0.0, 0.0] for _ in starts]
    opened: list[set[int]] = [set() for _ in starts]
    for deal in deals:
        if deal.time is None or deal.net is None:
            return DayBook((), "a deal lacks its time or amount")
        place = bisect.bisect_right(edges, deal.time) - 1
        if place < 0:
            continue
        rows[place][0 if not is_flow(deal) else 1] += deal.net if deal.type != 3 else 0.0  # 3: credit
        if deal.type in TRADES and deal.entry in (IN, INOUT) and deal.position_id is not None:
            opened[place].add(deal.position_id)
    return DayBook(
        tuple(Day(at.isoformat(), row[0], row[1], len(ids)) for at, row, ids in zip(starts, rows, opened, strict=True)),
        "",
    )

