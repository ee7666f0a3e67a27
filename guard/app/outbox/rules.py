"""Who is told what, and when: the settings of messages as the notifier process reads them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from guard.model.verdict import Severity

_FIRST_WAIT_S: Final = 5.0
_LONGEST_WAIT_S: Final = 300.0
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SUMMARY: Final = "summary"
GUARD: Final = "guard"
LOUD: Final = (SUMMARY, GUARD)
"""Kinds that quiet hours do not hold, beside every breach: what was ordered for an hour, and that nobody watches."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ChannelRules:
    """One channel's ``[[notify]]`` entry; ``url`` is a reference."""

    name: str
    url: str
    least: Severity = Severity.WARN
    after_s: float = 0.0
    quiet: bool = True
    per_hour: int = 30
    picture: bool = True
    summary: bool = True


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which only a breach is sent; past midnight when ``end`` is not after ``begin``."""

    begin: time
    end: time
    zone: ZoneInfo

    def at(self, instant: datetime) -> bool:
        """Whether an aware instant is within them."""
        local = instant.astimezone(self.zone).time().replace(tzinfo=None)
        if self.begin < self.end:
            return self.begin <= local < self.end
        return local >= self.begin or local < self.end


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything about messages. ``daily`` and ``weekly`` are ``None`` when off; ``weekday`` is 0 for Monday."""

    channels: tuple[ChannelRules, ...]
    label: str
    zone: ZoneInfo
    group_s: float = 2.0
    repeat_s: float = 900.0
    quiet: Quiet | None = None
    daily: time | None = None
    weekly: time | None = None
    weekday: int = 5
    link: str | None = None


def rules_of(document: Mapping[str, Any], label: str) -> Rules:
    """The rules in an effective configuration document; ``label`` is used when it names none."""
    notices = document.get("notices", {})
    zone = ZoneInfo(document["trading_day"]["tz"])
    daily, weekly = notices.get("daily", "off"), notices.get("weekly", "off")
    at = time.fromisoformat(daily if daily != "off" else "22:00")
    return Rules(
        channels=tuple(_channel(number, entry) for number, entry in enumerate(document.get("notify", ()), 1)),
        label=notices.get("label", label),
        zone=zone,
        group_s=notices.get("group_s", 2.0),
        repeat_s=notices.get("repeat_s", 900.0),
        quiet=_quiet(notices.get("quiet"), zone),
        daily=at if daily != "off" else None,
        weekly=at if weekly != "off" else None,
        weekday=_DAYS.index(weekly) if weekly != "off" else 0,
        link=notices.get("link"),
    )


def _channel(number: int, entry: Mapping[str, Any]) -> ChannelRules:
    more = {name: entry[name] for name in ("after_s", "quiet", "per_hour", "picture", "summary") if name in entry}
    least = Severity[entry.get("least", "warn").upper()]
    return ChannelRules(entry.get("name", f"channel-{number}"), entry["url"], least, **more)


def _quiet(entry: Mapping[str, str] | None, zone: ZoneInfo) -> Quiet | None:
    if entry is None:
        return None
    own = ZoneInfo(entry["tz"]) if "tz" in entry else zone
    return Quiet(time.fromisoformat(entry["begin"]), time.fromisoformat(entry["end"]), own)


def back_off_s(failures: int, spread: float) -> float:
    """Seconds to leave a channel alone after its n-th failure in a row: 5, 10, 20 … 300, up to a fifth more.

    ``spread`` is a random number from 0 to 1: channels that failed together do not come back together.
    """
    return min(_FIRST_WAIT_S * 2.0 ** (max(failures, 1) - 1), _LONGEST_WAIT_S) * (1.0 + spread / 5.0)


def goes_to(channel: ChannelRules, rank: Severity, kind: str, *, needs_ack: bool, heard: bool) -> bool:
    """Whether a notice is owed to a channel at all.

    ``rank`` is the worst severity of the story it belongs to, so that who heard of a breach also hears that it is
    over; ``heard`` is whether the channel was told of the notice before it.
    """
    if kind == SUMMARY:
        return channel.summary
    if rank < channel.least:
        return False
    return channel.after_s == 0.0 or needs_ack or heard


def newest_of_each(batch: Sequence[tuple[str, T]]) -> list[T]:
    """The last item of each subject, in the order of the batch (oldest first)."""
    last = {subject: number for number, (subject, _) in enumerate(batch)}
    return [item for number, (subject, item) in enumerate(batch) if last[subject] == number]


def last_instant(at: time, zone: ZoneInfo, now: datetime, weekday: int | None = None) -> datetime:
    """The newest instant not after ``now`` with local time ``at`` (on ``weekday``, Monday is 0)."""
    day = now.astimezone(zone).date()
    while True:
        found = datetime.combine(day, at, zone)
        if found <= now and weekday in (None, day.weekday()):
            return found
        day -= timedelta(days=1)
