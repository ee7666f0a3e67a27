"""Round trips through the real package and the pipe, and through the simulated module, in the guard's own worker.

Windows Python (Wine will do): ``python -m bench.bench_pipe [--turns 300]``; median and 99th percentile in microseconds.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from fakes import metatrader5
from guard.terminal.worker import Worker
from tests.pipe_terminal import terminal

SIZES = (0, 5, 50, 500)
NAMES = ("EURUSD", "GBPUSD", "USDJPY")


def options(count: int) -> dict[str, Any]:
    """An account with so many positions that stands still."""
    held = [{"symbol": NAMES[i % 3], "side": 1 - 2 * (i % 2), "lots": 0.01} for i in range(count)]
    return {"balance": 1e6, "speed": 0, "positions": held, "start": datetime.now(UTC).isoformat()}


def timed(call: Callable[[], Any], turns: int) -> tuple[float, float]:
    """Median and 99th percentile, microseconds."""
    took = []
    for _ in range(turns):
        began = time.perf_counter()
        call()
        took.append((time.perf_counter() - began) * 1e6)
    took.sort()
    return took[len(took) // 2], took[int(len(took) * 0.99)]


def measured(module: str, path: str | None, count: int, turns: int) -> list[tuple[float, float]]:
    """``account_info``, ``positions_get``, and a whole hot reading of the worker."""
    worker = Worker(module, allow_simulated=True)
    opened = worker.answer({"op": "open", "id": 0, "path": path, "timeout_s": 30})
    assert "body" in opened, opened
    package: Any = importlib.import_module(module)
    assert len(package.positions_get()) == count
    calls = (package.account_info, package.positions_get, lambda: worker.answer({"op": "hot", "id": 1}))
    calls[2]()
    found = [timed(call, turns) for call in calls]
    package.shutdown()
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=300)
    turns = parser.parse_args().turns
    print("| positions | through | account_info p50 / p99 | positions_get p50 / p99 | hot reading p50 / p99 |")
    print("|---|---|---|---|---|")
    for count in SIZES:
        with terminal(**options(count)) as running:
            rows = {"real package, pipe": measured("MetaTrader5", running.path, count, turns)}
        metatrader5.detach()
        os.environ["GUARD_FAKE_OPTIONS"] = json.dumps(options(count))
        rows["simulated module"] = measured("fakes.metatrader5", None, count, turns)
        for through, found in rows.items():
            cells = " | ".join(f"{p50:.0f} / {p99:.0f}" for p50, p99 in found)
            print(f"| {count} | {through} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
