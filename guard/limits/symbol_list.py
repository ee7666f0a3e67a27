"""Symbols that may be traded."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from guard.limits.base import Limit, Reading, over, unknown
from guard.metrics.compute import Metrics


class SymbolList(Limit):
    """Positions in symbols that are forbidden, or that are not among the only ones allowed."""

    kind: ClassVar[str] = "symbol_list"
    title: ClassVar[str] = "Symbols"
    unit: ClassVar[str] = "positions"
    max_field: ClassVar[str] = ""
    formula: ClassVar[str] = "0, or beyond any bound with a position in a wrong symbol"
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "close_offending", "flatten")

    names: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        examples=[["XAUUSD"]], description="symbol names, exactly as the terminal writes them",
        json_schema_extra={"tighter": "none"},
    )  # fmt: skip
    only: bool = Field(
        False, description="true: only these may be traded; false: none of these", json_schema_extra={"tighter": "none"}
    )

    @property
    def asks(self) -> str:
        """What it asks for, in words."""
        return f"{'only' if self.only else 'none of'} {', '.join(self.names)}"

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
            elif (name in self.names) != self.only:
                wrong.append(row.position.ticket)
        if hole is not None and not wrong:
            return unknown(0.0, f"the symbol of position {hole} is unknown", (hole,))
        return Reading(float(len(wrong)), 0.0, over(float(len(wrong)), 0.0), tuple(wrong))

    def say(self, reading: Reading) -> str:
        """The sentence."""
        if not reading.offending:
            return "Every position is in an allowed symbol"
        return f"Position {', '.join(map(str, reading.offending[:5]))} is in a symbol that is not allowed"
