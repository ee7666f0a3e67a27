"""The demo on the dashboard: what a running guard writes, written by the demo, with a home of its own.

The market runs faster than the clock on the wall, so a lock set on the page counts by the wall clock here.
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from guard.app import account_lock
from guard.app.commands import Answer, Command
from guard.app.cycle import utc_now
from guard.app.desk import Desk
from guard.app.home import Account, Home
from guard.app.live import LiveFile
from guard.app.patient import PatientJournal
from guard.app.view import account_view, lock_json
from guard.app.web_access import Listen, read_token
from guard.app.web_child import Web, work
from guard.cli import output
from guard.cli._demo_play import Frame, Play
from guard.cli.web import opening
from guard.engine.locks import voluntary
from guard.engine.objectives import objectives
from guard.journal.bodies import NOTICE, notice_body
from guard.journal.sqlite import SqliteJournal
from guard.model.enforcement import Lock
from guard.model.intent import TradingState
from guard.model.notice import Notice
from guard.model.verdict import Severity
from guard.settings.load import Loaded

_TICK_S: Final = 0.1
_WRITE_S: Final = 0.5
_BANNER: Final = "SIMULATED: no terminal, no money; the guard watches and warns, and a lock only shows"
_CANNOT: Final = "the demo only watches: in {} a guard that is armed does it."


class Ward:
    """Stands where a running guard would: writes its live files, answers its inbox, keeps its web process."""

    def __init__(self, play: Play, account: Account, home: Home, journal: SqliteJournal, loaded: Loaded) -> None:
        """``home`` is the demo's own folder for this run."""
        self._play, self._account, self._home, self._loaded = play, account, home, loaded
        self._journal, self._patient = journal, PatientJournal(journal, output.tell)
        self._opened = ExitStack()
        self._live = LiveFile(home.status(account))
        self._desk = Desk(home.commands(account), journal, self._patient)
        self._desk.handlers |= {"lock": self._lock, "flatten": _refused, "tighten": _refused}
        self._locks: list[Lock] = []
        self._frame: Frame | None = None
        self._started_at = utc_now()
        self._wrote_at = self._ticked_at = 0.0

    def __enter__(self) -> Self:
        """Take the place of the account's guard, in the demo's own folder."""
        folder = self._home.root / "locks"
        self._opened.callback(account_lock.acquire(self._account, folder).release)
        self._opened.callback(self._live.remove)
        self._opened.callback(self._desk.close)
        body = {"mode": self._loaded.policy.mode, "configuration": self._loaded.document, "simulated": True}
        self._journal.commit("start", body, at=self._started_at)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give everything back; the web process ends."""
        self._opened.close()

    def open(self, port: int, token_home: Home, home: Path | None, *, as_json: bool) -> None:
        """Start the web process and say where it is.

        Raises:
            GuardError: It cannot be had, or the token cannot be read.
        """
        read_token(token_home)
        told = work(self._home, Listen(port=port), token_home=token_home, locks=self._home.root / "locks")
        web = Web(told)
        self._opened.callback(web.close)
        url = web.begin()
        for line in opening(url, home):
            (output.tell if as_json else output.say)(line)
        sys.stdout.flush()

    def show(self, frame: Frame) -> None:
        """Take in a look."""
        self._frame = frame
        self._tick()

    def sleep(self, seconds: float) -> None:
        """Wait, and meanwhile do what a guard does between two looks."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0.0:
            time.sleep(min(_TICK_S, left))
            self._tick()

    def stand(self) -> None:
        """The market has ended: show its last look until Ctrl-C."""
        output.tell("The market has ended. The dashboard shows its last look until Ctrl-C.")
        sys.stdout.flush()
        try:
            while True:
                self.sleep(1.0)
        except KeyboardInterrupt:
            return

    def _tick(self) -> None:
        now = time.monotonic()
        if now - self._ticked_at < _TICK_S:
            return
        self._ticked_at = now
        self._live.beat(_WRITE_S, blind=False)
        answered = self._desk.attend()
        ended = self._end_locks()
        if self._frame is not None and (answered or ended or now - self._wrote_at >= _WRITE_S):
            self._wrote_at = now
            self._live.write(self._document(self._frame))
            if self._live.look_asked():
                self._live.write_look(self._play.look())

    def _document(self, frame: Frame) -> dict[str, Any]:
        now = datetime.now(UTC)
        view = account_view(frame.result, frame.snapshot)
        if self._locks:
            view["locks"] = [lock_json(lock, now) for lock in self._locks]
            view["trading_state"] = TradingState.REDUCING.name
        return {
            "at": utc_now(),
            "market_at": frame.at.isoformat(),
            "started_at": self._started_at,
            "account": {
                "login": self._account.login, "server": self._account.server,
                "currency": frame.snapshot.account.currency,
            },
            "mode": self._loaded.policy.mode,
            "limits_from": self._loaded.policy.source,
            "home": str(self._home.root),
            "state": "watching",
            "blind": None,
            "warnings": [_BANNER],
            **view,
            "anchors": [],
            "objectives": objectives(frame.result, frame.snapshot, self._loaded.policy),
            "looks_per_s": round(1 / _WRITE_S, 1),
            "read_ms": 0.0,
            "journal": {"last_row": self._patient.last_seq, "writable": self._patient.writable},
            "commands": sorted(self._desk.handlers),
            "notifier": None,
        }  # fmt: skip

    def _lock(self, command: Command) -> Answer:
        seconds = command.body.get("for_s")
        if self._frame is None or not isinstance(seconds, (int, float)) or isinstance(seconds, bool):
            return Answer(done=False, sentence="a lock needs to know for how long.", facts={})
        reason = str(command.body.get("reason") or "set by the trader")
        now = datetime.now(UTC)
        until = now + timedelta(seconds=float(seconds))
        lock = voluntary(self._frame.snapshot, command.uid, until, reason)._replace(at=now.isoformat())
        self._locks.append(lock)
        sentence = f"locked until {lock.until}: {reason}."
        self._say(f"lock|{command.uid}", Severity.WARN, f"{sentence[:1].upper()}{sentence[1:]}")
        return Answer(done=True, sentence=sentence, facts={"lock": lock.id, "until": lock.until})

    def _end_locks(self) -> bool:
        now = datetime.now(UTC)
        over = [lock for lock in self._locks if lock.until is not None and datetime.fromisoformat(lock.until) <= now]
        for lock in over:
            self._locks.remove(lock)
            self._say(f"unlock|{lock.id}", Severity.OK, f"Lock ended: {lock.reason}")
        return bool(over)

    def _say(self, key: str, severity: Severity, sentence: str) -> None:
        at = utc_now()
        notice = Notice(key, at, severity, None, "lock", sentence)
        self._patient.write(at, lambda journal: journal.commit(NOTICE, notice_body(notice), at=at, key=f"notice:{key}"))


def _refused(command: Command) -> Answer:
    return Answer(done=False, sentence=_CANNOT.format("mode enforce"), facts={"asked": command.verb})
