"""The notifier as a child of the guard: started, told what to do, and started again, all in a thread of its own.

The guard's loop never waits for it. It does not hear Ctrl-C, and ends by itself when the guard does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from loguru import logger

import guard
from guard.app.home import Account, Home

MODULE: Final = "guard.app.outbox.process"
_PAUSES_S: Final = (0.0, 1.0, 2.0, 5.0, 15.0, 30.0)
_HEALTHY_S: Final = 60.0
_GOODBYE_S: Final = 3.0
_SECTIONS: Final = ("notify", "heartbeat", "telegram")


def wanted(document: Mapping[str, Any]) -> bool:
    """Whether the configuration names anything to send to."""
    return any(document.get(name) for name in _SECTIONS)


class Kept:
    """Keeps one process of the guard's own running from ``start`` to ``close``."""

    def __init__(self, name: str, module: str, told: Mapping[str, Any]) -> None:
        """``module`` gets ``told`` as one line of JSON on standard input, and ends when standard input does."""
        self.name = name
        self._line = json.dumps(told).encode() + b"\n"
        self._module = module
        self._closing = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep_running, name=name, daemon=True)
        self.starts = 0
        self.why = ""
        """Why it is not running now, empty while it is."""

    @property
    def pid(self) -> int | None:
        """The process number, ``None`` while there is none."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def close(self, *, asked: bool = True) -> None:
        """Hang up. It sends what is due and ends; after three seconds it is ended, and the rest comes later.

        ``asked``: somebody wanted the guard to stop. Otherwise the notifier tells people that nobody watches any more,
        and is given the time it takes.
        """
        self._closing.set()
        process = self._process
        if process is not None and not asked:
            hang_up(process)
        elif process is not None:
            say(process, b"stop\n")
            hang_up(process)
            try:
                process.wait(_GOODBYE_S)
            except subprocess.TimeoutExpired:
                logger.warning("{}: not done in time; it is ended, and goes on with the next start", self.name)
                process.kill()
        if self._thread.is_alive():
            self._thread.join(_GOODBYE_S)

    def _keep_running(self) -> None:
        failures = 0
        while not self._closing.wait(_PAUSES_S[min(failures, len(_PAUSES_S) - 1)]):
            ended = threading.Event()
            healthy = threading.Timer(_HEALTHY_S, ended.set)
            healthy.daemon = True
            healthy.start()
            self._run_once()
            healthy.cancel()
            failures = 1 if ended.is_set() else failures + 1

    def _run_once(self) -> None:
        try:
            process = self._process = popen(self._module)
        except OSError as error:
            self.why = f"it cannot be started ({error.strerror})"
            logger.error("{}: {}", self.name, self.why)
            return
        self.starts, self.why = self.starts + 1, ""
        say(process, self._line)
        if self._closing.is_set():
            hang_up(process)
        code = process.wait()
        hang_up(process)
        if not self._closing.is_set():
            self.why = f"it ended with code {code} and is started again"
            logger.warning("{}: {}", self.name, self.why)


class Notifier(Kept):
    """Keeps one notifier process running."""

    def __init__(self, account: Account, home: Home, document: Mapping[str, Any], module: str | None = None) -> None:
        """``document``: the effective configuration, with references only."""
        told = {
            "account": {"login": account.login, "server": account.server},
            "home": str(home.root),
            "document": {name: document[name] for name in (*_SECTIONS, "notices", "trading_day") if name in document},
        }
        super().__init__("notifier", MODULE if module is None else module, told)


def popen(module: str, *, heard: bool = False) -> subprocess.Popen[bytes]:
    """Start a module of the guard with a pipe as standard input; ``heard``: its output is read, its errors are seen."""
    root = str(Path(guard.__file__).resolve().parent.parent)
    known = os.environ.get("PYTHONPATH")
    env = {**os.environ, "PYTHONPATH": root if not known else os.pathsep.join((root, known))}
    flags: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        flags = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE if heard else subprocess.DEVNULL, stderr=None if heard else subprocess.DEVNULL,
        env=env, **flags,
    )  # fmt: skip


def say(process: subprocess.Popen[bytes], line: bytes) -> None:
    """Write to its standard input; a process that is gone does not hear it."""
    if process.stdin is None or process.stdin.closed:
        return
    try:
        process.stdin.write(line)
        process.stdin.flush()
    except (OSError, ValueError) as error:
        logger.debug("a helper was not told ({})", error)


def hang_up(process: subprocess.Popen[bytes]) -> None:
    """Close its standard input, which tells it to end."""
    if process.stdin is not None and not process.stdin.closed:
        try:
            process.stdin.close()
        except OSError as error:
            logger.debug("a helper's pipe: {}", error)
