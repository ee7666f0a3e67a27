"""Starts the guard over the simulated terminal as its own process, as a user would from a command line."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CALM = [{"symbol": "EURUSD", "side": 1, "lots": 0.01, "sl": 1.0}]


def options(**changes: Any) -> dict[str, Any]:
    """A calm account at a server of its own, so that tests never share the machine's account lock."""
    return {"login": 5012345, "server": f"SIMULATED-{uuid.uuid4().hex[:12]}", "balance": 10000.0, "speed": 0,
            "positions": CALM, **changes}  # fmt: skip


def environment(account: Mapping[str, Any] | None, **more: str) -> dict[str, str]:
    """The environment of a guard process over this simulated account."""
    known = {k: v for k, v in os.environ.items() if not k.startswith("GUARD_")}
    path = os.pathsep.join(filter(None, (str(ROOT), known.get("PYTHONPATH"))))
    told = {"GUARD_FAKE_OPTIONS": json.dumps(account)} if account is not None else {}
    return {**known, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", **told, **more}


def guard(
    *words: str, home: Path, account: Mapping[str, Any] | None, cwd: Path | None = None, root: bool = True, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    command = [sys.executable, "-m", "tests.root" if root else "guard", *words, "--home", str(home)]
    return subprocess.run(
        command, env=environment(account, **more), cwd=cwd or home.parent, capture_output=True, text=True,
        encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip


class Running:
    """A ``run --json`` in the background; ``events`` are those read so far."""

    def __init__(
        self, home: Path, account: Mapping[str, Any], *words: str, cwd: Path | None = None, **more: str
    ) -> None:
        command = [sys.executable, "-m", "tests.root", "run", "--json", "--home", str(home), *words]
        flags: dict[str, Any] = {}
        if sys.platform == "win32":
            flags["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP
        self.process = subprocess.Popen(
            command, env=environment(account, **more), cwd=cwd or home.parent, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, encoding="utf-8", **flags,
        )  # fmt: skip
        self.events: list[dict[str, Any]] = []
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def until(self, wanted: Callable[[dict[str, Any]], bool], within_s: float = 20.0) -> dict[str, Any]:
        """Read events up to the first one that is wanted."""
        deadline = time.monotonic() + within_s
        while True:
            line = self._lines.get(timeout=max(0.01, deadline - time.monotonic()))
            assert line is not None, f"ended with {self.process.wait()}: {self.errors()}"
            event: dict[str, Any] = json.loads(line)
            self.events.append(event)
            if wanted(event):
                return event

    def started(self) -> dict[str, Any]:
        return self.until(lambda event: event["event"] == "start")

    def rest(self) -> list[dict[str, Any]]:
        """All events that are left, once the process has ended."""
        while (line := self._lines.get(timeout=20)) is not None:
            # A process that was killed may have left half a line.
            with contextlib.suppress(ValueError):
                self.events.append(json.loads(line))
        return self.events

    def interrupt(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(20)

    def kill(self) -> None:
        """End it hard, as a power switch would."""
        self.process.kill()
        self.process.wait(20)

    def errors(self) -> str:
        assert self.process.stderr is not None
        said: str = self.process.stderr.read()
        return said


@contextlib.contextmanager
def running(home: Path, account: Mapping[str, Any], *words: str, **more: Any) -> Iterator[Running]:
    """A guard that has printed its ``start``; killed in the end if it still lives."""
    guard = Running(home, account, *words, **more)
    try:
        guard.started()
        yield guard
    finally:
        if guard.process.poll() is None:
            guard.kill()
        for stream in (guard.process.stdout, guard.process.stderr):
            if stream is not None:
                stream.close()
