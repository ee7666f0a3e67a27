"""Lowest equity."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from pydantic import Field

from guard.limits.base import Limit, Positive, Reading, number, unknown
from guard.metrics.compute import Metrics

_MONEY: dict[str, Any] = {"money": True, "tighter": "higher"}


class EquityFloor(Limit):
    """Equity, credit left out, against a fixed amount: below it nothing may be risked any more."""

    kind: ClassVar[str] = "equity_floor"
    title: ClassVar[str] = "Equity floor"
    unit: ClassVar[str] = "account currency"
    scoped: ClassVar[bool] = False
    is_floor: ClassVar[bool] = True
    max_field: ClassVar[str] = "min"
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "close_offending", "flatten")

    min: Positive = Field(
        examples=["9000 USD"], description='lowest equity, such as "9000 USD"', json_schema_extra=_MONEY
    )
    with_credit: bool = Field(False, description="count credit as equity", json_schema_extra={"tighter": "none"})
    touch_is_breach: bool = Field(True, description="whether the floor itself is a breach already")

    def evaluate(self, m: Metrics) -> Reading:
        """The account's equity."""
        value = m.equity if self.with_credit else m.loss_equity
        if value is None:
            return unknown(self.min, "equity or credit is missing")
        return Reading(value, self.min, math.inf if value <= 0.0 else self.min / value * 100.0)

    def say(self, reading: Reading) -> str:
        """The sentence."""
        return f"Equity is {number(reading.value)}; the floor is {number(self.min)}"
