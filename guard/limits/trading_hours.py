"""Hours in which trading is allowed."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from guard.limits.base import Data, Limit, Reading, unknown
from guard.metrics.compute import Metrics
from guard.model.tradingday import weekly

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WORKDAYS: tuple[Day, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday")
CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"
_NONE: dict[str, Any] = {"tighter": "none"}


class Hours(Data):
    """One window of the week; an end before its begin is on the next day."""

    begin: Annotated[str, Field(pattern=CLOCK)] = Field("00:00", description="local time HH:MM")
    end: Annotated[str, Field(pattern=CLOCK)] = Field("23:59", description="local time HH:MM")
    days: tuple[Day, ...] = Field(WORKDAYS, min_length=1, description="days on which it begins")


class TradingHours(Limit):
    """Positions opened outside the hours, or with ``holding`` any that are held then.

    Outside the hours utilization is 100, so that a stage below it may block; what was opened there is a breach.
    """

    kind: ClassVar[str] = "trading_hours"
    title: ClassVar[str] = "Trading hours"
    unit: ClassVar[str] = "positions"
    max_field: ClassVar[str] = ""
    formula: ClassVar[str] = "0 within the hours, 100 outside, 200 with a position opened (or held) there"
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "close_offending", "flatten")

    tz: str = Field("UTC", description="IANA zone of the hours", json_schema_extra=_NONE)
    windows: Annotated[tuple[Hours, ...], Field(min_length=1)] = Field(
        examples=[[{"begin": "08:00", "end": "17:00", "days": list(WORKDAYS)}]],
        description="when trading is allowed", json_schema_extra=_NONE,
    )  # fmt: skip
    holding: bool = Field(
        False, description="holding a position outside is a breach too", json_schema_extra={"tighter": "none"}
    )

    @property
    def asks(self) -> str:
        """What it asks for, in words."""
        return f"no trades outside {len(self.windows)} windows of the week ({self.tz})"

    def evaluate(self, m: Metrics) -> Reading:
        """Positions outside the hours."""
        rows, s = m.bare_rows, m.snapshot
        if rows is None:
            return unknown(0.0, m.blind)
        outside = not self._open(s.taken_s)
        wrong: list[int] = []
        for row in rows:
            p = row.position
            if not self.scope.is_all and not self.scope.holds(row):
                continue
            if outside and self.holding:
                wrong.append(p.ticket)
                continue
            if p.time is None or s.server_utc_offset_s is None or not s.offset_confirmed:
                return unknown(0.0, f"when position {p.ticket} was opened is unknown", (p.ticket,))
            if not self._open(p.time - s.server_utc_offset_s):
                wrong.append(p.ticket)
        used = 200.0 if wrong else 100.0 if outside else 0.0
        return Reading(float(len(wrong)), 0.0, used, tuple(wrong), detail=(outside,))

    def _open(self, instant_s: float) -> bool:
        for window in self.windows:
            begin, end = (time.fromisoformat(part) for part in (window.begin, window.end))
            started, _ = weekly(instant_s, self.tz, window.days, begin)
            everyday = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
            _, ends = weekly(started, self.tz, everyday, end)
            if started <= instant_s < ends:
                return True
        return False

    def say(self, reading: Reading) -> str:
        """The sentence."""
        if reading.offending:
            what = "held" if self.holding else "opened"
            return f"Position {', '.join(map(str, reading.offending[:5]))} was {what} outside the trading hours"
        return "Outside the trading hours" if reading.detail[0] else "Within the trading hours"
