"""Which configuration is in force: once armed, tighter at once, looser after the rule's own reset and twelve hours.

The journal keeps it (``policy`` rows), so that neither a restart nor another file forgets what binds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from typing import Any, Final

from guard.journal.port import Journal
from guard.limits.base import Limit
from guard.model.enforcement import Lock
from guard.model.tradingday import period_bounds
from guard.settings.binding import Loosening, bound
from guard.settings.faults import ConfigError
from guard.settings.load import Loaded, load_document

POLICY: Final = "policy"
_HOUR_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Wait:
    """A loosening that waits: since when (trusted UTC seconds), and the instant before which it cannot be let in.

    ``overridden_s``: from then on it is let in by the trader's own override, whatever the reset says.
    """

    key: str
    limit: str | None
    phrase: str
    to: str
    asked_s: float
    due_s: float
    overridden_s: float | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """What the journal says is in force. ``consented`` are the closing actions the trader has opted in to."""

    document: Mapping[str, Any]
    waits: tuple[Wait, ...] = ()
    consented: tuple[str, ...] = ()
    armed_at: str | None = None

    @property
    def binds(self) -> bool:
        """Whether the guard is armed, so that looser configurations wait."""
        return self.armed_at is not None and self.document.get("mode") == "enforce"


def last_held(journal: Journal) -> Held | None:
    """The last configuration in force, ``None`` before any guard with this journal began.

    Raises:
        JournalError: It cannot be read.
    """
    body = None
    for row in journal.rows(POLICY):
        body = row.body
    if body is None:
        return None
    waits = tuple(Wait(**wait) for wait in body["waits"])
    return Held(body["document"], waits, tuple(body["consented"]), body["armed_at"])


def held_body(held: Held, why: str) -> dict[str, Any]:
    """What the journal keeps."""
    return {
        "why": why,
        "document": dict(held.document),
        "waits": [{name: getattr(wait, name) for name in Wait.__slots__} for wait in held.waits],
        "consented": list(held.consented),
        "armed_at": held.armed_at,
    }


@dataclass(slots=True)
class Binding:
    """The configuration in force and what waits. ``wanted`` is what the file says."""

    held: Held | None
    loaded: Loaded
    wanted: Loaded
    notes: tuple[str, ...] = ()
    _base: Loaded | None = field(default=None, repr=False)

    @property
    def allowed(self) -> tuple[str, ...]:
        """The closing actions the trader has opted in to."""
        return self.held.consented if self.held is not None else ()

    def propose(self, wanted: Loaded, now_s: float, locks: Iterable[Lock], *, hot: bool = True) -> bool:
        """Take what the file says now; whether anything in force or waiting has changed by it.

        Args:
            wanted: What the file says.
            now_s: UTC seconds as the engine believes them.
            locks: The locks in force: nothing becomes looser under one.
            hot: Whether the guard runs: then a lower mode goes on waiting, for the next start.
        """
        before = self.loaded.sha256, self.held.waits if self.held is not None else ()
        self.wanted = wanted
        if self.held is None or not self.held.binds:
            self.loaded = wanted
            self.held = replace(self.held, document=wanted.document, waits=()) if self.held is not None else None
            return before[0] != wanted.sha256
        base = self._base if self._base is not None else load_document(self.held.document, wanted)
        _, loosenings = bound(base, wanted)
        held_locks = tuple(locks)
        known = {(wait.key, wait.to): wait for wait in self.held.waits}
        waits = [known.get((one.key, one.to)) or self._wait(one, base, now_s) for one in loosenings]
        ripe = {wait.key for wait in waits if _ripe(wait, now_s, held_locks)} - ({"mode"} if hot else set())
        try:
            self.loaded, _ = bound(base, wanted, ripe)
        except ConfigError as error:
            # What binds and what is new do not go together: what binds stays.
            self.loaded, self.notes = base, (f"the new configuration waits as a whole: {error}",)
        self._base = self.loaded
        left = tuple(wait for wait in waits if wait.key not in ripe)
        self.held = replace(self.held, document=self.loaded.document, waits=left)
        return before != (self.loaded.sha256, left)

    def ripens(self, now_s: float, locks: Iterable[Lock]) -> bool:
        """Whether something that waits may be let in now."""
        if self.held is None or not self.held.waits:
            return False
        held_locks = tuple(locks)
        return any(wait.key != "mode" and _ripe(wait, now_s, held_locks) for wait in self.held.waits)

    def override(self, limit: str | None, at_s: float) -> tuple[Wait, ...]:
        """Let what waits of one limit (``None``: all) in at ``at_s``, before its time; what that is."""
        if self.held is None:
            return ()
        chosen = tuple(wait for wait in self.held.waits if limit is None or limit in (wait.limit, wait.key))
        waits = tuple(replace(wait, overridden_s=at_s) if wait in chosen else wait for wait in self.held.waits)
        self.held = replace(self.held, waits=waits)
        return chosen

    def _wait(self, one: Loosening, base: Loaded, now_s: float) -> Wait:
        hours = float(base.document.get("enforcement", {}).get("loosen_after_h", 12.0))
        limit = next((limit for limit in base.policy.limits if limit.name == one.limit), None)
        due_s = max(now_s + hours * _HOUR_S, reset_s(limit, now_s))
        return Wait(one.key, one.limit, one.phrase, one.to, now_s, due_s)


def _ripe(wait: Wait, now_s: float, locks: tuple[Lock, ...]) -> bool:
    """Whether it has waited long enough: under no lock at all, or overridden and under none that cannot be."""
    if wait.overridden_s is not None and now_s >= wait.overridden_s:
        return not any(lock.no_override for lock in locks)
    return not locks and now_s >= wait.due_s


def reset_s(limit: Limit | None, now_s: float) -> float:
    """UTC seconds of the rule's next reset; ``now_s`` for rules that have none."""
    reset, period = getattr(limit, "reset", None), getattr(limit, "period", "day")
    if reset is None:
        return now_s
    hour, minute = reset.time.split(":")
    return period_bounds(now_s, str(period), reset.tz, time(int(hour), int(minute)))[1].timestamp()


def said(wait: Wait) -> str:
    """What waits and until when, for a person."""
    due = wait.due_s if wait.overridden_s is None else min(wait.due_s, wait.overridden_s)
    return f"{wait.phrase} (not before {iso(due)})"


def iso(at_s: float) -> str:
    """An instant as ISO text."""
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
