"""The account's leverage setting (1:N)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from guard.limits.base import Limit, Reading, ceiling, unknown
from guard.metrics.compute import Metrics


class AccountLeverage(Limit):
    """The account's setting 1:N, above ``max`` or other than ``expected``. A setting of 0 is unlimited leverage.

    It says how little margin the broker asks for, not how much is held: see effective_leverage.
    """

    kind: ClassVar[str] = "account_leverage"
    title: ClassVar[str] = "Account leverage"
    unit: ClassVar[str] = "1:N"
    scoped: ClassVar[bool] = False
    formula: ClassVar[str] = "0 up to the limit, above it value / limit x 100"
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending")

    max: Annotated[int, Field(gt=0)] = Field(examples=[100], description="largest setting, 100 for 1:100")
    expected: Annotated[int, Field(gt=0)] | None = Field(
        None, description="the setting you know: any other one is a breach, so that a change is noticed"
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.expected is not None and self.expected > self.max:
            message = f"expected {self.expected} is above max {self.max}"
            raise ValueError(message)
        return self

    def evaluate(self, m: Metrics) -> Reading:
        """The account's setting."""
        value, most = m.account.leverage, float(self.max)
        if value is None:
            return unknown(most, "account.leverage is missing")
        if value == 0:
            return Reading(None, most, None, (), "The account's leverage is unlimited", breach=True)
        if self.expected is not None and value != self.expected:
            why = f"The account's leverage was changed: 1:{value}, expected 1:{self.expected}"
            return Reading(float(value), most, None, (), why, breach=True)
        # At the setting itself nothing is wrong: the way there has no stages.
        used = ceiling(float(value), most)
        return Reading(float(value), most, used if used > 100.0 else 0.0)

    def say(self, reading: Reading) -> str:
        """The sentence."""
        return f"The account's leverage is 1:{reading.value:.0f}; the limit is 1:{self.max}"
