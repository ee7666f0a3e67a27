"""Exposure in one currency."""

from __future__ import annotations

import math
from typing import ClassVar

from pydantic import Field

from guard.limits.base import Limit, Positive, Reading, ceiling, number, unknown
from guard.metrics.compute import Metrics
from guard.metrics.outlook import exposure_by_currency


class CurrencyExposure(Limit):
    """What is held in a single currency over all pairs (base leg plus, quote leg minus), in percent of equity.

    Metals, indices, shares and crypto have no legs. The account's own currency is left out unless it is named.
    """

    kind: ClassVar[str] = "currency_exposure"
    title: ClassVar[str] = "Currency exposure"
    unit: ClassVar[str] = "% of equity"
    scoped: ClassVar[bool] = False
    vetoes: ClassVar[bool] = True
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "reduce", "close_offending", "flatten")

    max: Positive = Field(examples=[500.0], description="largest exposure in one currency, in percent of equity")
    currencies: tuple[str, ...] = Field((), description="only these; default: all but the account's own")

    def evaluate(self, m: Metrics) -> Reading:
        """The currency with the largest exposure."""
        legs, equity = exposure_by_currency(m), m.equity
        if legs is None or equity is None:
            return unknown(self.max, m.blind if m.blind else "equity or the value of a position is unknown")
        own = m.account.currency
        wanted = {code: size for code, size in legs.items() if code in self.currencies or
                  (not self.currencies and code != own)}  # fmt: skip
        worst = max(wanted, key=lambda code: abs(wanted[code]), default=None)
        size = abs(wanted[worst]) if worst is not None else 0.0
        value = (math.inf if size > 0.0 else 0.0) if equity <= 0.0 else size / equity * 100.0
        long = worst is not None and wanted[worst] > 0.0
        offending = (worst,) if worst is not None else ()
        return Reading(value, self.max, ceiling(value, self.max), offending, detail=(long,))

    def say(self, reading: Reading) -> str:
        """The sentence."""
        if not reading.offending:
            return "No foreign currency is held"
        side = "long" if reading.detail[0] else "short"
        return (
            f"Exposure in {reading.offending[0]} is {number(reading.value)} % of equity ({side}); the limit is "
            f"{number(self.max)} %"
        )
