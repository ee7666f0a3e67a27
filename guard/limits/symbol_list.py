"""Symbols that may be traded."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field, model_validator

from guard.limits.base import Limit, Reading, over, unknown
from guard.metrics.compute import Metrics


class SymbolList(Limit):
    """Positions in symbols that are not allowed, or that are forbidden."""

    kind: ClassVar[str] = "symbol_list"
    title: ClassVar[str] = "Symbols"
    unit: ClassVar[str] = "positions"
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "close_offending", "flatten")

    allowed: tuple[str, ...] = Field(
        (), description="only these, as the terminal writes them", json_schema_extra={"tighter": "none"}
    )
    forbidden: tuple[str, ...] = Field(
        (), examples=[["XAUUSD"]], description="never these", json_schema_extra={"tighter": "superset"}
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.allowed and not self.forbidden:
            message = 'needs allowed = ["EURUSD"] or forbidden = ["XAUUSD"]'
            raise ValueError(message)
        both = set(self.allowed) & set(self.forbidden)
        if both:
            message = f"{', '.join(sorted(both))} is allowed and forbidden"
            raise ValueError(message)
        return self

    def evaluate(self, m: Metrics) -> Reading:
        """Positions in the wrong symbols."""
        rows = m.bare_rows
        if rows is None:
            return unknown(0.0, m.blind)
        wrong: list[int] = []
        hole = None
        for row in rows:
            name = row.position.symbol
            if not self.scope.is_all and not self.scope.holds(row):
                continue
            if name is None:
                hole = row.position.ticket
            elif name in self.forbidden or (self.allowed and name not in self.allowed):
                wrong.append(row.position.ticket)
        if hole is not None and not wrong:
            return unknown(0.0, f"the symbol of position {hole} is unknown", (hole,))
        return Reading(float(len(wrong)), 0.0, over(float(len(wrong)), 0.0), tuple(wrong))

    def say(self, reading: Reading) -> str:
        """The sentence."""
        if not reading.offending:
            return "Every position is in an allowed symbol"
        return f"Position {', '.join(map(str, reading.offending[:5]))} is in a symbol that is not allowed"
