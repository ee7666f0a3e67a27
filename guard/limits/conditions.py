"""Conditions on the account's figures, joined by any or all: what the best-known expert advisor offers."""

from __future__ import annotations

from datetime import time
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from guard.limits._loss import Reset
from guard.limits.base import AnchorNeed, Data, Limit, Reading, Stage, unknown
from guard.metrics.compute import Metrics
from guard.metrics.points import closed_points, floating_points
from guard.metrics.trades import trades
from guard.model.tradingday import weekly

Figure = Literal[
    "floating_loss", "floating_profit", "equity", "equity_less_mark", "mark_less_equity", "free_margin",
    "margin_level", "price", "spread", "day_result", "day_loss", "positions", "orders", "balance", "clock",
]  # fmt: skip
Unit = Literal["money", "pct", "points", "count", "price"]
Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEK: tuple[Day, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
UNITS: dict[str, tuple[Unit, ...]] = {
    "floating_loss": ("pct", "money", "points"), "floating_profit": ("pct", "money", "points"),
    "equity": ("money", "pct"), "equity_less_mark": ("money",), "mark_less_equity": ("money",),
    "free_margin": ("money", "pct"), "margin_level": ("pct",), "price": ("price",), "spread": ("points",),
    "day_result": ("money", "points", "pct"), "day_loss": ("money", "points", "pct"),
    "positions": ("count",), "orders": ("count",), "balance": ("money",),
    "clock": ("count",),
}  # fmt: skip
OF_SYMBOL = ("price", "spread")
CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"
_NONE: dict[str, Any] = {"tighter": "none"}


class Condition(Data):
    """One condition: a figure that is at least, or at most, a value.

    Losses are positive numbers. ``pct``: floating and the day's result in percent of balance, equity and free margin in
    percent of the snapshot
    ``mark``, margin level as it is. ``clock`` is true from ``at`` for ``value`` seconds.
    """

    figure: Figure = Field(description="which figure")
    when: Literal["at_least", "at_most"] = Field("at_least", description="at_least: rises to it; at_most: falls to it")
    value: Annotated[float, Field(allow_inf_nan=False)] = Field(description='the value; money such as "500 USD"')
    unit: Unit = Field(description="money, pct, points, count or price")
    symbol: str | None = Field(None, description="for price and spread: the symbol")
    mark: str = Field("start", description="name of the snapshot of equity and free margin, taken at the first look")
    at: Annotated[str, Field(pattern=CLOCK)] = Field("00:00", description="for clock: local time HH:MM")
    tz: str = Field("UTC", description="for clock: IANA zone")
    days: Annotated[tuple[Day, ...], Field(min_length=1)] = Field(WEEK, description="for clock: days of the week")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.unit not in UNITS[self.figure]:
            message = f"{self.figure} is counted in {' or '.join(UNITS[self.figure])}"
            raise ValueError(message)
        if (self.symbol is not None) != (self.figure in OF_SYMBOL):
            message = f"{self.figure} {'needs a symbol' if self.symbol is None else 'has no symbol'}"
            raise ValueError(message)
        return self

    @property
    def marked(self) -> bool:
        """Whether it compares with a snapshot of the account."""
        return self.figure in ("equity_less_mark", "mark_less_equity") or (
            self.unit == "pct" and self.figure in ("equity", "free_margin")
        )


class Conditions(Limit):
    """How many of the conditions hold: one is enough (``any``), or all of them are needed (``all``).

    ``for_s`` is how long they must hold, ``scope`` filters the positions that floating results and counts look at.
    """

    kind: ClassVar[str] = "conditions"
    title: ClassVar[str] = "Conditions"
    unit: ClassVar[str] = "conditions"
    max_field: ClassVar[str] = "conditions"
    formula: ClassVar[str] = "conditions that hold / conditions that are needed x 100"
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "close_offending", "flatten")

    conditions: Annotated[tuple[Condition, ...], Field(min_length=1)] = Field(
        examples=[[{"figure": "margin_level", "when": "at_most", "value": 200.0, "unit": "pct"}]],
        description="the conditions", json_schema_extra=_NONE,
    )  # fmt: skip
    logic: Literal["any", "all"] = Field(
        "any", description="any: one is enough; all: every one", json_schema_extra=_NONE
    )
    reset: Reset = Field(Reset(), description="when the day of day_result begins")
    touch_is_breach: bool = Field(True, description="whether the value itself counts already")
    stages: tuple[Stage, ...] = Field((Stage(at_pct=100.0),), description="default: one, when the conditions hold")

    @property
    def asks(self) -> str:
        """What it asks for, in words."""
        return f"{self.logic} of {len(self.conditions)} conditions"

    @cached_property
    def marks(self) -> tuple[str, ...]:
        """The snapshots the conditions compare with."""
        return tuple(dict.fromkeys(one.mark for one in self.conditions if one.marked))

    @cached_property
    def key(self) -> str:
        """Name of the day's anchor."""
        return f"day|{self.reset.tz}|{self.reset.time}"

    def anchor_needs(self) -> tuple[AnchorNeed, ...]:
        """The day's beginning, where the day's result counts."""
        if not any(one.figure in ("day_result", "day_loss") for one in self.conditions):
            return ()
        return (AnchorNeed(self.key, "day", self.reset.tz, self.reset.time, "shift"),)

    def evaluate(self, m: Metrics) -> Reading:
        """How many conditions hold."""
        needed = float(len(self.conditions)) if self.logic == "all" else 1.0
        held, unsure, holes, said = 0, 0, "", []
        for one in self.conditions:
            found = self._figure(one, m)
            if isinstance(found, str):
                unsure, holes = unsure + 1, found
                continue
            if (found >= one.value - 1e-9) if one.when == "at_least" else (found <= one.value + 1e-9):
                held += 1
                said.append(f"{one.figure} is {found:,.5g} ({one.when.replace('_', ' ')} {one.value:,.5g} {one.unit})")
        missing = held < needed
        if missing and held + unsure >= needed:
            return unknown(needed, holes)
        used = min(100.0, held / needed * 100.0)
        return Reading(float(held), needed, used, self._tickets(m) if not missing else (), detail=tuple(said))

    def _tickets(self, m: Metrics) -> tuple[int, ...]:
        rows = self._rows(m)
        return () if rows is None else tuple(row.ticket for row in rows)

    def _figure(self, one: Condition, m: Metrics) -> float | str:
        """The condition's figure in its unit, or why it is not known."""
        a = m.account
        if one.figure in ("floating_loss", "floating_profit"):
            found = self._floating(one, m)
            return -found if isinstance(found, float) and one.figure == "floating_loss" else found
        if one.figure in ("day_result", "day_loss"):
            made = self._day(one, m)
            return -made if isinstance(made, float) and one.figure == "day_loss" else made
        if one.figure in ("positions", "orders"):
            return self._count(one, m)
        if one.figure in OF_SYMBOL:
            return _of_symbol(one, m)
        if one.figure == "clock":
            hour, minute = (int(part) for part in one.at.split(":"))
            last, _ = weekly(m.snapshot.taken_s, one.tz, one.days, time(hour, minute))
            # Within ``value`` seconds of its time it is as large as asked for.
            return one.value if m.snapshot.taken_s - last < max(one.value, 60.0) else -1.0
        if one.figure == "margin_level":
            if a.margin == 0.0 and not m.blind and not m.margin_blind:
                return float("inf")
            return m.margin_level_pct if m.margin_level_pct is not None else "the margin level is unknown"
        if one.figure == "balance":
            return a.balance if a.balance is not None else "account.balance is missing"
        return _of_account(one, m)

    def _rows(self, m: Metrics) -> list[Any] | None:
        rows = m.bare_rows
        return None if rows is None else [row.position for row in rows if self.scope.is_all or self.scope.holds(row)]

    def _floating(self, one: Condition, m: Metrics) -> float | str:
        rows, balance = self._rows(m), m.account.balance
        if rows is None or balance is None:
            return m.blind if m.blind else "account.balance is missing"
        if one.unit == "points":
            points = floating_points(rows, m.snapshot.symbols)
            return points if points is not None else "a price or the point of a symbol is unknown"
        if any(row.profit is None or row.swap is None for row in rows):
            return "the profit or swap of a position is unknown"
        money = float(sum(row.profit + row.swap for row in rows))
        if one.unit == "money":
            return money
        return money / balance * 100.0 if balance > 0.0 else "the balance is not above 0"

    def _day(self, one: Condition, m: Metrics) -> float | str:
        ref, s = m.context.anchors.get(self.key), m.snapshot
        if m.context.flow_gap:
            return m.context.flow_gap
        if ref is None or ref.balance is None or ref.flows is None or m.loss_equity is None:
            return ref.why if ref is not None and ref.why else "the day's reference or equity is not known"
        if one.unit == "points":
            lives = trades(s.deals) if s.deals is not None else None
            rows = self._rows(m)
            if lives is None or rows is None or s.deals is None or (s.deals and ref.server_s is None):
                return "deals, positions, or the server's clock at the reset are not known"
            shut = closed_points(s.deals, ref.server_s if ref.server_s is not None else 0.0, lives, s.symbols)
            open_ = floating_points(rows, s.symbols)
            return shut + open_ if shut is not None and open_ is not None else "an entry or a symbol's point is unknown"
        money = m.loss_equity - ref.balance - ref.flows
        if one.unit == "money":
            return money
        return money / ref.balance * 100.0 if ref.balance > 0.0 else "the balance at the reset is not above 0"

    def _count(self, one: Condition, m: Metrics) -> float | str:
        if one.figure == "positions":
            rows = self._rows(m)
            return float(len(rows)) if rows is not None else m.blind
        orders = m.snapshot.orders
        if orders is None:
            return "the list of orders is missing"
        keep = self.scope.holds_trade
        return float(sum(1 for row in orders if keep(row.symbol, row.magic, row.side, row.comment)))

    def say(self, reading: Reading) -> str:
        """The sentence."""
        if not reading.detail:
            return f"None of {len(self.conditions)} conditions holds"
        needed = "all are needed" if self.logic == "all" else "one is enough"
        what = "; ".join(map(str, reading.detail))
        return f"{reading.value:.0f} of {len(self.conditions)} conditions hold ({needed}): {what}"


def _of_symbol(one: Condition, m: Metrics) -> float | str:
    name = one.symbol if one.symbol is not None else ""
    tick, symbol = m.snapshot.ticks.get(name), m.snapshot.symbols.get(name)
    if tick is None or tick.bid is None or tick.ask is None:
        return f"there is no quote of {name}"
    if one.figure == "price":
        return tick.bid
    point = symbol.point if symbol is not None else None
    return round((tick.ask - tick.bid) / point, 6) if point else f"the point of {name} is unknown"


def _of_account(one: Condition, m: Metrics) -> float | str:
    """Equity and free margin, by themselves or against a snapshot."""
    equity, margin = m.account.equity, m.account.margin
    if equity is None or margin is None:
        return "account.equity or account.margin is missing"
    value = equity - margin if one.figure == "free_margin" else equity
    if not one.marked:
        return value
    mark = m.context.watched.marks.get(one.mark)
    if mark is None:
        return f"the snapshot '{one.mark}' is taken at this first look"
    before = mark.free_margin if one.figure == "free_margin" else mark.equity
    if one.unit == "pct":
        return value / before * 100.0 if before > 0.0 else f"the snapshot '{one.mark}' is not above 0"
    return value - before if one.figure == "equity_less_mark" else before - value
