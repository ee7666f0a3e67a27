"""The calendar of news from a file (CSV or JSON), read anew when it changes, as a section of the snapshot.

What cannot be read is said in the section: a limit that needs it is then unknown, never without news.
"""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

_LOOK_S: Final = 5.0
_LARGEST: Final = 16 * 1024 * 1024
# Names other calendars use for the same.
_NAMES: Final = {"country": "currency", "date": "at", "datetime": "at", "event": "title", "name": "title"}
_NOT_COUNTED: Final = ("non-economic", "none", "")


class NewsFile:
    """One calendar file; ``section`` stays the same object while the file does not change."""

    def __init__(self, path: Path) -> None:
        """``path``: the file; its ending says whether it is CSV or JSON."""
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._looked = -_LOOK_S
        self._section: dict[str, Any] = {"source": path.name, "why": "it was not read yet"}

    def section(self) -> Mapping[str, Any]:
        """The section ``news`` of a snapshot."""
        now = time.monotonic()
        if now - self._looked < _LOOK_S:
            return self._section
        self._looked = now
        try:
            stat = self._path.stat()
        except OSError as error:
            self._seen = None
            return self._fails(f"{self._path.name} is not there ({error.strerror})")
        if (stat.st_mtime_ns, stat.st_size) != self._seen:
            self._seen = (stat.st_mtime_ns, stat.st_size)
            if stat.st_size > _LARGEST:
                return self._fails(f"{self._path.name} is larger than {_LARGEST // 1024 // 1024} MB")
            self._section = self._read(datetime.fromtimestamp(stat.st_mtime, UTC))
        return self._section

    def _fails(self, why: str) -> Mapping[str, Any]:
        if self._section.get("why") != why:
            self._section = {"source": self._path.name, "why": why}
        return self._section

    def _read(self, at: datetime) -> dict[str, Any]:
        try:
            text = self._path.read_text(encoding="utf-8-sig")
            found = _csv(text) if self._path.suffix.lower() == ".csv" else json.loads(text)
        except (OSError, UnicodeDecodeError, ValueError, csv.Error) as error:
            return {"source": self._path.name, "why": f"{self._path.name} cannot be read: {error}"}
        head = found if isinstance(found, dict) else {"events": found}
        rows = head.get("events")
        if not isinstance(rows, list):
            return {"source": self._path.name, "why": f"{self._path.name} has no list of events"}
        events = [event for row in rows if (event := _event(row)) is not None]
        section = {"source": self._path.name, "read_at": at.isoformat(), "events": events}
        if isinstance(head.get("covers_until"), str):
            section["covers_until"] = head["covers_until"]
        return section


def _csv(text: str) -> list[dict[str, Any]]:
    rows = list(csv.DictReader(text.splitlines(), strict=True))
    pairs = ([(name, value) for name, value in row.items() if isinstance(value, str)] for row in rows)
    return [{str(name).strip().lower(): value.strip() for name, value in row} for row in pairs]


def _event(row: object) -> dict[str, Any] | None:
    """One event with the names the snapshot has, ``None`` without impact on prices; what is broken stays broken."""
    if not isinstance(row, dict):
        return {"at": None}
    out = {_NAMES.get(str(name).lower(), str(name).lower()): value for name, value in row.items()}
    impact = str(out.get("impact", "")).strip().lower()
    if impact in _NOT_COUNTED and "impact" in out:
        return None
    symbols = out.get("symbols", [])
    if isinstance(symbols, str):
        symbols = [name.strip() for name in symbols.split(";") if name.strip()]
    return {"at": out.get("at"), "currency": out.get("currency", ""), "impact": impact, "symbols": symbols,
            "title": out.get("title", "")}  # fmt: skip
