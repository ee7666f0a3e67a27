"""Faults of the pipe in the real package: nothing that follows one is believed, and no request is made twice."""

from __future__ import annotations

import importlib
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from guard.model.errors import TerminalError
from guard.terminal.client import WorkerTerminal
from guard.terminal.port import Connection, Known, Unknown
from tests.pipe_terminal import needs_package, terminal
from tests.windows.fault_table import BOOK, KINDS, OPERATIONS, START, Direct, try_fault

pytestmark = [needs_package, pytest.mark.timeout(300)]
# Kinds after which the link is as good as before: nothing was wrong with a whole reply.
WHOLE = {"slow", "status -1", "account switched", "empty lists for 2 s"}
# The reply itself arrives, and the next call fails.
NEXT_CALL = {"wrong length", "gone between"}


@pytest.fixture
def package() -> Any:
    return importlib.import_module("MetaTrader5")


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_after_a_fault_the_core_is_blind_for_a_moment_never_wrong(kind: str, operation: str) -> None:
    row = try_fault(kind, operation)
    assert row.recovered, row
    assert not row.believed_flat, row
    assert row.requests <= 1, row
    assert row.deals == (0 if operation != "order_send" else row.deals)
    if kind not in WHOLE:
        assert row.restarts >= 1, row
    if operation == "order_send" and kind not in WHOLE:
        wanted: type = Known if kind in NEXT_CALL else Unknown
        assert isinstance(row.outcome, wanted), row
        assert row.deals == (0 if kind == "gone during, not done" else 1), row


def test_a_late_reply_is_what_the_next_call_of_the_package_believes(package: Any) -> None:
    with terminal("--fault", "late,call=positions_total,nth=1", start=START, speed=0, positions=BOOK) as running:
        assert package.initialize(running.path)
        assert package.positions_total() is None
        assert package.last_error()[0] == -10002
        assert package.positions_total() == len(BOOK)  # the late reply; the reply to this call waits for the next one
        assert (package.symbols_total(), package.last_error()[0]) == (None, -10000)
        assert (package.orders_total(), package.last_error()[0]) == (None, -10000)
        package.shutdown()


def test_a_late_reply_is_never_believed_because_the_worker_connects_anew(package: Any) -> None:
    fault = "late,call=account_info,nth=9"  # the last call of the third look; the next begins with the same one
    with terminal("--fault", fault, start=START, speed=0, positions=BOOK) as running:
        watching = WorkerTerminal(
            Connection("MetaTrader5", path=running.path), allow_simulated=True, start=Direct
        )  # fmt: skip
        watching.connect()
        first = watching.read_snapshot()
        watching.read_snapshot()
        with pytest.raises(TerminalError, match="IPC recv failed"):
            watching.read_snapshot()
        assert watching.restarts == 1
        # Without the new connection every further call would read the reply to the call before it.
        again = watching.read_snapshot()
        assert (again["positions"], again["account"]) == (first["positions"], first["account"])
        watching.close()
    assert package.shutdown()


def test_a_hang_is_seen_in_time_and_nothing_is_closed() -> None:
    with terminal("--fault", "hang,call=positions_get,nth=4,seconds=10", start=START, positions=BOOK) as running:
        watching = WorkerTerminal(Connection("MetaTrader5", path=running.path), allow_simulated=True)
        try:
            watching.connect()
            watching.read_snapshot()
            watching.read_snapshot()
            began = time.monotonic()
            with pytest.raises(TerminalError, match="did not answer within 1 s"):
                watching.read_snapshot()
            seen = time.monotonic() - began
            began, again = time.monotonic(), None
            while again is None and time.monotonic() - began < 60:
                try:
                    again = watching.read_snapshot()
                except TerminalError:
                    time.sleep(0.05)
            back = time.monotonic() - began
        finally:
            watching.close()
        print(
            f"hang of 10 s: seen after {seen:.2f} s, read again {back:.2f} s later (start of Windows Python included)"
        )
        assert seen < 3.0
        assert again is not None
        assert len(again["positions"]) == len(BOOK)
        assert running.of("request") == []
        assert len(running.of("deal")) == 0


def test_no_other_thread_runs_while_the_package_waits(package: Any) -> None:
    ticks, over = [0], threading.Event()

    def tick() -> None:
        while not over.wait(0.02):
            ticks[0] += 1

    with terminal("--fault", "slow,call=account_info,nth=1,seconds=10", speed=0) as running:
        assert package.initialize(running.path)
        thread = threading.Thread(target=tick)
        thread.start()
        time.sleep(1.0)
        before = ticks[0]
        began = time.monotonic()
        assert package.account_info() is not None
        during, took = ticks[0] - before, time.monotonic() - began
        over.set()
        thread.join()
        package.shutdown()
    print(f"ticks in 1 s of sleep: {before}; in a call of {took:.1f} s: {during}")
    assert before > 20
    assert took > 9
    assert during <= 1


def test_the_c_timer_ends_a_process_that_hangs_in_the_package() -> None:
    with terminal("--fault", "hang,call=account_info,nth=1,seconds=60", speed=0) as running:
        script = (
            "import faulthandler, MetaTrader5 as m\n"
            f"assert m.initialize({running.path!r})\n"
            "faulthandler.dump_traceback_later(2, exit=True)\n"
            "m.account_info()\n"
        )
        began = time.monotonic()
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60, check=False)
        assert done.returncode == 1
        assert b"Timeout" in done.stderr
        assert time.monotonic() - began < 45


@pytest.mark.parametrize(
    "fault,took,error",
    [
        ("denied", (0.0, 5.0), (-6, "Terminal: Authorization failed")),
        ("waiting", (0.8, 9.0), (-10005, "IPC timeout")),
        ("waiting,times=3", (0.2, 9.0), (1, "Success")),
        ("busy,seconds=2", (0.0, 9.0), (1, "Success")),
        ("status,call=hello,code=-5", (0.0, 5.0), (-5, None)),
        ("cut,call=hello", (0.0, 5.0), (-10002, None)),
    ],
)
def test_the_states_of_connecting(
    package: Any, fault: str, took: tuple[float, float], error: tuple[int, str | None]
) -> None:
    package.shutdown()
    with terminal("--fault", fault, speed=0) as running:
        began = time.monotonic()
        done = package.initialize(running.path, timeout=1000)
        passed = time.monotonic() - began
        code, text = package.last_error()
        assert done is (error[0] == 1)
        assert code == error[0]
        assert error[1] in {None, text}
        assert took[0] <= passed <= took[1]
        package.shutdown()


def test_a_second_client_waits_while_the_pipe_is_busy(package: Any) -> None:
    with terminal("--fault", "busy,nth=1,seconds=4", speed=0) as running:
        assert package.initialize(running.path)
        script = f"import MetaTrader5 as m, time; b = time.time(); assert m.initialize({running.path!r})"
        script += "; print(time.time() - b)"
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
        package.shutdown()
        assert float(done.stdout) < 30
        assert len([told for told in running.of("client") if told["is"] == "there"]) == 2
