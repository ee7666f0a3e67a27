"""What a report of a day or a week says, gathered from one journal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from guard.app.journal_view import sentence_of, severity_of
from guard.journal.bodies import CYCLE, INTENT, NOTICE
from guard.journal.port import Journal, Row
from guard.model.tradingday import period_bounds
from guard.model.verdict import Severity

_KINDS: Final = ("start", "stop", "blind", "sight", "fault", "command", INTENT)
_MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Sample:
    """The account at an instant (UNIX seconds); money in account currency, ``None`` is unknown."""

    at: float
    equity: float | None
    balance: float | None
    leverage: float | None


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the journal to tell: UNIX seconds, kind, how bad, and the sentence."""

    seq: int
    at: float
    kind: str
    severity: Severity
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """One period. ``worst`` maps a limit to its worst severity and, as far as decided on, its highest utilization."""

    title: str
    begin: datetime
    end: datetime
    zone: str
    samples: tuple[Sample, ...]
    notices: tuple[Line, ...]
    events: tuple[Line, ...]
    worst: Mapping[str, tuple[Severity, float | str | None]]
    blind_s: float
    looks: int
    blind_looks: int
    left_out: int

    @property
    def equities(self) -> list[float]:
        """The known equities, oldest first."""
        return [one.equity for one in self.samples if one.equity is not None]


def bounds(period: str, instant: datetime, document: Mapping[str, Any]) -> tuple[datetime, datetime, str]:
    """Begin and end of the trading day or week that holds an instant, and the zone of ``[trading_day]``."""
    section = document.get("trading_day") or {}
    zone, clock = str(section.get("tz") or "UTC"), str(section.get("time") or "00:00")
    hour, minute = clock.split(":")
    begin, end = period_bounds(instant.timestamp(), period, zone, time(int(hour), int(minute)))
    return begin, end, zone


def gather(journal: Journal, period: str, begin: datetime, end: datetime, zone: str) -> Report:
    """Everything of one period, in one pass over the journal."""
    samples: list[Sample] = []
    notices: list[Line] = []
    events: list[Line] = []
    worst: dict[str, tuple[Severity, float | str | None]] = {}
    blind_s, looks, blind_looks = 0.0, 0, 0
    for row in _between(journal.rows(), begin, end):
        body, at = row.body, datetime.fromisoformat(row.at).timestamp()
        if row.kind in {"heartbeat", "stop"}:
            samples.append(Sample(at, *(_number(body.get(key)) for key in ("equity", "balance", "effective_leverage"))))
            looks += int(body["cycles"])
            blind_looks += int(body["blind_cycles"])
        elif row.kind == CYCLE:
            for verdict in body["verdicts"]:
                _worse(worst, verdict)
        elif row.kind == NOTICE:
            notices.append(_line(row, at))
        if row.kind == "sight":
            blind_s += float(body["blind_s"])
        if row.kind in _KINDS and sentence_of(row):
            events.append(_line(row, at))
    left_out = max(0, len(notices) - _MOST) + max(0, len(events) - _MOST)
    first, last = begin.astimezone(ZoneInfo(zone)), end.astimezone(ZoneInfo(zone))
    title = f"The {period} from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}, {zone}"
    return Report(
        title, begin, end, zone, tuple(samples), tuple(notices[-_MOST:]), tuple(events[-_MOST:]), worst, blind_s, looks,
        blind_looks, left_out,
    )  # fmt: skip


def _between(rows: Iterable[Row], begin: datetime, end: datetime) -> Iterable[Row]:
    first, last = begin.astimezone(UTC), end.astimezone(UTC)
    return (row for row in rows if first <= datetime.fromisoformat(row.at) < last)


def _line(row: Row, at: float) -> Line:
    severity = severity_of(row)
    return Line(row.seq, at, row.kind, severity if severity is not None else Severity.OK, sentence_of(row))


def _worse(worst: dict[str, tuple[Severity, float | str | None]], verdict: Mapping[str, Any]) -> None:
    name, severity, used = str(verdict["limit"]), Severity[str(verdict["severity"])], verdict["utilization_pct"]
    before = worst.get(name)
    if before is None:
        worst[name] = severity, used
        return
    known = [one for one in (before[1], used) if one is not None]
    worst[name] = max(before[0], severity), max(known, key=float, default=None)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
