"""What the loss kinds share: how much, of what, and what a deposit does to the reference."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator

from guard.limits.base import Data, Positive
from guard.metrics.compute import Metrics


class LossLimit(Data):
    """How much may be lost: percent of a basis, or money in account currency."""

    value: Positive = Field(description="how much may be lost")
    unit: Literal["pct", "money"] = Field("pct", description="pct: percent of the basis; money: account currency")
    basis: Literal["initial", "anchor", "current_balance"] = Field("anchor", description="what the percent are of")


class Reset(Data):
    """When a period begins: a local time in an IANA zone. Never a bare hour."""

    tz: str = Field("UTC", description="IANA zone such as Europe/Prague or America/New_York")
    time: Annotated[str, Field(description="local time HH:MM")] = "00:00"

    @field_validator("time")
    @classmethod
    def _clock(cls, value: str) -> str:
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
            message = "must be a time HH:MM between 00:00 and 23:59"
            raise ValueError(message)
        return value


def allowed_money(limit: LossLimit, m: Metrics, reference: float) -> tuple[float | None, str]:
    """The allowed loss in account currency, or ``None`` and the reason."""
    if limit.unit == "money":
        return limit.value, ""
    base = reference
    if limit.basis != "anchor":
        given = m.context.initial if limit.basis == "initial" else m.account.balance
        if given is None:
            missing = "account.initial is not set in the configuration"
            return None, missing if limit.basis == "initial" else "the balance is unknown"
        base = given
    if base <= 0.0:
        return None, f"the basis of the percentage is {base:.2f}, not above 0"
    return limit.value * base / 100.0, ""
