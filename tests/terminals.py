"""Builders of terminals for tests: a worker process over the simulated module, or the worker's own code in process."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fakes.metatrader5 as module
from fakes.broker import Broker
from guard.model.errors import TerminalError
from guard.terminal.client import WorkerTerminal
from guard.terminal.port import Connection, Lease
from guard.terminal.worker import Worker

ROOT = Path(__file__).resolve().parent.parent
MODULE = "fakes.metatrader5"
START = datetime(2026, 3, 3, 9, tzinfo=UTC)


def simulated(*, may_send: bool = False, period_s: float = 0.25, **options: object) -> WorkerTerminal:
    """A worker process of its own; ``options`` are the simulated account's."""
    told = {"balance": 10_000.0, **options}
    return WorkerTerminal(
        Connection(MODULE), allow_simulated=True, may_send=may_send, period_s=period_s, fake_options=told
    )


class InProcess:
    """A worker without a process, on a virtual clock: the broker outlives it, as the real terminal does.

    ``lose`` names the operations whose answers are lost although they were carried out: the core sees a hang.
    """

    def __init__(self, clock: Callable[[], tuple[datetime, float]], *, may_send: bool, lose: set[str]) -> None:
        self._worker = Worker(MODULE, allow_simulated=True, may_send=may_send, clock=clock)
        self._answer: dict[str, Any] | None = None
        self._dead = False
        self.lose = lose

    @property
    def pid(self) -> int | None:
        return None

    def ask(self, request: dict[str, Any]) -> None:
        if self._dead:
            raise TerminalError("the worker is dead")
        answer = self._worker.answer(request)
        if request["op"] in self.lose:
            self.lose.discard(request["op"])
        else:
            self._answer = answer

    def reply(self, timeout_s: float) -> dict[str, Any] | None:  # noqa: ARG002 - an answer is there at once or never
        answer, self._answer = self._answer, None
        return answer

    def kill(self) -> None:
        self._dead = True


class World:
    """A broker on a virtual clock with the guard's own terminal before it, all in this process."""

    def __init__(self, broker: Broker, faults: Mapping[str, Any] | None = None, *, may_send: bool = False) -> None:
        self.broker, self.now_s, self.lose = broker, 1000.0, set[str]()
        self.workers = 0
        module.attach(broker, dict(faults or {}), self.clock)

        def start() -> InProcess:
            self.workers += 1
            return InProcess(lambda: (self.broker.now_utc, self.now_s), may_send=may_send, lose=self.lose)

        self.terminal = WorkerTerminal(
            Connection(MODULE), may_send=may_send, allow_simulated=True, clock=self.clock, start=start
        )

    def clock(self) -> float:
        return self.now_s

    def inject(self, **faults: Any) -> None:
        """From now on these faults, and no others."""
        module.attach(self.broker, faults, self.clock)

    def pass_time(self, seconds: float) -> None:
        """Time passes, and every symbol ticks at its price."""
        self.now_s += seconds
        self.broker.advance(seconds)
        self.broker.set_prices({name: quote.bid for name, quote in self.broker.quotes.items()})


def read_often(terminal: WorkerTerminal) -> None:
    """Twenty looks, one after the other."""
    for _ in range(20):
        terminal.read_snapshot()


def read_at_last(terminal: WorkerTerminal, within_s: float = 20.0) -> dict[str, Any]:
    """The first reading that succeeds."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            return terminal.read_snapshot()
        except TerminalError:
            if time.monotonic() >= deadline:
                raise


def lease(terminal: WorkerTerminal, seconds: float = 5.0) -> None:
    """The right to send, for the account the terminal is logged in to."""
    account = terminal.read_snapshot()["account"]
    terminal.grant(Lease(account["login"], account["server"], seconds))


def closing(document: Mapping[str, Any], index: int = 0, **changes: Any) -> dict[str, Any]:
    """A request that closes one position of a snapshot whole."""
    row = document["positions"][index]
    tick = document["ticks"][row["symbol"]]
    return {
        "action": 1, "position": row["ticket"], "symbol": row["symbol"], "type": 1 - row["type"], "type_filling": 1,
        "volume": row["volume"], "price": tick["bid"] if row["type"] == 0 else tick["ask"], "magic": 7007, **changes,
    }  # fmt: skip


@contextlib.contextmanager
def listening(folder: Path, *words: str, options: str = "{}") -> Iterator[tuple[str, str, subprocess.Popen[str]]]:
    """A worker that listens; its address, its token and the process."""
    file = folder / "token.txt"
    command = [sys.executable, "-m", "guard.terminal.worker", "--listen", "127.0.0.1:0", "--token-file", str(file)]
    known = os.environ.get("PYTHONPATH")
    env = {**os.environ, "GUARD_FAKE_OPTIONS": options,
           "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), known)))}  # fmt: skip
    process = subprocess.Popen(
        [*command, "--module", MODULE, "--allow-simulated", *words], stderr=subprocess.PIPE, text=True, env=env
    )
    try:
        assert process.stderr is not None
        said = process.stderr.readline()
        assert "listens at" in said, said
        yield said.split("listens at ")[1].split(",")[0], file.read_text(encoding="utf-8").strip(), process
    finally:
        process.kill()
        process.wait(20)
        if process.stderr is not None:
            process.stderr.close()
