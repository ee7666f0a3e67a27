"""What the dashboard shows, read from the files of the guards of one home. Nothing is written here but two marks.

A thread looks at the live files twice a second. Only while a page is open does it ask the guards for figures every
second.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from loguru import logger

from guard.app import account_lock
from guard.app.beat import NAME as BEAT
from guard.app.beat import Beat, read_beat
from guard.app.home import Account, Home
from guard.app.live import Seen, look, mark_watched
from guard.app.seen import document
from guard.journal.port import JournalError, Row
from guard.journal.sqlite import SqliteJournal, open_readonly
from guard.model.errors import GuardError

PERIOD_S: Final = 0.5
_HEARTBEAT: Final = "heartbeat"
_KEPT: Final = 50_000
_OPEN_S: Final = 5.0


class NoSuchGuardError(GuardError):
    """No guard runs, or the one that is named does not, or several do and none is named."""


@dataclass(slots=True)
class History:
    """Samples of one account, oldest first: UNIX seconds, equity, balance, effective leverage; ``None`` is unknown."""

    samples: deque[tuple[float, float | None, float | None, float | None]] = field(
        default_factory=lambda: deque(maxlen=_KEPT)
    )

    def add(self, at: float, equity: object, balance: object, leverage: object) -> None:
        """A sample, unless it is not newer than the last."""
        if not self.samples or at > self.samples[-1][0]:
            self.samples.append((at, _number(equity), _number(balance), _number(leverage)))


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


class Source:
    """The guards of one home."""

    def __init__(self, home: Home, locks: Path | None = None) -> None:
        """``locks``: the folder of account locks, the machine's own without it."""
        self.home, self._locks = home, locks
        self._guards: list[Seen] = []
        self._histories: dict[str, History] = {}
        self._version = 0
        self._open_until = 0.0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="source", daemon=True)

    def start(self) -> None:
        """Look once, then go on in a thread."""
        self.refresh()
        self._thread.start()

    def close(self) -> None:
        """Stop looking."""
        self._closing.set()

    @property
    def version(self) -> int:
        """A number that grows when something has changed."""
        return self._version

    def page_is_open(self) -> None:
        """Somebody looks: ask the guards for quicker figures for a while."""
        self._open_until = time.monotonic() + _OPEN_S

    def _watch(self) -> None:
        while not self._closing.wait(PERIOD_S):
            try:
                self.refresh()
            except Exception as error:  # noqa: BLE001 - a named place: the page must not go blind silently
                logger.opt(exception=error).error("the live files cannot be read")

    def refresh(self) -> None:
        """Look at the live files."""
        guards = look(self.home, locks=self._locks)
        if time.monotonic() < self._open_until:
            for seen in guards:
                if seen.running:
                    mark_watched(self.home, seen.account)
        before = {seen.account.key: (seen.document.get("at"), seen.running) for seen in self._guards}
        after = {seen.account.key: (seen.document.get("at"), seen.running) for seen in guards}
        self._guards = guards
        for seen in guards:
            self._sample(seen)
        if before != after:
            self._version += 1

    def _sample(self, seen: Seen) -> None:
        history = self._histories.get(seen.account.key)
        if history is None:
            history = self._histories[seen.account.key] = self._recorded(seen.account)
        figures = seen.document.get("figures") or {}
        if seen.running and figures:
            at = datetime.fromisoformat(str(seen.document["at"])).timestamp()
            history.add(at, figures.get("equity"), figures.get("balance"), figures.get("effective_leverage"))

    def _recorded(self, account: Account) -> History:
        """What the journal's heartbeats tell, one a minute."""
        history = History()
        try:
            with self.journal(account) as journal:
                rows: list[Row] = list(journal.rows(_HEARTBEAT))
        except JournalError as error:
            logger.warning("history: {}", error)
            return history
        for row in rows:
            at = datetime.fromisoformat(row.at).timestamp()
            body = row.body
            history.add(at, body.get("equity"), body.get("balance"), body.get("effective_leverage"))
        return history

    def guards(self) -> list[Seen]:
        """All accounts with a live file, the running ones first."""
        return self._guards

    def document(self, seen: Seen) -> dict[str, Any]:
        """One guard's status, with its pulse."""
        beat = self.beat(seen)
        pulse = None if beat is None else {"age_s": round(beat.age_s, 3), "late": beat.late, "looks": beat.looks}
        return {**document(seen), "running": seen.running, "why": seen.why, "pulse": pulse, "key": seen.account.key}

    def beat(self, seen: Seen) -> Beat | None:
        """One guard's pulse."""
        return read_beat(self.home.state(seen.account) / BEAT)

    def holds(self, seen: Seen) -> bool:
        """Whether the account's guard is there now, whatever its files say."""
        return account_lock.holder(seen.account, self._locks) is not None

    def one(self, key: str | None) -> Seen:
        """The account named, or the only one that is guarded now.

        Raises:
            NoSuchGuardError: There is none, or it must be named.
        """
        found = [seen for seen in self._guards if key is None or seen.account.key == key]
        running = [seen for seen in found if seen.running]
        if key is not None and found:
            return found[0]
        if len(running) == 1:
            return running[0]
        if running:
            names = ", ".join(seen.account.key for seen in running)
            raise NoSuchGuardError(f"several accounts are guarded: name one of {names} with account=")
        if found:
            return found[0]
        raise NoSuchGuardError("no guard is running: start one with `guard run`")

    def history(self, seen: Seen, since: float) -> list[tuple[float, float | None, float | None, float | None]]:
        """The samples from an instant on (UNIX seconds), oldest first."""
        history = self._histories.get(seen.account.key)
        return [] if history is None else [one for one in list(history.samples) if one[0] >= since]

    @contextmanager
    def journal(self, account: Account) -> Iterator[SqliteJournal]:
        """One account's journal, opened to read.

        Raises:
            JournalError: It cannot be read.
        """
        opened = open_readonly(self.home.journal(account))
        try:
            yield opened
        finally:
            opened.close()


def read_look(path: Path) -> dict[str, Any] | None:
    """What a guard wrote when it was asked for the whole account, ``None`` while there is nothing readable."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
