"""The worker is killed and replaced when it hangs, and dies with its core."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from guard.model.errors import TerminalError
from guard.model.snapshot_json import read_snapshot
from guard.terminal.client import WorkerTerminal
from guard.terminal.port import Connection
from tests.terminals import read_at_last, read_often, simulated

BOOK = [
    {"symbol": "EURUSD", "side": "buy", "lots": 0.5, "sl": 1.0},
    {"symbol": "USDJPY", "side": "sell", "lots": 0.2},
]


@pytest.fixture
def quiet() -> Iterator[WorkerTerminal]:
    terminal = simulated(positions=BOOK)
    terminal.connect()
    yield terminal
    terminal.close()


def test_a_snapshot_comes_whole_and_without_gaps(quiet: WorkerTerminal) -> None:
    snapshot = read_snapshot(quiet.read_snapshot())
    assert snapshot.gaps == ()
    assert snapshot.positions is not None
    assert [position.symbol for position in snapshot.positions] == ["EURUSD", "USDJPY"]
    assert {"EURUSD", "USDJPY"} <= snapshot.symbols.keys() & snapshot.ticks.keys()
    assert snapshot.deals


def test_cold_sections_stay_the_same_objects_while_nothing_changes(quiet: WorkerTerminal) -> None:
    first, second = quiet.read_snapshot(), quiet.read_snapshot()
    assert first["symbols"] is second["symbols"]
    assert first["deals"] is second["deals"]


def test_the_server_offset_is_confirmed_only_after_ticks_advance(quiet: WorkerTerminal) -> None:
    assert quiet.read_snapshot()["offset_confirmed"] is False
    deadline = time.monotonic() + 10.0
    while time.monotonic() < deadline:
        time.sleep(0.3)
        document = quiet.read_snapshot()
        if document["offset_confirmed"]:
            assert document["server_utc_offset_s"] == 7200
            return
    pytest.fail("the offset was never confirmed although ticks advance")


def test_a_simulated_module_is_refused() -> None:
    with pytest.raises(TerminalError, match="simulated terminal"):
        WorkerTerminal(Connection("fakes.metatrader5")).connect()


@pytest.mark.skipif(sys.platform == "win32", reason="the package exists on Windows")
def test_without_the_vendor_package_one_sentence_says_so() -> None:
    with pytest.raises(TerminalError, match="MetaTrader5 package is not installed"):
        WorkerTerminal().connect()


def test_a_hang_is_seen_in_a_second_and_the_worker_replaced(tmp_path: Path) -> None:
    hang = {"call": "positions_get", "nth": 3, "seconds": 10, "gil": True, "once": str(tmp_path / "once")}
    terminal = simulated(positions=BOOK, hang=hang)
    try:
        terminal.connect()
        terminal.read_snapshot()
        old = terminal.worker_pid
        began = time.monotonic()
        with pytest.raises(TerminalError, match="did not answer within 1 s"):
            read_often(terminal)
        seen = time.monotonic()
        document = read_at_last(terminal)
        assert seen - began < 5.0
        assert terminal.worker_pid != old
        assert old is None or not psutil.pid_exists(old)
        assert len(document["positions"]) == 2
    finally:
        terminal.close()


def test_a_broken_link_is_not_read_again() -> None:
    terminal = simulated(positions=BOOK, ipc={"call": "account_info", "nth": 6, "code": -10002})
    try:
        terminal.connect()
        old = terminal.worker_pid
        with pytest.raises(TerminalError, match="-10002"):
            read_often(terminal)
        assert terminal.worker_pid != old
    finally:
        terminal.close()


def test_positions_that_cannot_be_read_are_absent_not_empty() -> None:
    terminal = simulated(positions=BOOK, none={"call": "positions_get", "nth": 1, "times": 1000, "code": -1})
    try:
        terminal.connect()
        document = terminal.read_snapshot()
        assert "positions" not in document
        assert read_snapshot(document).positions is None
    finally:
        terminal.close()


CORE = """
import sys, threading
from guard.terminal.client import WorkerTerminal
from guard.terminal.port import Connection
from tests.terminals import read_at_last, read_often, simulated
hang = {"call": "positions_get", "nth": 3, "seconds": 30, "gil": True}
t = WorkerTerminal(Connection("fakes.metatrader5"), allow_simulated=True, fake_options={"hang": hang}, period_s=20.0)
t.connect(); t.read_snapshot()
print(t.worker_pid, flush=True)
while True: t.read_snapshot()
"""


def test_no_worker_is_left_a_second_after_the_core_was_killed_in_a_hung_call() -> None:
    root = str(Path(__file__).resolve().parents[3])
    core = subprocess.Popen(
        [sys.executable, "-c", CORE], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": root}
    )
    assert core.stdout is not None
    worker = int(core.stdout.readline())
    time.sleep(1.0)
    assert psutil.pid_exists(worker)
    core.kill()
    core.wait()
    core.stdout.close()
    deadline = time.monotonic() + 1.0
    while psutil.pid_exists(worker) and psutil.Process(worker).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the worker outlived its core"
        time.sleep(0.02)
