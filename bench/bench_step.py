"""One engine step at 1, 10, 50 and 200 positions with 12 limits, in microseconds of wall time.

    python bench/bench_step.py [--rounds 300] [--json]

Every look has new prices, profits and clocks, as a live terminal's have. The bar: a median of at most 100 microseconds
at 50 positions. Beside it stands a loop of 1,000 float additions on the same machine in the same run, so that numbers
of two machines can be compared.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from guard.engine.policy import Policy
from guard.engine.step import step
from guard.model.snapshot import Snapshot
from guard.model.snapshot_json import SnapshotReader
from guard.model.state import State
from tests.books import NOON, account, deal, later, limit, policy, position, snapshot, symbol

BAR_US = 100.0
BAR_AT = 50
Document = dict[str, Any]
SIZES = (1, 10, 50, 200)
NAMES = ("EURUSD", "GBPUSD", "AUDUSD", "NZDUSD", "USDCHF")
LOSS = {"value": 5.0, "unit": "pct", "basis": "anchor"}


def moving(document: Document, count: int) -> Iterator[Snapshot]:
    """The account at four looks a second: in each every price has moved, and profit and equity with it."""
    reader = SnapshotReader()
    symbols, deals = document["symbols"], document["deals"]
    for number in range(count):
        shift = 0.00001 * ((number * 7) % 23 - 11)
        held = [{**row, **moved(row, shift)} for row in document["positions"]]
        profit = sum(row["profit"] for row in held)
        before = document["account"]
        equity = before["balance"] + profit
        money = {**before, "profit": profit, "equity": equity, "margin_level": equity / before["margin"] * 100.0}
        ticks = {
            name: {**tick, "bid": tick["bid"] + shift, "ask": tick["ask"] + shift}
            for name, tick in document["ticks"].items()
        }
        look = later(document, number * 0.25, positions=held, account=money, ticks=ticks, symbols=symbols, deals=deals)
        yield reader.read(json.loads(json.dumps({**look, "symbols": None, "deals": None})) | {
            "symbols": symbols, "deals": deals,
        })  # fmt: skip


def moved(row: Document, shift: float) -> Document:
    """Price and profit of a position after a move; a result in francs converts at the price."""
    now = row["price_current"] + shift
    side = 1.0 if row["type"] == 0 else -1.0
    profit = (now - row["price_open"]) * row["volume"] * 100_000.0 * side
    return {"price_current": now, "profit": round(profit / now if row["symbol"] == "USDCHF" else profit, 2)}


def timed(looks: Iterator[Snapshot], state: State, rules: Policy, rounds: int) -> list[float]:
    """Microseconds of each step."""
    out = []
    for number, seen in enumerate(looks):
        began = time.perf_counter_ns()
        state = step(seen, state, rules).state
        if number >= 20:
            out.append((time.perf_counter_ns() - began) / 1000.0)
        if len(out) == rounds:
            break
    return out


def repeated(work: Callable[[], object], rounds: int) -> list[float]:
    """Microseconds of each round."""
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
    rows: list[Document] = []
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
        looks = iter(list(moving(document, options.rounds + 30)))
        state = step(next(looks), State(), rules).state
        state = step(next(looks), state, rules).state
        gc.collect()
        gc.freeze()
        times = timed(looks, state, rules, options.rounds)
        quartiles = statistics.quantiles(times, n=4)
        rows.append({"positions": size, "median_us": round(statistics.median(times), 1),
                     "quartiles_us": [round(quartiles[0], 1), round(quartiles[2], 1)]})  # fmt: skip
    yardstick = round(statistics.median(repeated(additions, options.rounds)), 1)
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
