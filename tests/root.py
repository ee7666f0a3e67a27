"""The guard's commands over the simulated terminal: ``python -m tests.root run|check|snapshot|status …``.

Only tests and benchmarks start it. The same modules as ``guard``, and the same command line; what differs is the module
the worker loads. The environment steers it further:

``GUARD_FAKE_OPTIONS``: the simulated account (read in the worker);
``GUARD_TEST_MODULE``: the module the worker loads instead, for a simulated terminal behind the real package;
``GUARD_TEST_MODULES``: a file that gets the names of all loaded modules when the guard stops;
``GUARD_TEST_ACKS``: print an ``ack`` event with number and hash of the last row after every commit;
``GUARD_TEST_KILL``: ``n:event``, end the process hard (as ``kill -9`` does) within the n-th commit after the start, at
``begin``, ``insert``, ``commit`` (just before) or ``committed`` (just after); the file ``GUARD_TEST_KILLED`` tells so;
``GUARD_TEST_LATE``: a file that gets how many seconds late each cycle began, as a JSON list, when the guard stops;
``GUARD_TEST_TELEGRAM``: the address at which the notifier finds Telegram's service.
"""

import atexit
import functools
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from guard.cli._lean import keep_openssl_out

if "run" in sys.argv:
    keep_openssl_out()

from guard.app.cycle import Outcome
from guard.app.outbox import child
from guard.app.rate import Rate
from guard.cli import main
from guard.journal import sqlite
from guard.settings.load import Loaded
from guard.settings.terminal import REMOTE, connection_of
from guard.terminal.client import WorkerTerminal
from guard.terminal.port import Connection


def simulated_terminal(loaded: Loaded, *, may_send: bool = False) -> WorkerTerminal:
    if loaded.terminal.kind == REMOTE:
        return WorkerTerminal(connection_of(loaded.terminal, None, None), allow_simulated=True, may_send=may_send)
    module = os.environ.get("GUARD_TEST_MODULE", "fakes.metatrader5")
    connection = Connection(module, path=loaded.terminal.path)
    return WorkerTerminal(connection, allow_simulated=True, may_send=may_send)


def use_simulated_terminal(argv: list[str]) -> None:
    # Only what is named is loaded, as by ``guard`` itself.
    for name in {"run", "check", "snapshot", "doctor", "arm"}.intersection(argv):
        command = import_module(f"guard.cli.{name}")
        command.register = functools.partial(command.register, terminal=simulated_terminal)


class Watch:
    """Counts the journal's commits by what SQLite says it executes; acknowledges each, and dies in one of them."""

    def __init__(self, kill: str | None, acks: bool) -> None:
        number, _, event = (kill or "0:never").partition(":")
        self._left, self._event, self._acks = int(number), event, acks

    def statement(self, text: str) -> None:
        word = text.split(maxsplit=1)[0].upper()
        if word == "BEGIN":
            self._left -= 1
        self._reached({"BEGIN": "begin", "INSERT": "insert", "COMMIT": "commit"}.get(word))

    def committed(self, seq: int, own: str) -> None:
        self._reached("committed")
        if self._acks:
            os.write(1, (json.dumps({"event": "ack", "seq": seq, "hash": own}) + "\n").encode())

    def _reached(self, event: str | None) -> None:
        if self._left == 0 and event == self._event:
            Path(os.environ["GUARD_TEST_KILLED"]).write_text(self._event, encoding="utf-8")
            os.kill(os.getpid(), 9)


def watch_commits(watch: Watch) -> None:
    opening = sqlite.open_journal
    transaction = sqlite.SqliteJournal._transaction

    def open_journal(path: Path) -> sqlite.SqliteJournal:
        journal = opening(path)
        journal._connection.set_trace_callback(watch.statement)
        return journal

    @contextmanager
    def watched(self: sqlite.SqliteJournal) -> Iterator[None]:
        with transaction(self):
            yield
        if self._tail is not None:
            watch.committed(*self._tail)

    import_module("guard.app.bootstrap").open_journal = open_journal
    sqlite.SqliteJournal._transaction = watched  # type: ignore[method-assign]


def watch_lateness(path: Path) -> None:
    late: list[float] = []
    due: list[float] = []
    after = Rate.after

    def watched(self: Rate, outcome: Outcome, now: float) -> float:
        period_s = after(self, outcome, now)
        late.extend(now - at for at in due)
        due[:] = [now + period_s]
        return period_s

    Rate.after = watched  # type: ignore[method-assign]
    atexit.register(lambda: path.write_text(json.dumps(late), encoding="utf-8"))


def run(argv: list[str]) -> int:
    use_simulated_terminal(argv)
    if "GUARD_TEST_LATE" in os.environ:
        watch_lateness(Path(os.environ["GUARD_TEST_LATE"]))
    if "GUARD_TEST_TELEGRAM" in os.environ:
        child.MODULE = "tests.sender_root"  # type: ignore[misc]
    if {"GUARD_TEST_KILL", "GUARD_TEST_ACKS"} & os.environ.keys():
        watch_commits(Watch(os.environ.get("GUARD_TEST_KILL"), "GUARD_TEST_ACKS" in os.environ))
    try:
        return main.run(argv)
    finally:
        if "GUARD_TEST_MODULES" in os.environ:
            Path(os.environ["GUARD_TEST_MODULES"]).write_text(
                "\n".join(sorted(name for name in sys.modules if sys.modules.get(name) is not None)), encoding="utf-8"
            )


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
