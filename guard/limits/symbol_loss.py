"""Floating loss in one symbol."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from guard.limits._loss import LossLimit, allowed_money
from guard.limits.base import Limit, Reading, ceiling, number, unknown
from guard.metrics.compute import Metrics
from guard.metrics.flows import REMEMBERED


class SymbolLoss(Limit):
    """What the open positions of one symbol have lost together: profit, swap and the commission paid at entry."""

    kind: ClassVar[str] = "symbol_loss"
    title: ClassVar[str] = "Loss in one symbol"
    unit: ClassVar[str] = "account currency"
    max_field: ClassVar[str] = "limit.value"
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "close_offending", "flatten")

    limit: LossLimit = Field(
        examples=[{"value": 1.0, "unit": "pct", "basis": "initial"}],
        description="how much one symbol may lose; basis anchor means equity",
    )
    per: Literal["symbol", "position"] = Field("symbol", description="positions of a symbol together, or each alone")
    touch_is_breach: bool = Field(True, description="whether the limit itself is a breach already")

    def evaluate(self, m: Metrics) -> Reading:
        """The symbol (or position) that has lost most."""
        equity, rows = m.equity, m.bare_rows
        money = self.limit.value if self.limit.unit == "money" else None
        if equity is None or rows is None:
            return unknown(money, m.blind if m.blind else "account.equity is missing")
        allowed, why = allowed_money(self.limit, m, equity)
        if allowed is None:
            return unknown(money, why)
        costs = REMEMBERED.entry_costs(m.snapshot.deals) if m.snapshot.deals is not None else {}
        sums: dict[str | int, float] = {}
        holes: set[str | int] = set()
        for row in rows:
            if not self.scope.is_all and not self.scope.holds(row):
                continue
            key: str | int = row.in_symbol.name if self.per == "symbol" else row.position.ticket
            profit, swap, identifier = row.position.profit, row.position.swap, row.position.identifier
            if profit is None or swap is None:
                holes.add(key)
                continue
            paid = costs.get(identifier) if identifier is not None else None
            sums[key] = sums.get(key, 0.0) + profit + swap - (paid if paid is not None else 0.0)
        worst = min(sums, key=lambda key: sums[key], default=None)
        lost = max(0.0, -sums[worst]) if worst is not None else 0.0
        if holes and lost < allowed:
            return unknown(allowed, f"the result in {min(map(str, holes))} is unknown", tuple(holes))
        return Reading(lost, allowed, ceiling(lost, allowed), (worst,) if worst is not None and lost > 0.0 else ())

    def say(self, reading: Reading) -> str:
        """The sentence."""
        where = reading.offending[0] if reading.offending else "any symbol"
        return f"The open loss in {where} is {number(reading.value)}; the limit is {number(reading.threshold)}"
