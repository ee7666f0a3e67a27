"""The notifier process: ``python -m guard.app.outbox.process``, started by the guard and told by it what to do.

What it is to do comes as one line of JSON on standard input: the account, its home, and the sections about messages,
with references and no secrets. When standard input ends, the guard has ended: what is due is still sent, then this
process ends too. Without the word ``stop`` before, the guard's end was no clean one, and that is a notice of its own.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from loguru import logger

from guard.app import account_lock
from guard.app.account_lock import AccountLock
from guard.app.home import Account, Home
from guard.app.logging import start_logging, stop_logging
from guard.app.outbox.chat import Desk
from guard.app.outbox.feed import Feed
from guard.app.outbox.rules import rules_of
from guard.app.outbox.secrets import resolve
from guard.app.outbox.sender import Sender
from guard.app.outbox.store import Store, open_store
from guard.app.outbox.telegram import Telegram
from guard.app.outbox.vital import Heartbeat, Silence, guard_entry, pulse
from guard.model.errors import AlreadyRunningError, GuardError
from guard.model.verdict import Severity

STOP: Final = b"stop"
_TICK_S: Final = 0.2
_GRACE_S: Final = 5.0
_LAST_WORDS_S: Final = 30.0
_STUCK_S: Final = 120.0
_STUCK_CODE: Final = 70


@dataclass(frozen=True, slots=True)
class Work:
    """What the guard has told this process."""

    account: Account
    home: Home
    document: dict[str, Any]


class Parent:
    """The guard, as far as standard input tells: there, gone, or gone after saying so."""

    def __init__(self, stream: BinaryIO) -> None:
        """``stream``: standard input, after the first line."""
        self.gone = threading.Event()
        self.said_stop = False
        self._stream = stream
        threading.Thread(target=self._listen, name="parent", daemon=True).start()

    def _listen(self) -> None:
        for line in self._stream:
            self.said_stop = self.said_stop or line.strip() == STOP
        self.gone.set()


def read_work(stream: BinaryIO) -> Work:
    """The first line of standard input."""
    told = json.loads(stream.readline())
    account = Account(int(told["account"]["login"]), str(told["account"]["server"]))
    return Work(account, Home(Path(told["home"])), told["document"])


def run(work: Work, parent: Parent, *, telegram: Callable[..., Telegram] = Telegram, tick_s: float = _TICK_S) -> int:
    """Send until the guard is gone and what is due has left; the process's exit code."""
    with _Place(work, parent) as place:
        if place.lock is None:
            return 0
        state = work.home.state(work.account)
        status, document = work.home.status(work.account), work.document
        rules = rules_of(document, str(work.account.login))
        store = open_store(work.home.outbox(work.account))
        feed = Feed(work.home.journal(work.account), store, rules.channels)
        sender = Sender(rules, store, feed)
        heartbeat = _heartbeat(document, status)
        chat = _chat(document, Desk(status, work.home.commands(work.account), feed.answers), telegram)
        logger.info("notifier of account {} began; {} channels, files in {}", work.account, len(rules.channels), state)
        guard_is_back(store, sender)
        beat = _watch_the_loop(sender)
        silence = Silence()
        while not parent.gone.wait(tick_s):
            beat()
            sender.tick()
            if (entry := silence.notice(pulse(status))) is not None:
                with store.transaction():
                    sender.own(entry)
            _keep_troubles(store, heartbeat, chat)
        _last_words(parent, store, sender, beat, tick_s)
        sender.close()
        feed.close()
        store.close()
        logger.info("notifier ended")
    return 0


def guard_is_back(store: Store, sender: Sender) -> None:
    """If people were told that nobody watches, they are told that it is over."""
    if store.mark("dead") is not None:
        with store.transaction():
            now, text = time.time(), "The guard watches again."
            sender.own(guard_entry(f"back-{now:.0f}", now, Severity.OK, "the guard is back", text))
            store.forget_mark("dead")


def _last_words(parent: Parent, store: Store, sender: Sender, beat: Callable[[], None], tick_s: float) -> None:
    grace_s = _GRACE_S
    if not parent.said_stop:
        grace_s, now = _LAST_WORDS_S, time.time()
        text = "The guard's process has ended without being asked to. Nothing is watched until it is started again."
        logger.warning("the guard is gone without a word")
        with store.transaction():
            sender.own(guard_entry(f"dead-{now:.0f}", now, Severity.UNKNOWN, "the guard has ended", text))
            store.set_mark("dead", f"{now:.0f}")
    deadline = time.monotonic() + grace_s
    while time.monotonic() < deadline:
        beat()
        sender.tick()
        if sender.nothing_owed():
            return
        time.sleep(tick_s)


def _heartbeat(document: dict[str, Any], status: Path) -> Heartbeat | None:
    section = document.get("heartbeat")
    if section is None:
        return None
    return Heartbeat(lambda: resolve(section["url"]), section["every_s"], status)


def _chat(document: dict[str, Any], desk: Desk, telegram: Callable[..., Telegram]) -> Telegram | None:
    section = document.get("telegram")
    if section is None:
        return None
    bot = telegram(lambda: resolve(section["bot"]), section["chats"], desk.answer)
    bot.start()
    return bot


def _keep_troubles(store: Store, heartbeat: Heartbeat | None, chat: Telegram | None) -> None:
    """What is wrong beside the channels, for ``guard notify list`` and the status line."""
    for name, one in (("heartbeat", heartbeat), ("telegram", chat)):
        why = one.why if one is not None else ""
        if (store.mark(f"trouble:{name}") or "") != why:
            store.set_mark(f"trouble:{name}", why)


def _watch_the_loop(sender: Sender) -> Callable[[], None]:
    """End this process when its loop or a channel hangs for two minutes: the guard starts a new one."""
    beats = [time.monotonic()]

    def watch() -> None:
        while time.monotonic() - beats[0] < _STUCK_S and sender.stuck_s() < _STUCK_S:
            time.sleep(1.0)
        logger.error("the notifier hangs and is started anew")
        os._exit(_STUCK_CODE)

    threading.Thread(target=watch, name="watch", daemon=True).start()

    def beat() -> None:
        beats[0] = time.monotonic()

    return beat


class _Place:
    """The log file and the one notifier's lock, which a notifier of an ended guard may hold for a little longer."""

    def __init__(self, work: Work, parent: Parent) -> None:
        self.lock: AccountLock | None = None
        self._work, self._parent = work, parent

    def __enter__(self) -> _Place:  # noqa: PYI034 - private
        start_logging(self._work.home.text, f"{self._work.account.key}.notify")
        folder = self._work.home.state(self._work.account) / "notify"
        while self.lock is None and not self._parent.gone.is_set():
            try:
                self.lock = account_lock.acquire(self._work.account, folder)
            except AlreadyRunningError:
                self._parent.gone.wait(0.5)
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            logger.opt(exception=error).critical("the notifier has failed; the guard starts it again")
        if self.lock is not None:
            self.lock.release()
        stop_logging()


def main() -> int:
    """Entry of the process."""
    stream = sys.stdin.buffer
    work = read_work(stream)
    try:
        return run(work, Parent(stream))
    except GuardError as error:
        logger.error("the notifier cannot go on: {}", error)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
