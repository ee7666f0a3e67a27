"""Starts a simulated terminal for the real package, as a process of its own. Windows Python only."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
HAS_PACKAGE = importlib.util.find_spec("MetaTrader5") is not None
needs_package = pytest.mark.skipif(
    not HAS_PACKAGE, reason="needs the MetaTrader5 package, which exists for Windows only: run it on the Windows bed"
)


class RunningTerminal:
    """``events`` are the lines it has printed so far; ``path`` is what the package is told."""

    def __init__(self, path: str, process: subprocess.Popen[str]) -> None:
        self.path, self.process, self.events = path, process, list[dict[str, Any]]()
        self._came = threading.Condition()
        self._said: list[str] = []
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._read, self._listen)]
        for thread in self._threads:
            thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._came:
                self.events.append(json.loads(line))
                self._came.notify_all()
        with self._came:
            self._came.notify_all()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        self._said.extend(self.process.stderr)

    def until(self, wanted: Callable[[dict[str, Any]], bool], within_s: float = 20.0) -> dict[str, Any]:
        """The first event that is wanted, waited for."""
        deadline = time.monotonic() + within_s
        while True:
            with self._came:
                found = [event for event in self.events if wanted(event)]
                if found:
                    return found[0]
                left = deadline - time.monotonic()
                assert left > 0, f"not seen within {within_s} s: {self.events[-5:]} {''.join(self._said)}"
                assert self.process.poll() is None, f"ended with {self.process.poll()}: {''.join(self._said)}"
                self._came.wait(min(left, 0.5))

    def of(self, event: str) -> list[dict[str, Any]]:
        """The events of one kind."""
        return [told for told in self.events if told["event"] == event]

    def end(self) -> int:
        """Let its standard input end; the exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(20)

    def tidy(self) -> None:
        """End it if it still lives, and close everything."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(20)
        for thread in self._threads:
            thread.join(10)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


@contextlib.contextmanager
def terminal(
    *words: str, module: str = "fakes.terminal", path: str | None = None, **options: Any
) -> Iterator[RunningTerminal]:
    """A terminal at a path of its own; ``options`` are the simulated account's, ``words`` more of its command line."""
    where = f"C:\\Ghost-{uuid.uuid4().hex[:8]}\\terminal64.exe" if path is None else path
    known = {name: value for name, value in os.environ.items() if not name.startswith("GUARD_")}
    known["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), known.get("PYTHONPATH"))))
    process = subprocess.Popen(
        [sys.executable, "-m", module, "--path", where, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, encoding="utf-8", env=known | {"GUARD_FAKE_OPTIONS": json.dumps(options)},
    )  # fmt: skip
    running = RunningTerminal(where, process)
    try:
        running.until(lambda event: event["event"] == "ready", 60.0)
        yield running
    finally:
        running.tidy()
