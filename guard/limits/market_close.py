"""What may be held when the market closes."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from guard.limits.base import Limit, NotNegative, Positive, Reading, ceiling, number, unknown
from guard.metrics.book import PositionFigures
from guard.metrics.compute import Metrics
from guard.model.tradingday import weekly

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WORKDAYS: tuple[Day, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday")
CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"
_NONE: dict[str, Any] = {"tighter": "none"}
_HIGHER: dict[str, Any] = {"tighter": "higher"}
NEAR = 80.0


class MarketClose(Limit):
    """From ``by_s`` before the close on: nothing held (``flat``), or no more than ``max`` times equity (``leverage``).

    With ``no_opening_s`` nothing may be opened from then on. With ``broker_leverage`` the margin that the broker will
    ask while the market is closed is projected, and the margin level it leaves must be above ``min_level_pct``. A
    terminal does not tell when a market closes: the times are written here.
    """

    kind: ClassVar[str] = "market_close"
    title: ClassVar[str] = "Market close"
    unit: ClassVar[str] = "x equity, or positions"
    formula: ClassVar[str] = "80 before the window, 100 in it, 200 with what is forbidden; or value / limit x 100"
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "reduce", "close_offending", "flatten")

    closes: Literal["weekend", "overnight"] = Field(
        "weekend", description="weekend: on Friday; overnight: on every workday", json_schema_extra=_NONE
    )
    tz: str = Field("America/New_York", description="IANA zone of the close", json_schema_extra=_NONE)
    time: Annotated[str, Field(pattern=CLOCK)] = Field(
        "17:00", description="local time HH:MM of the close", json_schema_extra=_NONE
    )
    require: Literal["flat", "leverage", "nothing"] = Field(
        "flat", description="flat; leverage: no more than max; nothing: only no_opening_s and the projection count",
        json_schema_extra=_NONE,
    )  # fmt: skip
    max: Positive = Field(5.0, description="for require leverage: largest notional / equity, in times")
    by_s: NotNegative = Field(900.0, description="seconds before the close", json_schema_extra=_HIGHER)
    no_opening_s: NotNegative = Field(
        0.0, description="seconds before the close from which nothing may be opened", json_schema_extra=_HIGHER
    )
    closed_s: Positive = Field(
        3600.0, description="seconds after the close in which the rule still holds", json_schema_extra=_HIGHER
    )
    warn_s: NotNegative = Field(7200.0, description="seconds before that to say so", json_schema_extra=_HIGHER)
    broker_leverage: Positive | None = Field(
        None, description="the leverage the broker cuts to at the close, e.g. 200 for 1:200", json_schema_extra=_NONE
    )
    min_level_pct: Positive = Field(
        150.0, description="lowest margin level the projected margin may leave", json_schema_extra=_HIGHER
    )

    @property
    def asks(self) -> str:
        """What it asks for, in words."""
        return {"flat": "nothing held", "leverage": f"at most {self.max:g} x equity", "nothing": "nothing opened"}[
            self.require
        ] + f" before the close at {self.time} {self.tz} ({self.closes})"

    def evaluate(self, m: Metrics) -> Reading:
        """What is held against what may be."""
        rows, equity, s = m.bare_rows, m.equity, m.snapshot
        if rows is None or equity is None:
            return unknown(self._threshold, m.blind if m.blind else "account.equity is missing")
        days: tuple[Day, ...] = ("friday",) if self.closes == "weekend" else WORKDAYS
        hour, minute = (int(part) for part in self.time.split(":"))
        last, following = weekly(s.taken_s, self.tz, days, time(hour, minute))
        left = -(s.taken_s - last) if s.taken_s - last < self.closed_s else following - s.taken_s
        held = [row for row in rows if self.scope.is_all or self.scope.holds(row)]
        begins = max(self.by_s if self.require != "nothing" else 0.0, self.no_opening_s)
        if left > begins + self.warn_s:
            return Reading(None, self._threshold, 0.0, (), f"The market closes in {_span(left)}")
        late = self._opened_late(m, held, s.taken_s + left)
        if late is None:
            return unknown(self._threshold, "when a position was opened is unknown")
        found = self._held(held, equity, left)
        if isinstance(found, str):
            return unknown(self._threshold, found)
        value, used, tickets, why = found
        if late:
            names = ", ".join(map(str, late[:5]))
            return Reading(value, self._threshold, 200.0, late, f"Position {names} was opened just before the close")
        if used <= 100.0 and left <= self.no_opening_s:
            used = max(used, 100.0)
        return Reading(value, self._threshold, used, tickets, why)

    @property
    def _threshold(self) -> float:
        return self.max if self.require == "leverage" else 0.0

    def _opened_late(self, m: Metrics, held: list[PositionFigures], close_s: float) -> tuple[int, ...] | None:
        if self.no_opening_s == 0.0:
            return ()
        offset = m.snapshot.server_utc_offset_s if m.snapshot.offset_confirmed else None
        if held and (offset is None or any(row.position.time is None for row in held)):
            return None
        return tuple(
            row.position.ticket
            for row in held
            if row.position.time is not None and offset is not None
            and close_s - self.no_opening_s <= row.position.time - offset
        )  # fmt: skip

    def _held(
        self, held: list[PositionFigures], equity: float, left: float
    ) -> tuple[float, float, tuple[int, ...], str] | str:
        """Value, utilization, tickets and sentence of what is held; or why it is not known."""
        tickets = tuple(row.position.ticket for row in held)
        due = left <= self.by_s
        when = f"closes in {_span(left)}" if left > 0.0 else "is closed"
        if any(row.notional is None for row in held):
            return "the notional of a position is unknown"
        notional = sum(row.notional for row in held if row.notional is not None)
        times = notional / equity if equity > 0.0 else (float("inf") if notional > 0.0 else 0.0)
        value = times if self.require == "leverage" else float(len(held))
        why = f"The market {when}; {number(times)} x equity is held in {len(held)} positions"
        used = 0.0
        if self.require == "leverage":
            used = ceiling(times, self.max)
            used = used if due else min(used, NEAR)
        elif self.require == "flat" and held:
            used = 200.0 if due else NEAR
        if self.broker_leverage is not None and notional > 0.0:
            margin = notional / self.broker_leverage
            level = equity / margin * 100.0
            why += f"; at the broker's 1:{self.broker_leverage:g} margin would be {margin:,.2f}"
            why += f", margin level {level:,.1f} %"
            projected = self.min_level_pct / level * 100.0 if level > 0.0 else float("inf")
            used = max(used, projected)
        return value, used, tickets if used > 0.0 else (), why

    def say(self, reading: Reading) -> str:
        """The sentence."""
        return reading.why


def _span(seconds: float) -> str:
    minutes = round(max(0.0, seconds) / 60.0)
    return f"{minutes // 60} h {minutes % 60:02d}" if minutes >= 60 else f"{minutes} min"
