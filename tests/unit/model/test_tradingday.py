"""When a trading day, week or month begins, over both clock changes of three zones."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from guard.model.tradingday import period_bounds, reset_instant

MIDNIGHT = time(0, 0)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]  # year, month, day, hour, minute


@pytest.mark.parametrize(
    "day,tz,at,expected",
    [
        # Prague: +1 in winter, +2 in summer; forward at 01:00 UTC on 29 March 2026, back on 25 October 2026.
        (date(2026, 3, 28), "Europe/Prague", time(0, 0), utc(2026, 3, 27, 23, 0)),
        (date(2026, 3, 30), "Europe/Prague", time(0, 0), utc(2026, 3, 29, 22, 0)),
        (date(2026, 3, 29), "Europe/Prague", time(2, 30), utc(2026, 3, 29, 1, 0)),  # 02:30 does not exist
        (date(2026, 3, 29), "Europe/Prague", time(2, 0), utc(2026, 3, 29, 1, 0)),
        (date(2026, 3, 29), "Europe/Prague", time(3, 0), utc(2026, 3, 29, 1, 0)),
        (date(2026, 10, 25), "Europe/Prague", time(2, 30), utc(2026, 10, 25, 0, 30)),  # the first of the two
        (date(2026, 10, 25), "Europe/Prague", time(3, 0), utc(2026, 10, 25, 2, 0)),
        # New York: -5 in winter, -4 in summer; forward at 07:00 UTC on 8 March 2026, back at 06:00 on 1 November 2026.
        (date(2026, 3, 8), "America/New_York", time(2, 30), utc(2026, 3, 8, 7, 0)),
        (date(2026, 3, 8), "America/New_York", time(17, 0), utc(2026, 3, 8, 21, 0)),
        (date(2026, 3, 7), "America/New_York", time(17, 0), utc(2026, 3, 7, 22, 0)),
        (date(2026, 11, 1), "America/New_York", time(1, 30), utc(2026, 11, 1, 5, 30)),  # the first of the two
        (date(2026, 11, 1), "America/New_York", time(17, 0), utc(2026, 11, 1, 22, 0)),
        # Lord Howe moves by half an hour: +11 in summer, +10:30 in winter.
        (date(2026, 10, 4), "Australia/Lord_Howe", time(2, 15), utc(2026, 10, 3, 15, 30)),  # 02:15 does not exist
        (date(2026, 10, 4), "Australia/Lord_Howe", time(3, 0), utc(2026, 10, 3, 16, 0)),
        (date(2026, 4, 5), "Australia/Lord_Howe", time(1, 45), utc(2026, 4, 4, 14, 45)),  # the first of the two
    ],
)
def test_the_instant_of_a_reset(day: date, tz: str, at: time, expected: datetime) -> None:
    assert reset_instant(day, tz, at) == expected


@pytest.mark.parametrize("tz", ["UTC", "Europe/Prague", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"])
@pytest.mark.parametrize("at", [time(0, 0), time(1, 30), time(2, 15), time(2, 30), time(17, 0), time(23, 59)])
@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_periods_of_a_year_follow_each_other_without_hole_or_overlap(tz: str, at: time, period: str) -> None:
    instant = utc(2026, 1, 1, 12, 0)
    while instant < utc(2027, 1, 10):
        start, end = period_bounds(instant.timestamp(), period, tz, at)
        assert start <= instant < end
        assert period_bounds(start.timestamp(), period, tz, at) == (start, end)
        assert period_bounds(end.timestamp() - 60.0, period, tz, at) == (start, end)
        assert period_bounds(end.timestamp(), period, tz, at)[0] == end
        instant = end + timedelta(hours=7)


@pytest.mark.parametrize(
    "day,hours",
    [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)],
    ids=["clocks forward", "clocks back", "summer"],
)
def test_a_day_of_prague_has_23_24_or_25_hours(day: date, hours: int) -> None:
    noon = datetime.combine(day, time(12, 0), tzinfo=UTC)
    start, end = period_bounds(noon.timestamp(), "day", "Europe/Prague", MIDNIGHT)
    assert (end - start).total_seconds() == hours * 3600


def test_a_bare_server_hour_is_wrong_about_28_days_a_year() -> None:
    # A firm's day ends at midnight in Prague. A server on New York time + 7 h has the same midnight except while only
    # one of the two has changed its clocks: three weeks in spring and one in autumn.
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    wrong = 0
    for day in days:
        firm = reset_instant(day, "Europe/Prague", MIDNIGHT)
        server_midnight = reset_instant(day - timedelta(days=1), "America/New_York", time(17, 0))
        assert abs(firm - server_midnight) in {timedelta(hours=1), timedelta(hours=2), timedelta(0)}
        wrong += firm - server_midnight != timedelta(hours=1)
    assert wrong == 28


def test_the_week_begins_on_monday_and_the_month_on_its_first() -> None:
    friday = utc(2026, 11, 20, 12, 0).timestamp()
    assert period_bounds(friday, "week", "UTC", MIDNIGHT) == (utc(2026, 11, 16), utc(2026, 11, 23))
    assert period_bounds(friday, "month", "UTC", MIDNIGHT) == (utc(2026, 11, 1), utc(2026, 12, 1))
    sunday_evening = utc(2026, 11, 22, 22, 30).timestamp()
    # 23:30 in Prague is still Sunday; half an hour later the week is over.
    assert period_bounds(sunday_evening, "week", "Europe/Prague", MIDNIGHT)[1] == utc(2026, 11, 22, 23, 0)
    december = utc(2026, 12, 31, 23, 30).timestamp()
    assert period_bounds(december, "month", "Europe/Prague", MIDNIGHT)[0] == utc(2026, 12, 31, 23, 0)
