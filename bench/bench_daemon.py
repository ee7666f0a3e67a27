"""What a running guard costs: ``python -m bench.bench_daemon``.

Core and worker apart: CPU-seconds an hour and resident memory at 4 and 10 looks a second; time from the start of the
process to its first look; journal size of a calm day. The simulated terminal stands in for the real one, so the
worker's figures hold its market too. Prints median and range, and each bar with pass or fail; exit code 1 when one
fails.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.launch import ROOT, Running, environment, options

CORE_CPU_S, CORE_MB, START_S, JOURNAL_MB = 10.0, 45.0, 1.0, 20.0
DAY_S = 86_400.0
_DRIVER = """
import sys
from tests import root
from guard.app import daemon
from guard.app.rate import Rate
period = float(sys.argv[1])
daemon.Rate = lambda: Rate(period)
sys.exit(root.run(sys.argv[2:]))
"""


@dataclass
class Measured:
    core_cpu_s: float
    core_mb: float
    worker_cpu_s: float
    worker_mb: float
    start_s: float


def positions(count: int) -> list[dict[str, object]]:
    return [{"symbol": "EURUSD", "side": 1, "lots": 0.01, "sl": 1.0} for _ in range(count)]


def cpu(process: psutil.Process) -> float:
    """Processor seconds of all threads: to the nanosecond where the system counts so, else in its ticks."""
    threads = Path(f"/proc/{process.pid}/task")
    try:
        return sum(int((one / "schedstat").read_text().split()[0]) for one in threads.iterdir()) / 1e9
    except (OSError, ValueError, IndexError):
        times = process.cpu_times()
        return float(times.user + times.system)


def installed(account: dict[str, str], bytecode: Path) -> dict[str, str]:
    """The environment of a guard as users start it: its modules are compiled already (after the first start)."""
    own = environment(account)
    own.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**own, "PYTHONPYCACHEPREFIX": str(bytecode)}


def one_round(folder: Path, period_s: float, seconds: float, held: int) -> Measured:
    """One guard, watched from outside."""
    account = options(speed=1, balance=100_000.0, positions=positions(held))
    began = time.monotonic()
    guard = subprocess.Popen(
        [sys.executable, "-c", _DRIVER, str(period_s), "run", "--json", "--home", str(folder)],
        env=installed(account, folder.parent / "bytecode"), cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert guard.stdout is not None
        assert json.loads(guard.stdout.readline())["event"] == "start"
        start_s = time.monotonic() - began
        time.sleep(3.0)
        core = psutil.Process(guard.pid)
        (worker,) = core.children()
        before = cpu(core), cpu(worker), time.monotonic()
        time.sleep(seconds)
        hours = (time.monotonic() - before[2]) / 3600.0
        return Measured(
            (cpu(core) - before[0]) / hours, core.memory_info().rss / 1e6,
            (cpu(worker) - before[1]) / hours, worker.memory_info().rss / 1e6, start_s,
        )  # fmt: skip
    finally:
        guard.terminate()
        guard.wait(20)


def calm_day_mb(folder: Path, seconds: float) -> tuple[float, float]:
    """Journal growth of a calm account, extrapolated: rows of the start left out, heartbeats counted at one a minute.

    Returns the day's megabytes from the looks, and those from the heartbeats.
    """
    guard = Running(folder, options(speed=1, balance=100_000.0, positions=positions(3)))
    guard.started()
    time.sleep(4.0)
    (state,) = (path.parent for path in folder.glob("state/*/journal.db"))
    before = size(state)
    time.sleep(seconds)
    looks = (size(state) - before) * DAY_S / seconds
    guard.interrupt()
    before = size(state)
    # A stop writes the same rows as a heartbeat: a digest and the engine's memory.
    stops = 20
    for _ in range(stops):
        one = subprocess.run([sys.executable, "-c", _BEAT, str(state / "journal.db")], cwd=ROOT, check=True)
        assert one.returncode == 0
    beats = (size(state) - before) / (stops * 50) * DAY_S / 60.0
    return looks / 1e6, beats / 1e6


_BEAT = """
import sys
from dataclasses import replace
from pathlib import Path
from guard.journal.sqlite import open_journal
journal = open_journal(Path(sys.argv[1]))
state = journal.load_state()
body = {"cycles": 240, "blind_cycles": 0, "read_ms": 1.23, "slowest_read_ms": 4.56, "worst": "OK", "balance": 100000.0,
        "equity": 100012.34, "margin": 123.45, "blind": None}
for number in range(50):
    state = replace(state, last=state.last._replace(taken_s=state.last.taken_s + 60.017))
    journal.commit_state("heartbeat", body, state, at="2026-11-20T14:00:00.000Z")
journal.close()
"""


def size(state: Path) -> int:
    return sum(file.stat().st_size for file in state.glob("journal.db*") if not file.name.endswith("-shm"))


def told(name: str, values: Sequence[float], unit: str, bar: float | None = None) -> bool:
    middle = statistics.median(values)
    verdict = "" if bar is None else f"  bar {bar:g}: {'pass' if middle <= bar else 'FAIL'}"
    print(f"  {name:<34} {middle:8.2f} {unit:<9} ({min(values):.2f} to {max(values):.2f}){verdict}")
    return bar is None or middle <= bar


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--positions", type=int, default=3)
    asked = parser.parse_args()
    print(f"{platform.platform(terse=True)}, Python {platform.python_version()}, {os.cpu_count()} processors, "
          f"load {os.getloadavg()[0] if hasattr(os, 'getloadavg') else 'unknown'}; "
          f"{asked.rounds} rounds of {asked.seconds:g} s, {asked.positions} positions")  # fmt: skip
    good = []
    with tempfile.TemporaryDirectory() as folder:
        one_round(Path(folder) / "first", 0.1, 1.0, asked.positions)
        for rate in (4, 10):
            rounds = [
                one_round(Path(folder) / f"{rate}-{number}", 1 / rate, asked.seconds, asked.positions)
                for number in range(asked.rounds)
            ]
            print(f"{rate} looks a second")
            bar = CORE_CPU_S if rate == 4 else None
            good.append(told("core, CPU", [one.core_cpu_s for one in rounds], "s/hour", bar))
            good.append(told("core, memory", [one.core_mb for one in rounds], "MB", CORE_MB))
            told("worker with its market, CPU", [one.worker_cpu_s for one in rounds], "s/hour")
            told("worker with its market, memory", [one.worker_mb for one in rounds], "MB")
            good.append(told("start of process to first look", [one.start_s for one in rounds], "s", START_S))
        home = Path(folder) / "calm"
        home.mkdir()
        looks, beats = calm_day_mb(home, max(asked.seconds, 10.0))
        print("journal of a calm day")
        told("from looks", [looks], "MB")
        told("from heartbeats", [beats], "MB")
        good.append(told("together", [looks + beats], "MB", JOURNAL_MB))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
