"""The only calendar code: when a trading day, week or month of an IANA zone begins."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

PERIODS = ("day", "week", "month")
# Whose summer time the trade servers follow, as far as they have any.
SERVER_ZONES = ("America/New_York", "Europe/Berlin", "Australia/Sydney")


def reset_instant(day: date, tz: str, at: time) -> datetime:
    """The UTC instant of ``at`` on ``day`` in zone ``tz``.

    In a gap (clocks go forward) it is the first instant after it; of an ambiguous time it is the first of the two.
    """
    zone = ZoneInfo(tz)
    local = datetime.combine(day, at, tzinfo=zone)
    instant = local.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return instant
    # In a gap fold=0 reads the clock before the change: walk back to the instant the clocks jumped.
    low, high = instant - timedelta(hours=3), instant
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


@lru_cache(maxsize=512)
def clock_changes(then_hour: int, now_hour: int) -> frozenset[float]:
    """By how many seconds each clock of ``SERVER_ZONES`` was further ahead then than now; empty when none was.

    Args:
        then_hour: UTC hours since 1970.
        now_hour: The same.
    """
    then, now = (datetime.fromtimestamp(hour * 3600, UTC) for hour in (then_hour, now_hour))
    changes = set()
    for zone in map(ZoneInfo, SERVER_ZONES):
        before, after = then.astimezone(zone).utcoffset(), now.astimezone(zone).utcoffset()
        if before is not None and after is not None and before != after:
            changes.add((before - after).total_seconds())
    return frozenset(changes)


def _first_day(day: date, period: str) -> date:
    if period == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if period == "month" else day


def _next_day(day: date, period: str) -> date:
    if period == "week":
        return day + timedelta(days=7)
    if period == "month":
        return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return day + timedelta(days=1)


@lru_cache(maxsize=512)
def _bounds(minute: int, period: str, tz: str, at: time) -> tuple[datetime, datetime]:
    instant = datetime.fromtimestamp(minute * 60, UTC)
    local_day = instant.astimezone(ZoneInfo(tz)).date() + timedelta(days=1)
    day = _first_day(local_day, period)
    while reset_instant(day, tz, at) > instant:
        day = _first_day(day - timedelta(days=1), period)
    following = _next_day(day, period)
    return reset_instant(day, tz, at), reset_instant(following, tz, at)


def period_bounds(instant_s: float, period: str, tz: str, at: time) -> tuple[datetime, datetime]:
    """Start (inclusive) and end (exclusive) of the period that holds an instant, both aware UTC.

    Args:
        instant_s: UTC seconds since 1970.
        period: ``day``, ``week`` (from Monday) or ``month``.
        tz: IANA zone name.
        at: Local time of the reset, whole minutes.
    """
    return _bounds(int(instant_s // 60), period, tz, at)


DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@lru_cache(maxsize=512)
def _around(minute: int, tz: str, days: tuple[str, ...], at: time) -> tuple[datetime, datetime]:
    instant = datetime.fromtimestamp(minute * 60, UTC)
    local = instant.astimezone(ZoneInfo(tz)).date()
    before = after = None
    for step in range(9):
        day = local - timedelta(days=step)
        found = reset_instant(day, tz, at)
        if before is None and DAYS[day.weekday()] in days and found <= instant:
            before = found
        day = local + timedelta(days=step)
        found = reset_instant(day, tz, at)
        if after is None and DAYS[day.weekday()] in days and found > instant:
            after = found
    if before is None or after is None:
        raise ValueError("a weekly time needs at least one day of the week")
    return before, after


def weekly(instant_s: float, tz: str, days: tuple[str, ...], at: time) -> tuple[float, float]:
    """The last time at or before an instant, and the next one after it, of a local time on some days of the week.

    Args:
        instant_s: UTC seconds since 1970.
        tz: IANA zone name.
        days: Names of ``DAYS``, at least one.
        at: Local time, whole minutes.

    Returns:
        Both as UTC seconds. Where the clock skips the time it is the first instant after it.
    """
    before, after = _around(int(instant_s // 60), tz, days, at)
    return before.timestamp(), after.timestamp()
