"""The configuration's sections about messages. Addresses and tokens are references, never the thing itself."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from guard.limits.base import Data, NotNegative
from guard.settings.patterns import CHANNEL_PATTERN, DAILY_PATTERN, LINK_PATTERN, TIME_PATTERN, Reference


class NotifySection(Data):
    """One address for messages."""

    url: Reference = Field(description="env:NAME or keyring:SERVICE/USER of an apprise address, never the address")
    name: Annotated[str, Field(pattern=CHANNEL_PATTERN)] | None = Field(
        None, description="how it is called in lists; absent: channel-1, channel-2 and so on"
    )
    least: Literal["warn", "unknown", "breach"] = Field("warn", description="nothing below this is sent there")
    after_s: NotNegative = Field(
        0.0, description="seconds; above 0 only what nobody has acknowledged by then is sent there (escalation)"
    )
    quiet: bool = Field(True, description="whether quiet hours hold messages back; a breach ignores them")
    per_hour: Annotated[int, Field(ge=1, le=3600)] = Field(
        30, description="messages an hour; more wait and come together, a breach does not wait"
    )
    picture: bool = Field(True, description="a small picture of equity against the floor, where the service takes one")
    summary: bool = Field(True, description="whether the summaries of day and week are sent there")


class QuietSection(Data):
    """Hours in which only a breach is sent."""

    begin: Annotated[str, Field(pattern=TIME_PATTERN)] = Field(description="local time HH:MM")
    end: Annotated[str, Field(pattern=TIME_PATTERN)] = Field(description="local time HH:MM; the next day if earlier")
    tz: Annotated[str, Field(min_length=1)] | None = Field(
        None, description="IANA zone; absent: that of [trading_day]"
    )


class NoticesSection(Data):
    """How notices become messages."""

    label: Annotated[str, Field(min_length=1, max_length=40)] | None = Field(
        None, description="what messages call this account; absent: its number"
    )
    group_s: NotNegative = Field(2.0, description="seconds a notice waits for others, to come in one message")
    repeat_s: NotNegative = Field(900.0, description="seconds until an unacknowledged breach is said again; 0: never")
    quiet: QuietSection | None = Field(None, description="{ begin, end, tz }: hours in which only a breach is sent")
    daily: Annotated[str, Field(pattern=DAILY_PATTERN)] = Field(
        "22:00", description='when the summary of the day comes, in the zone of [trading_day]; "off": never'
    )
    weekly: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "off"] = Field(
        "saturday", description="the day of the summary of the week, at the time of the daily one (22:00 without one)"
    )
    link: Annotated[str, Field(pattern=LINK_PATTERN)] | None = Field(
        None, description="address of your dashboard as your phone reaches it: messages link to it"
    )


class HeartbeatSection(Data):
    """An address outside that is called while the guard sees the account, and raises the alarm when calls stop."""

    url: Reference = Field(description="env:NAME or keyring:SERVICE/USER of an http or https address")
    every_s: Annotated[float, Field(ge=5.0, le=86400.0)] = Field(60.0, description="seconds between calls")


class TelegramSection(Data):
    """Questions and commands by Telegram, from these chats only. Nothing can be loosened there."""

    bot: Reference = Field(description="env:NAME or keyring:SERVICE/USER of the bot's token")
    chats: Annotated[tuple[int, ...], Field(min_length=1)] = Field(description="numbers of the chats that may ask")
