"""The guard's commands over the simulated terminal: ``python -m tests.root run|check|snapshot|status …``.

Only tests and benchmarks start it. The same modules as ``guard``, and the same command line; what differs is the module
the worker loads. The environment steers it further:

``GUARD_FAKE_OPTIONS``: the simulated account (read in the worker);
``GUARD_TEST_MODULES``: a file that gets the names of all loaded modules when the guard stops;
``GUARD_TEST_KILL``: ``n:event``, end the process hard (as ``kill -9`` does) within the n-th commit after the start, at
``begin``, ``insert``, ``commit`` (just before) or ``committed`` (just after); the file ``GUARD_TEST_KILLED`` tells so.
"""

import functools
import os
import sqlite3
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from guard.cli import main
from guard.journal import sqlite as journal_sqlite
from guard.settings.load import Loaded
from guard.terminal.client import WorkerTerminal


def simulated_terminal(loaded: Loaded) -> WorkerTerminal:
    return WorkerTerminal("fakes.metatrader5", path=loaded.terminal.path, allow_simulated=True)


def use_simulated_terminal() -> None:
    for name in ("run", "check", "snapshot"):
        command = import_module(f"guard.cli.{name}")
        command.register = functools.partial(command.register, terminal=simulated_terminal)  # type: ignore[attr-defined]


class KillInCommit:
    """Counts the journal's commits by what SQLite says it executes, and dies in one of them."""

    def __init__(self, number: int, event: str, note: Path) -> None:
        self._left, self._event, self._note, self._over = number, event, note, False

    def __call__(self, statement: str) -> None:
        word = statement.split(maxsplit=1)[0].upper()
        if word == "BEGIN":
            self._left -= 1
            self._over = False
        if self._left == 0 and {"BEGIN": "begin", "INSERT": "insert", "COMMIT": "commit"}.get(word) == self._event:
            self.die()

    def die(self) -> None:
        self._note.write_text(self._event, encoding="utf-8")
        os.kill(os.getpid(), 9)

    def after_commit(self) -> None:
        if self._left == 0 and self._event == "committed":
            self.die()


def kill_in_commit(order: str, note: Path) -> None:
    number, event = order.split(":")
    opening = journal_sqlite.open_journal
    transaction = journal_sqlite.SqliteJournal._transaction
    killer = KillInCommit(int(number), event, note)

    def open_journal(path: Path) -> Any:
        journal = opening(path)
        journal._connection.set_trace_callback(killer)
        return journal

    def _transaction(self: Any) -> Any:
        return _watched(transaction(self), killer)

    bootstrap = import_module("guard.app.bootstrap")
    bootstrap.open_journal = open_journal  # type: ignore[attr-defined]
    journal_sqlite.SqliteJournal._transaction = _transaction  # type: ignore[method-assign]


class _watched:  # noqa: N801 - used like a function
    def __init__(self, inner: Any, killer: KillInCommit) -> None:
        self._inner, self._killer = inner, killer

    def __enter__(self) -> Any:
        return self._inner.__enter__()

    def __exit__(self, *error: object) -> Any:
        result = self._inner.__exit__(*error)
        if error[0] is None:
            self._killer.after_commit()
        return result


def run(argv: list[str]) -> int:
    use_simulated_terminal()
    if "GUARD_TEST_KILL" in os.environ:
        kill_in_commit(os.environ["GUARD_TEST_KILL"], Path(os.environ["GUARD_TEST_KILLED"]))
    try:
        return main.run(argv)
    finally:
        if "GUARD_TEST_MODULES" in os.environ:
            Path(os.environ["GUARD_TEST_MODULES"]).write_text("\n".join(sorted(sys.modules)), encoding="utf-8")


if __name__ == "__main__":
    assert sqlite3.threadsafety >= 1
    sys.exit(run(sys.argv[1:]))
