"""What the guard is given besides the account's own structures: M1 bars of the past, and a calendar of news. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from guard.model import fields as f
from guard.model.snapshot import Gap
from guard.model.trading import Bar, Calendar, NewsEvent

_BAR = f.spec(
    ("time", f.not_negative, "server seconds since 1970"),
    ("open", f.positive, "a finite number above 0"),
    ("high", f.positive, "a finite number above 0"),
    ("low", f.positive, "a finite number above 0"),
    ("close", f.positive, "a finite number above 0"),
    ("spread", f.not_negative, "a finite number, 0 or more"),
)
IMPACTS = ("low", "medium", "high", "holiday")


def read_bars(raw: object, gaps: list[Gap]) -> Mapping[str, tuple[Bar, ...]]:
    """M1 bars by symbol, the oldest first; a symbol with a broken bar has none."""
    if raw is None:
        return {}
    if not isinstance(raw, f.OBJECT):
        gaps.append(Gap("bars", f"bars is {f.shown(raw)}, not an object of symbols; it is left out"))
        return {}
    out: dict[str, tuple[Bar, ...]] = {}
    for name, rows in raw.items():
        found: list[Bar] = []
        broken = not isinstance(rows, (list, tuple))
        for index, row in enumerate(rows if isinstance(rows, (list, tuple)) else ()):
            values = f.take(row, _BAR, f"bars.{name}[{index}]", gaps) if isinstance(row, f.OBJECT) else [None] * 6
            if None in values[:5]:
                broken = True
                break
            found.append(Bar._make(values))
        if broken:
            gaps.append(Gap(f"bars.{name}", f"bars.{name} is no list of whole bars; it is left out"))
        else:
            out[str(name)] = tuple(sorted(found))
    return out


def _utc_s(raw: object) -> float | None:
    if not isinstance(raw, str):
        return None
    try:
        at = datetime.fromisoformat(raw)
    except ValueError:
        return None
    return at.timestamp() if at.tzinfo is not None else None


def read_calendar(raw: object, gaps: list[Gap]) -> Calendar | None:
    """The calendar of news, or ``None`` when there is none that can be believed.

    ``why`` of a calendar that could not be read says so; one event that cannot be read spoils it all: a hole in a
    calendar is not "no news".
    """
    if raw is None:
        return None
    if not isinstance(raw, f.OBJECT):
        gaps.append(Gap("news", f"news is {f.shown(raw)}, not an object"))
        return Calendar("", None, None, (), "the calendar is not an object")
    source, why = str(raw.get("source", "")), raw.get("why")
    if isinstance(why, str) and why:
        return Calendar(source, None, None, (), why)
    events: list[NewsEvent] = []
    rows = raw.get("events")
    if not isinstance(rows, (list, tuple)):
        return Calendar(source, None, None, (), "the calendar has no list of events")
    for index, row in enumerate(rows):
        event = _event(row)
        if event is None:
            gaps.append(Gap(f"news.events[{index}]", f"news.events[{index}] lacks its time, currency or impact"))
            return Calendar(source, None, None, (), f"event {index + 1} of the calendar cannot be read")
        events.append(event)
    return Calendar(source, _utc_s(raw.get("read_at")), _utc_s(raw.get("covers_until")), tuple(sorted(events)), "")


def _event(row: object) -> NewsEvent | None:
    if not isinstance(row, f.OBJECT):
        return None
    at, currency, impact = _utc_s(row.get("at")), row.get("currency", ""), row.get("impact")
    symbols, title = row.get("symbols", ()), row.get("title", "")
    if at is None or not isinstance(currency, str) or impact not in IMPACTS or not isinstance(title, str):
        return None
    if not isinstance(symbols, (list, tuple)) or not all(isinstance(name, str) for name in symbols):
        return None
    if not currency and not symbols:
        return None
    return NewsEvent(at, currency.upper(), str(impact), title, tuple(symbols))
