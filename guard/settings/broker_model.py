"""What is known of a broker, for planning and for what the terminal does not tell. Every field has its source."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from guard.limits.base import Data, NotNegative, Positive
from guard.settings.preset_model import MONEY, Fact, Text

Money = Annotated[str, Field(pattern=MONEY)]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Leverage = Positive | Literal["unlimited"]


class Tier(Data):
    """Up to which account leverage from an equity on."""

    from_equity: NotNegative = Field(description="equity from which it applies, USD")
    leverage: Leverage = Field(description="largest account leverage, the N of 1:N")


class Cut(Data):
    """A time in which the broker asks for more margin."""

    when: Text = Field(description="what brings it: weekend, news, rollover, holiday")
    begins: Text = Field(description="when it begins, in words")
    ends: Text = Field(description="when it ends, in words")
    leverage: Positive | None = Field(None, description="largest leverage then; absent: not known")
    applies_to: Text = Field(description="which positions")


class Window(Data):
    """The weekly cut as clock times, for a projection before the market closes."""

    tz: Text = Field(description="IANA zone of both times")
    from_day: Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    from_time: Clock
    to_day: Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    to_time: Clock
    leverage: Positive = Field(description="largest leverage in the window, the N of 1:N")


class AccountType(Data):
    """One type of account."""

    name: Text = Field(description="as the broker calls it")
    type: Fact[Literal["standard", "cent", "micro", "pro", "raw", "ecn", "fixed spread", "shares"]]
    minimum_deposit: Fact[Money]
    spread: Fact[Literal["floating", "fixed"]]
    maximum_leverage: Fact[Leverage]
    margin_call_pct: Fact[NotNegative]
    stop_out_pct: Fact[NotNegative]


class BrokerSection(Data):
    """A broker. Levels are margin levels in percent; a stop-out of 0 means equity of 0."""

    name: Text = Field(description="the broker")
    servers: Fact[tuple[Text, ...]] = Field(description="how its trade servers' names begin")
    regulation: Fact[tuple[Text, ...]]
    platforms: Fact[tuple[Text, ...]]
    minimum_deposit: Fact[Money]
    maximum_leverage: Fact[Leverage]
    leverage_model: Fact[Literal["fixed", "tiered by equity", "tiered by volume"]]
    leverage_tiers: Fact[tuple[Tier, ...]]
    margin_call_pct: Fact[NotNegative] = Field(description="the highest of its account types: the stricter")
    stop_out_pct: Fact[NotNegative] = Field(description="the highest of its account types: the stricter")
    negative_balance_protection: Fact[bool]
    hedged_margin_pct: Fact[NotNegative] = Field(description="margin of a hedged pair, percent of both legs' margin")
    hedging_below_call: Fact[bool] = Field(description="whether a hedge may be opened below the margin call")
    scheduled_cuts: Fact[tuple[Cut, ...]]
    weekly_cut: Fact[Window]
    accounts: tuple[AccountType, ...] = Field((), description="types of account")

    def account(self, name: str) -> AccountType | None:
        """The account type of that name, capitals aside."""
        return next((found for found in self.accounts if found.name.casefold() == name.casefold()), None)
