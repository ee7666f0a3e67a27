"""The trading days of an account as limits read them. Money in account currency, net of all costs."""

from __future__ import annotations

from typing import NamedTuple


class Day(NamedTuple):
    """One trading day: its start (ISO, UTC), what closed trades made, deposits less withdrawals, positions opened."""

    at: str
    result: float
    flows: float
    opened: int


class DayBook(NamedTuple):
    """The days, oldest first, today last; ``why`` is not empty when they are not known."""

    days: tuple[Day, ...]
    why: str
