"""``guard.snapshot/1`` (a JSON document, or a worker's message of the same shape) to values. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from guard.model import fields as f
from guard.model.errors import InputError
from guard.model.outside import read_bars, read_calendar
from guard.model.records_json import (
    read_account,
    read_asked,
    read_deals,
    read_orders,
    read_positions,
    read_symbols,
    read_terminal,
    read_ticks,
)
from guard.model.snapshot import Gap, Snapshot

FORMAT = "guard.snapshot/1"
# Calendar arithmetic ends at the years 1 and 9999; no terminal is that old, and none will be.
FIRST_YEAR, LAST_YEAR = 1970, 2999
Document = Mapping[str, object]
T = TypeVar("T")

_HEAD = f.spec(
    ("monotonic_s", f.number, "a number of seconds"),
    ("boot_id", f.text, "a text"),
    ("server_time_msc", f.number, "a number of milliseconds"),
    ("server_utc_offset_s", f.within(-86400.0, 86400.0), "a number of seconds, at most a day"),
    ("offset_confirmed", f.flag, "true or false"),
)


def check_format(document: object) -> Document:
    """The document if it says ``guard.snapshot/1`` and holds an account.

    Raises:
        InputError: It does not; one sentence says what is wrong.
    """
    if not isinstance(document, f.OBJECT):
        message = f"the snapshot is {f.shown(document)}, not a JSON object: give a file that `guard snapshot` wrote"
        raise InputError(message)
    written = document.get("format")
    if written != FORMAT:
        if isinstance(written, str) and written.startswith("guard.snapshot/"):
            message = f"format: this version reads {FORMAT}, the file is {written}: update the guard"
        else:
            message = f'format: must be "{FORMAT}", found {f.shown(written)}: is this a snapshot file?'
        raise InputError(message)
    if not isinstance(document.get("account"), f.OBJECT):
        message = (
            f"account: must be an object with the terminal's account_info, found {f.shown(document.get('account'))}"
        )
        raise InputError(message)
    return document


def read_instant(raw: object, path: str) -> datetime:
    """An aware UTC instant from ISO text.

    Raises:
        InputError: Not a text, not a time, or without a zone.
    """
    if isinstance(raw, str):
        try:
            instant = datetime.fromisoformat(raw)
        except ValueError:
            instant = None
        if instant is not None and instant.tzinfo is not None and FIRST_YEAR <= instant.year <= LAST_YEAR:
            return instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    message = f"{path}: must be a UTC time such as 2026-11-20T14:03:22Z, found {f.shown(raw)}"
    raise InputError(message)


def canonical(raw: object, instant: datetime) -> str:
    """``instant`` as ``isoformat`` writes it: ``raw`` where it is just that, which costs less than writing it anew."""
    if isinstance(raw, str) and len(raw) == 32 and raw.endswith("+00:00") and instant.microsecond:
        marks = raw[4], raw[7], raw[10], raw[13], raw[16], raw[19]
        if marks == ("-", "-", "T", ":", ":", "."):
            return raw
    return instant.isoformat()


class SnapshotReader:
    """Reads documents one after the other and keeps the cold sections while they are the same objects."""

    def __init__(self) -> None:
        """Start with nothing read."""
        self._cache: dict[str, tuple[object, Any, tuple[Gap, ...]]] = {}

    def read(self, document: object) -> Snapshot:
        """The document as a ``Snapshot``; bad fields are left out with a gap each.

        Raises:
            InputError: Wrong format, or account or taken_at missing or unusable.
        """
        doc = check_format(document)
        taken_at = read_instant(doc.get("taken_at"), "taken_at")
        gaps: list[Gap] = []
        head: list[Any] = f.take(doc, _HEAD, "snapshot", gaps)
        monotonic, boot, server_msc, offset, confirmed = head
        account: Any = doc["account"]
        bars = self._cold("bars", doc, read_bars, gaps) if "bars" in doc else {}
        news = self._cold("news", doc, read_calendar, gaps) if "news" in doc else None
        return Snapshot(
            taken_at,
            read_account(account, gaps),
            taken_at.timestamp(),
            monotonic,
            boot,
            server_msc / 1000.0 if server_msc is not None else None,
            offset,
            confirmed is True,
            self._cold("terminal", doc, read_terminal, gaps),
            read_positions(doc.get("positions"), gaps),
            self._cold("orders", doc, read_orders, gaps),
            self._cold("symbols", doc, read_symbols, gaps),
            read_ticks(doc.get("ticks"), gaps),
            self._cold("deals", doc, read_deals, gaps),
            self._cold("asked", doc, read_asked, gaps),
            tuple(gaps),
            bars,
            news,
            canonical(doc["taken_at"], taken_at),
        )

    def _cold(self, name: str, document: Document, read: Callable[[object, list[Gap]], T], gaps: list[Gap]) -> T:
        raw = document.get(name)
        held = self._cache.get(name)
        if held is None or held[0] is not raw or raw is None:
            found: list[Gap] = []
            self._cache[name] = held = (raw, read(raw, found), tuple(found))
        gaps += held[2]
        return held[1]


def read_snapshot(document: object) -> Snapshot:
    """One document as a ``Snapshot``. See ``SnapshotReader.read``.

    Raises:
        InputError: Wrong format, or account or taken_at missing or unusable.
    """
    return SnapshotReader().read(document)
