"""The page's table of resets, and every day of the weeks around each change of clocks, against two other sources."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from guard.model.tradingday import period_bounds, reset_instant

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "guide" / "resets.md").read_text(encoding="utf-8")
ROWS = [line.strip("| \n").split(" | ") for line in re.findall(r"^\| 20.*$", PAGE, re.MULTILINE)]
MIDNIGHT, EVENING = time(0, 0), time(17, 0)
COLUMNS = (("Europe/Prague", MIDNIGHT, 0), ("America/New_York", EVENING, 0), ("America/Chicago", EVENING, 0),
           ("America/New_York", EVENING, -1), ("Etc/GMT-3", MIDNIGHT, 0), ("UTC", MIDNIGHT, 0))  # fmt: skip
YEARS = range(2024, 2028)


def changes(year: int) -> list[date]:
    """The four Sundays on which a clock of Prague or New York is changed, by the laws' own words."""
    first = {month: date(year, month, 1) + timedelta((6 - date(year, month, 1).weekday()) % 7) for month in (3, 11)}
    ends = [date(year, month, 31) for month in (3, 10)]
    last = [day - timedelta((day.weekday() + 1) % 7) for day in ends]
    return [first[3] + timedelta(7), last[0], last[1], first[11]]


DAYS = sorted({sunday + timedelta(step) for year in YEARS for sunday in changes(year) for step in range(-7, 15)})


def test_the_table_has_both_sides_of_every_change() -> None:
    wanted = [sunday + timedelta(step) for year in YEARS for sunday in changes(year) for step in (-2, 1)]
    assert [date.fromisoformat(row[0]) for row in ROWS] == wanted


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row[0]))
def test_a_row_says_what_the_guard_does(row: list[str]) -> None:
    day = date.fromisoformat(row[0])
    for cell, (tz, at, step) in zip(row[2:], COLUMNS, strict=True):
        instant = reset_instant(day + timedelta(step), tz, at)
        assert cell[:5] == instant.strftime("%H:%M"), (tz, cell)
        assert ("day before" in cell) == (instant.date() < day)


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_every_day_of_those_weeks_agrees_with_zoneinfo(day: date) -> None:
    for tz, at, step in COLUMNS:
        on = day + timedelta(step)
        instant = reset_instant(on, tz, at)
        assert instant == datetime.combine(on, at, tzinfo=ZoneInfo(tz)).astimezone(UTC)
        local = instant.astimezone(ZoneInfo(tz))
        assert (local.date(), local.time()) == (on, at)
        begins, ends = period_bounds(instant.timestamp(), "day", tz, at)
        assert begins == instant
        assert ends == reset_instant(on + timedelta(1), tz, at)


@pytest.mark.parametrize("year", YEARS)
def test_the_servers_midnight_agrees_with_brokerclock(year: int) -> None:
    why = "the package brokerclock is not installed: a test-only check"
    brokerclock = pytest.importorskip("brokerclock", reason=why)
    server = brokerclock.ServerZone.us()
    for day in (day for day in DAYS if day.year == year):
        wall = int(datetime.combine(day, MIDNIGHT, tzinfo=UTC).timestamp())
        assert server.to_utc(wall) == reset_instant(day - timedelta(1), "America/New_York", EVENING)


def test_a_bare_hour_is_wrong_on_28_days_a_year_and_21_of_2027() -> None:
    for year in YEARS:
        wrong = 0
        for number in range(366):
            day = date(year, 1, 1) + timedelta(number)
            if day.year != year:
                break
            server = reset_instant(day - timedelta(1), "America/New_York", EVENING)
            wrong += server - reset_instant(day, "Europe/Prague", MIDNIGHT) != -timedelta(hours=1)
        assert wrong == (21 if year == 2027 else 28)
