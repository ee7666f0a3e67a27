"""A regulator's leverage caps for retail clients: classes, their definitions, and the margin rate of an instrument."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from guard.limits.base import AssetClass, Data, NotNegative, Positive
from guard.settings.preset_model import Fact, Text

Pct = Annotated[float, Field(gt=0.0, le=100.0, allow_inf_nan=False)]
Members = Literal["major pairs", "other pairs", "gold", "listed indices", "all"]
_GOLD: Final = "XAU"


class CapClass(Data):
    """One class of instruments with its margin rate; 100 / rate is the leverage cap."""

    name: Text
    asset_class: AssetClass
    members: Members = Field(description="major pairs, other pairs, gold, listed indices or all of the class")
    rate_pct: Fact[Pct] = Field(description="margin in percent of notional")
    definition: Text = Field(description="who belongs to it, in words")


class RegulatorSection(Data):
    """A regulator's rules for retail accounts."""

    name: Text
    instrument: Text = Field(description="the order, decision or rule")
    close_out_pct: Fact[NotNegative] = Field(description="equity in percent of required margin at which is closed")
    negative_balance_protection: Fact[bool]
    hedging_allowed: Fact[bool]
    major_currencies: Fact[tuple[Text, ...]] = Field(description="a pair of two of these is a major pair")
    listed_indices: Fact[tuple[Text, ...]] = Field(description="how symbols of major indices are usually called")
    currency_rates_pct: Fact[dict[str, Positive]] = Field(
        description="percent by currency, where the higher of a pair's two applies; '*' stands for all others"
    )
    classes: tuple[CapClass, ...] = ()

    def rate_pct(self, asset_class: str, symbol: str, base: str, quote: str) -> tuple[float | None, str]:
        """The margin rate of an instrument in percent of notional, or ``None``; and the class or the reason.

        Args:
            asset_class: As the figures name it: forex, metal, index, crypto, share, energy, other.
            symbol: The broker's name of it, with any suffix.
            base: Base currency, such as EUR or XAU.
            quote: Profit currency.
        """
        if asset_class == "forex" and self.currency_rates_pct.value is not None:
            return self._by_currency(base, quote)
        found = [item for item in self.classes if item.asset_class == asset_class]
        for item in found:
            if item.members != "all" and self._belongs(item.members, symbol, base, quote):
                return item.rate_pct.value, item.name
        rest = next((item for item in found if item.members == "all"), None)
        if rest is None:
            return None, f"{self.name} has no class for {asset_class} that {symbol} belongs to"
        return rest.rate_pct.value, rest.name

    def _by_currency(self, base: str, quote: str) -> tuple[float | None, str]:
        rates = self.currency_rates_pct.value or {}
        known = [rates.get(code, rates.get("*")) for code in (base, quote) if code != "USD"]
        if not known or None in known:
            return None, f"{self.name} has no rate for {base}{quote}"
        return max(rate for rate in known if rate is not None), "the higher of the two currencies"

    def _belongs(self, members: str, symbol: str, base: str, quote: str) -> bool:
        majors = self.major_currencies.value
        if members in ("major pairs", "other pairs"):
            if majors is None:
                return False
            return (base in majors and quote in majors) == (members == "major pairs")
        if members == "gold":
            return base == _GOLD or symbol.upper().startswith((_GOLD, "GOLD"))
        name = symbol.upper().lstrip(".#")
        return any(name.startswith(alias) for alias in self.listed_indices.value or ())
