"""The server's clock: UTC plus an offset of its own, with or without daylight saving."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

_ZONES = {"us": "America/New_York", "eu": "Europe/Athens"}
_NEW_YORK_TO_SERVER_S = 7 * 3600


class ServerZone:
    """Server time minus UTC, in seconds, at an instant.

    Args:
        rule: ``us`` (UTC+2 in winter and +3 in summer by the dates of the United States, so that the server's midnight
            is 17:00 in New York), ``eu`` (the same by European dates), a number of seconds, or an IANA zone.
    """

    def __init__(self, rule: str | int) -> None:
        self.rule = rule
        self._shift = rule if isinstance(rule, int) else _NEW_YORK_TO_SERVER_S if rule == "us" else 0
        self._zone = ZoneInfo(_ZONES.get(rule, rule)) if isinstance(rule, str) else None

    def offset_s(self, at: datetime) -> int:
        """Server clock minus UTC at an aware instant."""
        if self._zone is None:
            return self._shift
        offset = at.astimezone(self._zone).utcoffset()
        return self._shift + int((offset or timedelta()).total_seconds())
