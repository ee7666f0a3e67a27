"""The server's clock: UTC plus an offset of its own, with or without daylight saving."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

_NEW_YORK, _ATHENS = "America/New_York", "Europe/Athens"
_NEW_YORK_TO_SERVER_S = 7 * 3600


class ServerZone:
    """Server time minus UTC, in seconds, at an instant.

    Args:
        rule: ``us`` (UTC+2 in winter and +3 in summer by the dates of the United States, so that the server's midnight
            is 17:00 in New York), ``eu`` (the same by European dates), a number of seconds, or an IANA zone.
    """

    def __init__(self, rule: str | int) -> None:
        self.rule = rule
        self._fixed = int(rule) if isinstance(rule, int) else None
        self._shift = _NEW_YORK_TO_SERVER_S if rule == "us" else 0
        name = {"us": _NEW_YORK, "eu": _ATHENS}.get(str(rule), str(rule))
        self._zone = None if self._fixed is not None else ZoneInfo(name)

    def offset_s(self, at: datetime) -> int:
        """Server clock minus UTC at an aware instant."""
        if self._zone is None:
            assert self._fixed is not None
            return self._fixed
        offset = at.astimezone(self._zone).utcoffset()
        return self._shift + int((offset or timedelta()).total_seconds())
