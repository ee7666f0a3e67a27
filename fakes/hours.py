"""Trading sessions of a week on the server's clock, and days off."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

_DAY_MIN, _WEEK_MIN = 1440, 10_080
_MSC_A_MIN = 60_000
_THURSDAY_MIN = 3 * _DAY_MIN  # 1 January 1970, where server milliseconds begin, was a Thursday
_DAYS = {"Mon": 0, "Tue": 1, "Wed": 2, "Thu": 3, "Fri": 4, "Sat": 5, "Sun": 6}


@dataclass(frozen=True, slots=True)
class Hours:
    """When a symbol trades: minutes of the week as ``(from, to)``, Monday 00:00 being 0, ``to`` not included.

    ``days_off`` are server days, counted from 1 January 1970, without trading.
    """

    spans: tuple[tuple[int, int], ...]
    days_off: frozenset[int] = frozenset()

    @classmethod
    def of(cls, week: Mapping[str, Sequence[str]], days_off: Iterable[date] = ()) -> Hours:
        """Hours by day, such as ``{"Mon": ["01:05-23:55"]}``; an end of ``24:00`` runs into the next day.

        Raises:
            ValueError: a span that ends before it begins, or that overlaps another.
        """
        spans = sorted(
            (_DAYS[day] * _DAY_MIN + _minutes(begin), _DAYS[day] * _DAY_MIN + _minutes(end))
            for day, texts in week.items()
            for begin, end in (text.split("-") for text in texts)
        )
        merged: list[tuple[int, int]] = []
        for begin, end in spans:
            if end <= begin or (merged and begin < merged[-1][1]):
                raise ValueError("trading hours must be in order and apart")
            if merged and merged[-1][1] == begin:
                merged[-1] = (merged[-1][0], end)
            else:
                merged.append((begin, end))
        return cls(tuple(merged), frozenset((day - date(1970, 1, 1)).days for day in days_off))

    def is_open(self, server_msc: int) -> bool:
        """Whether the symbol trades at this server time."""
        minute = server_msc // _MSC_A_MIN
        if self.days_off and minute // _DAY_MIN in self.days_off:
            return False
        of_week = (minute + _THURSDAY_MIN) % _WEEK_MIN
        index = bisect_right(self.spans, (of_week, _WEEK_MIN)) - 1
        return index >= 0 and of_week < self.spans[index][1]

    def next_open(self, server_msc: int) -> int:
        """The first server millisecond from this one on at which the symbol trades.

        Raises:
            ValueError: it does not trade within the next five weeks.
        """
        if self.is_open(server_msc):
            return server_msc
        minute = server_msc // _MSC_A_MIN + 1
        for later in range(minute, minute + 5 * _WEEK_MIN):
            if self.is_open(later * _MSC_A_MIN):
                return later * _MSC_A_MIN
        raise ValueError("the symbol does not trade within five weeks")


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


_FX = {day: ["00:00-24:00"] for day in ("Tue", "Wed", "Thu")} | {"Mon": ["00:05-24:00"], "Fri": ["00:00-23:55"]}
FX_HOURS = Hours.of(_FX)
METAL_HOURS = Hours.of({day: ["01:05-23:55"] for day in ("Mon", "Tue", "Wed", "Thu", "Fri")})
STOCK_HOURS = Hours.of({day: ["16:35-22:55"] for day in ("Mon", "Tue", "Wed", "Thu", "Fri")})
