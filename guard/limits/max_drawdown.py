"""Drawdown from the initial balance or from a peak."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from guard.limits._loss import LossLimit, LossRule, Reset, allowed_money
from guard.limits.base import AnchorNeed, Reading, number, unknown
from guard.metrics.anchored import Reference, room
from guard.metrics.compute import Metrics

TRAILS = {"peak_equity": "unrealized", "peak_closed_balance": "realized", "peak_eod_balance": "eod"}
WORDS = {"unrealized": "highest equity", "realized": "highest closed balance", "eod": "highest balance at a day's end"}
_MONEY: dict[str, Any] = {"money": True, "tighter": "higher"}
Trail = Literal["never", "eod", "realized", "unrealized"]


class MaxDrawdown(LossRule):
    """How far equity (credit left out) is below its reference.

    Static: from the initial balance that was typed, or from the balance at first seen. Trailing: from the highest
    equity, closed balance, or balance at the end of a day since the guard first saw the account (at least the initial
    balance if that is typed), with the floor locked at ``lock_at`` if given.
    """

    kind: ClassVar[str] = "max_drawdown"
    title: ClassVar[str] = "Maximum drawdown"

    limit: LossLimit = Field(description="how much may be lost from the reference")
    anchor: Literal["initial", "first_seen", "peak_equity", "peak_closed_balance", "peak_eod_balance"] = Field(
        "initial", description="initial: the typed balance; first_seen: balance at first sight; peaks trail"
    )
    trails: Trail | None = Field(
        None,
        description="never; eod, realized, unrealized: the reference rises with the highest balance at a day's end, "
        "closed balance or equity; absent: as the anchor says",
    )
    reset: Reset = Field(Reset(), description="when a day ends, for peak_eod_balance and evaluation eod")
    lock_at: Literal["initial"] | float | None = Field(
        None, description='the trailing floor rises no further than this: initial, or an amount such as "50100 USD"',
        json_schema_extra=_MONEY,
    )  # fmt: skip
    flows: Literal["shift", "scale", "ignore", "reset"] = Field(
        "shift",
        description="deposits and withdrawals shift the reference, scale the peak, are ignored, or begin it anew",
    )

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.anchor in TRAILS and self.trails not in (None, TRAILS[self.anchor]):
            message = f"trails '{self.trails}' contradicts the anchor {self.anchor}; leave one of them out"
            raise ValueError(message)
        return self

    @cached_property
    def trail(self) -> str:
        """How the reference rises: never, eod, realized or unrealized."""
        return self.trails if self.trails is not None else TRAILS.get(self.anchor, "never")

    @cached_property
    def key(self) -> str:
        """Name of the anchor in the engine's memory."""
        return f"life|{self.flows}"

    @cached_property
    def eod_key(self) -> str:
        """Name of the anchor of the ends of days."""
        return f"eod|{self.reset.tz}|{self.reset.time}|{self.flows}"

    @cached_property
    def day_key(self) -> str:
        """Name of the day's anchor, for rules that are judged at its end."""
        return f"day|{self.reset.tz}|{self.reset.time}"

    def anchor_needs(self) -> tuple[AnchorNeed, ...]:
        """First seen and peaks, the ends of days, and the day's own beginning as far as they are used."""
        tz, at = self.reset.tz, self.reset.time
        needs = [AnchorNeed(self.key, "life", "UTC", "00:00", self.flows, equity=self.trail == "unrealized")]
        if self.trail == "eod":
            needs.append(AnchorNeed(self.eod_key, "eod", tz, at, self.flows))
        if self.evaluation == "eod":
            needs.append(AnchorNeed(self.day_key, "day", tz, at, "shift", equity=self.includes_open_pl))
        return tuple(needs)

    def evaluate(self, m: Metrics) -> Reading:
        """The drawdown against its floor."""
        money = self.limit.value if self.limit.unit == "money" else None
        if m.context.flow_gap:
            return unknown(money, m.context.flow_gap)
        ref = m.context.anchors.get(self.key)
        reference, why, since = self._reference(m, ref)
        if reference is None:
            return unknown(money, why)
        value, why = self._value(m, ref)
        if value is None:
            return unknown(money, why)
        allowed, why = allowed_money(self.limit, m, reference)
        if allowed is None:
            return unknown(money, why)
        top = m.context.initial if self.lock_at == "initial" else self.lock_at
        if self.lock_at == "initial" and top is None:
            return unknown(allowed, "account.initial is not set in the configuration")
        if top is not None:
            allowed = max(allowed, reference - top)
        found = room(reference, allowed, value)
        unseen = ref.unseen if ref is not None and self.trail == "unrealized" else ""
        if unseen and value > found.floor and (top is None or found.floor < top):
            return unknown(allowed, unseen)
        return Reading(found.loss, allowed, found.utilization_pct, detail=(found.floor, reference, since))

    def _value(self, m: Metrics, ref: Reference | None) -> tuple[float | None, str]:
        if self.evaluation == "intraday":
            return self.worth(m, ref)
        day = m.context.anchors.get(self.day_key)
        if day is None:
            return None, "what was there when the day ended is not known"
        value = day.equity if self.includes_open_pl else day.balance
        if value is None or day.flows is None:
            return None, day.why if day.why else f"the equity at {day.at} was not seen"
        return value + (day.flows if self.flows != "ignore" else 0.0), ""

    def _reference(self, m: Metrics, ref: Reference | None) -> tuple[float | None, str, str]:
        if self.trail != "never":
            return self._peak(m, ref)
        if self.anchor == "initial":
            if m.context.initial is None:
                return None, "account.initial is not set in the configuration", ""
            if self.flows in ("ignore", "reset"):
                return m.context.initial, "", "initial balance"
            if ref is None or ref.flows is None:
                return None, ref.why if ref is not None else "deposits and withdrawals are not known", ""
            return m.context.initial + ref.flows, "", "initial balance"
        if ref is None:
            return None, "the account was not seen before: no reference is known", ""
        if ref.balance is None or (ref.flows is None and self.flows != "ignore"):
            return None, ref.why if ref.why else "the balance at first sight is unknown", ""
        moved = ref.flows if ref.flows is not None and self.flows != "ignore" else 0.0
        return ref.balance + moved, "", f"balance first seen {ref.at}"

    def _peak(self, m: Metrics, life: Reference | None) -> tuple[float | None, str, str]:
        ref = m.context.anchors.get(self.eod_key) if self.trail == "eod" else life
        if ref is None or life is None:
            return None, "the account was not seen before: no reference is known", ""
        peak = ref.peak_equity if self.trail == "unrealized" else ref.peak_balance
        if peak is None or (ref.flows is None and self.flows != "ignore"):
            return None, ref.why if ref.why else "the peak was not seen", ""
        since = f"{WORDS[self.trail]} since first seen {life.at}"
        if m.context.initial is None:
            return peak, "", since
        # An account that began with its initial balance was never lower at its best.
        least = m.context.initial
        if self.flows in ("shift", "scale"):
            if life.flows is None:
                return None, life.why, ""
            least += life.flows
        return (least, "", "initial balance") if least > peak else (peak, "", since)

    def say(self, reading: Reading) -> str:
        """The sentence."""
        floor, reference, since = reading.detail
        return (
            f"Drawdown is {number(reading.value)} of {number(reading.threshold)} allowed; the floor is {floor:,.2f}, "
            f"counted from {reference:,.2f} ({since})"
        )
