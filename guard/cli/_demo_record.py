"""What a demo run caught: the first warnings, the worst figures, and what the broker did in the end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from guard.engine.report import json_number
from guard.engine.step import CycleResult
from guard.model.snapshot import Snapshot
from guard.model.verdict import Severity, Verdict

_STOPPED_OUT = 6  # DEAL_REASON_SO
_CALLED = 0.0


@dataclass(slots=True)
class Caught:
    """One limit that spoke: when it first warned and broke, and its worst reading."""

    worst: Verdict
    warn_at: str | None = None
    breach_at: str | None = None
    snapshot: int | None = None


class Record:
    """Fed with every look; ``summary`` is JSON-ready."""

    def __init__(self, first: Snapshot) -> None:
        """Begin with the account at first sight."""
        self._first = self._last = first
        self._caught: dict[str, Caught] = {}
        self._opening: dict[str, Any] | None = None
        self._equity = self._level = math.inf
        self._equity_at: datetime | None = None
        self._leverage = -math.inf
        self._called_at: datetime | None = None
        self._stopped_at: datetime | None = None

    def note(self, snapshot: Snapshot, result: CycleResult, events: Sequence[dict[str, Any]]) -> None:
        """Take in one look and its events."""
        self._last = snapshot
        self._figures(snapshot, result)
        for event in events:
            if event["event"] == "verdict":
                self._verdict(event, next(v for v in result.verdicts if v.limit == event["limit"]), snapshot)
        for verdict in result.verdicts:
            caught = self._caught.get(verdict.limit)
            if caught is not None and _badness(verdict) > _badness(caught.worst):
                caught.worst = verdict

    def _verdict(self, event: dict[str, Any], verdict: Verdict, snapshot: Snapshot) -> None:
        if verdict.severity not in {Severity.WARN, Severity.BREACH}:
            return
        caught = self._caught.setdefault(verdict.limit, Caught(verdict, snapshot=event["snapshot"]))
        if verdict.severity is Severity.WARN and caught.warn_at is None and caught.breach_at is None:
            caught.warn_at = event["at"]
        elif verdict.severity is Severity.BREACH and caught.breach_at is None:
            caught.breach_at = event["at"]
        if self._opening is None:
            self._opening = {**event, "equity": snapshot.account.equity}
            del self._opening["event"]

    def _figures(self, snapshot: Snapshot, result: CycleResult) -> None:
        m = result.metrics
        if m.equity is not None and m.equity < self._equity:
            self._equity, self._equity_at = m.equity, snapshot.taken_at
        if m.effective_leverage is not None:
            self._leverage = max(self._leverage, m.effective_leverage)
        if m.margin_level_pct is not None:
            self._level = min(self._level, m.margin_level_pct)
            room = m.loss_to_margin_call
            if room is not None and room <= _CALLED and self._called_at is None:
                self._called_at = snapshot.taken_at
        if self._stopped_at is None and any(deal.reason == _STOPPED_OUT for deal in snapshot.deals or ()):
            self._stopped_at = snapshot.taken_at

    def summary(self) -> dict[str, Any]:
        """What was caught and when, in the order of the first warnings; absent things are ``None``."""
        end = self._last.account
        return {
            "at": _iso(self._last.taken_at),
            "currency": end.currency,
            "caught": [
                {
                    "limit": name,
                    "kind": caught.worst.kind,
                    "warn_at": caught.warn_at,
                    "breach_at": caught.breach_at,
                    "worst_value": json_number(caught.worst.value),
                    "threshold": json_number(caught.worst.threshold),
                    "unit": caught.worst.unit,
                    "worst_utilization_pct": json_number(caught.worst.utilization_pct),
                    "snapshot": caught.snapshot,
                }
                for name, caught in self._caught.items()
            ],
            "first": self._opening,
            "margin_call_at": _iso(self._called_at),
            "stop_out_at": _iso(self._stopped_at),
            "worst": {
                "equity": _known(self._equity),
                "equity_at": _iso(self._equity_at),
                "effective_leverage": json_number(self._leverage) if self._leverage >= 0.0 else None,
                "margin_level_pct": _known(self._level),
            },
            "begin": {"balance": self._first.account.balance, "equity": self._first.account.equity},
            "end": {"balance": end.balance, "equity": end.equity},
        }


def _badness(verdict: Verdict) -> tuple[int, float]:
    used = verdict.utilization_pct
    return int(verdict.severity), used if used is not None else -math.inf


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z") if at is not None else None


def _known(value: float) -> float | None:
    return None if math.isinf(value) else value
