"""What the loss kinds share: how much, of what, and what a deposit does to the reference."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator

from guard.limits.base import Data, Limit, Positive
from guard.metrics.anchored import Reference
from guard.metrics.compute import Metrics
from guard.metrics.flows import REMEMBERED

Cost = Literal["commission", "swap"]
COSTS: tuple[Cost, ...] = ("commission", "swap")
_SUPERSET: dict[str, Any] = {"tighter": "superset"}


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


class LossRule(Limit):
    """What the loss kinds have in common besides their own reference."""

    scoped: ClassVar[bool] = False
    is_floor: ClassVar[bool] = True
    unit: ClassVar[str] = "account currency"
    max_field: ClassVar[str] = "limit.value"
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "close_offending", "flatten")

    includes_open_pl: bool = Field(True, description="whether open positions count")
    includes: tuple[Cost, ...] = Field(
        COSTS, description="which costs count as loss", json_schema_extra=_SUPERSET
    )
    evaluation: Literal["intraday", "eod"] = Field(
        "intraday", description="intraday: compared in every look; eod: only with what was there at the reset"
    )
    touch_is_breach: bool = Field(True, description="whether the limit itself is a breach already")

    def worth(self, m: Metrics, ref: Reference | None) -> tuple[float | None, str]:
        """What is compared with the floor, in account currency, or ``None`` and the reason."""
        value = m.loss_equity if self.includes_open_pl else m.account.balance
        if value is None:
            return None, "equity, credit or balance is missing"
        if self.includes == COSTS or set(self.includes) == set(COSTS):
            return value, ""
        return self._without_costs(m, ref, value)

    def _without_costs(self, m: Metrics, ref: Reference | None, value: float) -> tuple[float | None, str]:
        """The value with the costs since the reference put back that do not count."""
        deals, start = m.snapshot.deals, None if ref is None else ref.server_s
        if deals is None or start is None:
            return None, "costs cannot be told apart: deals, or the server's clock at the reference, are missing"
        paid = REMEMBERED.costs_since(deals, start)
        if paid is None:
            return None, "a deal lacks its costs"
        commission, swap = paid
        if "commission" not in self.includes:
            value -= commission
        if "swap" not in self.includes:
            value -= swap
            if self.includes_open_pl:
                for row in m.snapshot.positions or ():
                    if row.swap is None:
                        return None, f"the swap of position {row.ticket} is unknown"
                    value -= row.swap
        return value, ""


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
