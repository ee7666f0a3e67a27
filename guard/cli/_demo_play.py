"""Plays a scripted market against the guard: one look after the other, without waiting. Events are plain JSON objects.

No event holds a wall-clock time, a path or a process number: the same market and limits give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from guard.cli._demo_record import Record
from guard.engine.banner import armed
from guard.engine.policy import Policy
from guard.engine.report import json_number
from guard.engine.step import CycleResult, step
from guard.journal.bodies import CYCLE
from guard.journal.port import Journal
from guard.model.snapshot import Snapshot
from guard.model.snapshot_json import SnapshotReader
from guard.model.state import State
from guard.model.state_json import state_to_json
from guard.model.verdict import Severity, Verdict

Event = dict[str, Any]
FIGURES_EVERY_S = 60.0


class Market(Protocol):
    """What plays: a scenario with a broker behind it."""

    @property
    def name(self) -> str:
        """Name on the command line."""

    @property
    def title(self) -> str:
        """What it is called."""

    @property
    def lesson(self) -> str:
        """What it shows, in one sentence."""

    @property
    def begin_s(self) -> float:
        """Simulated seconds that have passed when the play begins."""

    @property
    def duration_s(self) -> float:
        """Simulated seconds."""

    @property
    def step_s(self) -> float:
        """Simulated seconds between two looks."""

    def advance(self, t_s: float) -> list[str]:
        """Move to ``t_s`` seconds since the start; the lines of the story, ``who: what``."""

    def read(self) -> Mapping[str, object]:
        """The account now, as a ``guard.snapshot/1`` document without ``state``."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One look: when, what the guard found, and what is new."""

    t_s: float
    at: datetime
    snapshot: Snapshot
    result: CycleResult
    events: tuple[Event, ...]


class Play:
    """One run of a market against a policy. ``record`` is what was caught so far."""

    def __init__(self, market: Market, policy: Policy, journal: Journal, seed: int) -> None:
        """Nothing moves before ``frames`` is read."""
        self.market, self.policy = market, policy
        self._journal, self._seed = journal, seed
        self._reader, self._state, self._seq = SnapshotReader(), State(), 0
        self._document: Mapping[str, object] = {}
        self._severity: dict[str, Severity] = {limit.name: Severity.OK for limit in policy.limits}
        self.record: Record | None = None

    def frames(self) -> Iterator[Frame]:
        """Look after look until the market's end."""
        t_s = self.market.begin_s
        lines: list[str] = []
        while True:
            self._document = document = self.market.read()
            snapshot = self._reader.read(document)
            events: list[Event] = []
            if self.record is None:
                self.record = Record(snapshot)
                events.append(self._start(snapshot))
            events += [narration(snapshot, line) for line in lines]
            before = self._state
            result = step(snapshot, before, self.policy)
            changes = [v for v in result.verdicts if v.severity is not self._severity[v.limit]]
            seq = self._write(result, document, before, snapshot) if result.changed or changes else None
            for verdict in changes:
                events.append(verdict_event(snapshot, verdict, self._severity[verdict.limit], seq))
                self._severity[verdict.limit] = verdict.severity
            self._state = result.state
            self.record.note(snapshot, result, events)
            if t_s % FIGURES_EVERY_S == 0:
                events.append(figures_event(snapshot, result))
            yield Frame(t_s, snapshot.taken_at, snapshot, result, tuple(events))
            if t_s >= self.market.duration_s:
                return
            t_s = min(t_s + self.market.step_s, self.market.duration_s)
            lines = self.market.advance(t_s)

    def look(self) -> dict[str, object]:
        """The account as last seen, with the guard's memory after it."""
        return {**self._document, "state": state_to_json(self._state)}

    def summary(self, *, stopped_early: bool) -> Event:
        """The last event: what was caught and when, and the worst figures."""
        body = self.record.summary() if self.record is not None else {}
        return {"event": "summary", "scenario": self.market.name, "lesson": self.market.lesson,
                "stopped_early": stopped_early, **body}  # fmt: skip

    def _write(self, result: CycleResult, document: Mapping[str, object], before: State, snapshot: Snapshot) -> int:
        proof = {**document, "state": state_to_json(before)}
        last = self._journal.commit_cycle(result, proof, at=instant(snapshot.taken_at))
        row = next(row for row in self._journal.rows(CYCLE, after=self._seq))
        self._seq = last
        return row.seq

    def _start(self, snapshot: Snapshot) -> Event:
        account = snapshot.account
        return {
            "event": "start",
            "simulated": True,
            "at": instant(snapshot.taken_at),
            "scenario": self.market.name,
            "title": self.market.title,
            "seed": self._seed,
            "balance": account.balance,
            "currency": account.currency,
            "account_leverage": account.leverage,
            "duration_s": self.market.duration_s,
            "limits": [armed(limit) for limit in self.policy.limits],
        }


def instant(at: datetime) -> str:
    """An instant as events and the journal write it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def narration(snapshot: Snapshot, line: str) -> Event:
    """A line of the story."""
    who, _, text = line.partition(": ")
    return {"event": "narration", "at": instant(snapshot.taken_at), "who": who, "text": text}


def verdict_event(snapshot: Snapshot, verdict: Verdict, was: Severity, seq: int | None) -> Event:
    """A limit whose severity changed; ``snapshot`` is the journal's row that proves it."""
    return {
        "event": "verdict",
        "at": instant(snapshot.taken_at),
        "limit": verdict.limit,
        "kind": verdict.kind,
        "was": was.name,
        "severity": verdict.severity.name,
        "value": json_number(verdict.value),
        "threshold": json_number(verdict.threshold),
        "unit": verdict.unit,
        "utilization_pct": json_number(verdict.utilization_pct),
        "sentence": verdict.sentence,
        "snapshot": seq,
    }


def figures_event(snapshot: Snapshot, result: CycleResult) -> Event:
    """The account's headline figures."""
    m, account = result.metrics, snapshot.account
    return {
        "event": "figures",
        "at": instant(snapshot.taken_at),
        "balance": account.balance,
        "equity": m.equity,
        "floating": m.floating,
        "effective_leverage": json_number(m.effective_leverage),
        "margin_level_pct": json_number(m.margin_level_pct),
        "loss_to_margin_call": json_number(m.loss_to_margin_call),
        "loss_to_stop_out": json_number(m.loss_to_stop_out),
        "positions": len(snapshot.positions) if snapshot.positions is not None else None,
    }
