"""One engine step at 1, 10, 50 and 200 positions with 12 limits, in microseconds of wall time.

    python bench/bench_step.py [--rounds 300] [--json]

The bar: a median of at most 100 microseconds at 50 positions. Beside it stands a loop of 1,000 float additions on the
same machine in the same run, so that numbers of two machines can be compared.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from guard.engine.step import step
from guard.model.snapshot_json import read_snapshot
from guard.model.state import State
from tests.books import NOON, account, deal, limit, policy, position, snapshot, symbol

BAR_US = 100.0
BAR_AT = 50
SIZES = (1, 10, 50, 200)
NAMES = ("EURUSD", "GBPUSD", "AUDUSD", "NZDUSD", "USDCHF")
LOSS = {"value": 5.0, "unit": "pct", "basis": "anchor"}


def timed(work: Callable[[], object], rounds: int) -> list[float]:
    """Microseconds of each round."""
    for _ in range(20):
        work()
    out = []
    for _ in range(rounds):
        began = time.perf_counter_ns()
        work()
        out.append((time.perf_counter_ns() - began) / 1000.0)
    return out


def additions() -> float:
    """The yardstick."""
    total = 0.0
    for number in range(1000):
        total += number * 0.5
    return total


def main() -> int:
    """Print a table or JSON; 1 when the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rules = policy(
        limit("effective_leverage", max=10.0), limit("margin_level", min=150.0), limit("margin_usage", max=50.0),
        limit("stop_out_distance", min=30.0), limit("risk_per_trade", max=2.0), limit("open_risk", max=50.0),
        limit("missing_stop", max=180.0), limit("period_loss", limit=LOSS),
        limit("max_drawdown", limit=LOSS, anchor="first_seen"), limit("position_volume", max=1.0),
        limit("position_count", max=500), limit("symbol_exposure", max=5000.0),
    )  # fmt: skip
    rows = []
    for size in SIZES:
        held = [
            position(ticket, 0.02, "buy" if ticket % 2 else "sell", symbol=NAMES[ticket % 5], price_current=1.1)
            for ticket in range(1, size + 1)
        ]
        entries = [
            deal(ticket, NOON, kind=0, position_id=ticket, commission=-0.07, symbol=NAMES[ticket % 5], volume=0.02)
            for ticket in range(1, size + 1)
        ]
        worth = account(100_000.0 - 0.07 * size, margin=22.0 * size)
        document = snapshot(held, account=worth, symbols={name: symbol(name) for name in NAMES}, deals=entries)
        seen = read_snapshot(document)
        state = step(seen, State(), rules).state
        state = step(seen, state, rules).state
        times = timed(partial(step, seen, state, rules), options.rounds)
        quartiles = statistics.quantiles(times, n=4)
        rows.append({"positions": size, "median_us": round(statistics.median(times), 1),
                     "quartiles_us": [round(quartiles[0], 1), round(quartiles[2], 1)]})  # fmt: skip
    yardstick = round(statistics.median(timed(additions, options.rounds)), 1)
    median = next(row["median_us"] for row in rows if row["positions"] == BAR_AT)
    passed = isinstance(median, float) and median <= BAR_US
    where = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    if options.json:
        print(json.dumps({"machine": where, "limits": 12, "rows": rows, "yardstick_us": yardstick, "passed": passed}))
        return 0 if passed else 1
    print(f"{where}; 1,000 float additions take {yardstick} us")
    for row in rows:
        size, median_us, around = row["positions"], row["median_us"], row["quartiles_us"]
        print(f"{size:>4} positions, 12 limits: median {median_us} us, quartiles {around}")
    print(f"bar {BAR_US:g} us at {BAR_AT} positions: {'passed' if passed else 'MISSED'}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
