"""Drawdown from the initial balance or from a peak."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar, Literal

from pydantic import Field

from guard.limits._loss import LossLimit, allowed_money
from guard.limits.base import AnchorNeed, Limit, Reading, number, unknown
from guard.metrics.anchored import Reference, room
from guard.metrics.compute import Metrics


class MaxDrawdown(Limit):
    """How far equity (credit left out) is below its reference.

    Static: from the initial balance that was typed, or from the balance at first seen. Trailing: from the highest
    equity or closed balance since the guard first saw the account, with the floor locked at ``lock_at`` if given.
    """

    kind: ClassVar[str] = "max_drawdown"
    title: ClassVar[str] = "Maximum drawdown"
    unit: ClassVar[str] = "account currency"
    scoped: ClassVar[bool] = False
    is_floor: ClassVar[bool] = True
    max_field: ClassVar[str] = "limit.value"
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "close_offending", "flatten")

    limit: LossLimit = Field(description="how much may be lost from the reference")
    anchor: Literal["initial", "first_seen", "peak_equity", "peak_closed_balance"] = Field(
        "initial", description="initial: the typed balance; first_seen: balance at first sight; peaks trail"
    )
    lock_at: Literal["initial"] | float | None = Field(
        None, description="the trailing floor rises no further than this: initial, or an amount"
    )
    flows: Literal["shift", "scale", "ignore"] = Field(
        "shift", description="deposits and withdrawals shift the reference, scale the peak, or are ignored"
    )
    touch_is_breach: bool = Field(True, description="whether the limit itself is a breach already")

    @cached_property
    def key(self) -> str:
        """Name of the anchor in the engine's memory."""
        return f"life|{self.flows}"

    def anchor_needs(self) -> tuple[AnchorNeed, ...]:
        """First seen and peaks."""
        return (AnchorNeed(self.key, "life", "UTC", "00:00", self.flows),)

    def evaluate(self, m: Metrics) -> Reading:
        """The drawdown against its floor."""
        money = self.limit.value if self.limit.unit == "money" else None
        if m.context.flow_gap:
            return unknown(money, m.context.flow_gap)
        reference, why, since = self._reference(m, m.context.anchors.get(self.key))
        if reference is None:
            return unknown(money, why)
        value = m.loss_equity
        if value is None:
            return unknown(money, "equity or credit is missing")
        allowed, why = allowed_money(self.limit, m, reference)
        if allowed is None:
            return unknown(money, why)
        top = m.context.initial if self.lock_at == "initial" else self.lock_at
        if self.lock_at == "initial" and top is None:
            return unknown(allowed, "account.initial is not set in the configuration")
        if top is not None:
            allowed = max(allowed, reference - top)
        found = room(reference, allowed, value)
        return Reading(found.loss, allowed, found.utilization_pct, detail=(found.floor, reference, since))

    def _reference(self, m: Metrics, ref: Reference | None) -> tuple[float | None, str, str]:
        if self.anchor == "initial":
            if m.context.initial is None:
                return None, "account.initial is not set in the configuration", ""
            if self.flows == "ignore":
                return m.context.initial, "", "initial balance"
            if ref is None or ref.flows is None:
                return None, ref.why if ref is not None else "deposits and withdrawals are not known", ""
            return m.context.initial + ref.flows, "", "initial balance"
        if ref is None:
            return None, "the account was not seen before: no reference is known", ""
        if self.anchor == "first_seen":
            if ref.balance is None or (ref.flows is None and self.flows != "ignore"):
                return None, ref.why if ref.why else "the balance at first sight is unknown", ""
            moved = ref.flows if ref.flows is not None and self.flows != "ignore" else 0.0
            return ref.balance + moved, "", f"balance first seen {ref.at}"
        peak = ref.peak_equity if self.anchor == "peak_equity" else ref.peak_balance
        if peak is None or (ref.flows is None and self.flows != "ignore"):
            return None, ref.why if ref.why else "the peak was not seen", ""
        word = "equity" if self.anchor == "peak_equity" else "closed balance"
        return peak, "", f"highest {word} since first seen {ref.at}"

    def say(self, reading: Reading) -> str:
        """The sentence."""
        floor, reference, since = reading.detail
        return (
            f"Drawdown is {number(reading.value)} of {number(reading.threshold)} allowed; the floor is {floor:,.2f}, "
            f"counted from {reference:,.2f} ({since})"
        )
