"""``python -m tests.simulation --seeds N --cycles M --first-seed K [--plant BUG]``: the fault campaign.

Exit 0 only when no invariant was violated and, from 50 seeds up, every kind of fault was met and deeds were many
enough. The last line on both streams together is the sum. Progress shows on a terminal only.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings

from tests.simulation import plants
from tests.simulation.pool import every
from tests.simulation.report import Total, told
from tests.simulation.script import draw

_MOST_TOLD = 3


def main(argv: list[str] | None = None) -> int:
    """Run the campaign."""
    options = _parser().parse_args(argv)
    warnings.simplefilter("ignore")
    began, total = time.perf_counter(), Total()
    shows = sys.stderr.isatty()
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    for ran in every(seeds, options.cycles, options.plant, options.jobs):
        total.add(ran)
        if shows:
            sys.stderr.write(f"\r{total.seeds}/{options.seeds} seeds, {total.violations} violations ")
            sys.stderr.flush()
    took = time.perf_counter() - began
    if shows:
        sys.stderr.write("\r" + " " * 60 + "\r")
        sys.stderr.flush()
    plants.plant(options.plant)
    plant = f" --plant {options.plant}" if options.plant else ""
    for failed in sorted(total.failed, key=lambda one: one.seed)[:_MOST_TOLD]:
        again = f"python -m tests.simulation --seeds 1 --cycles {options.cycles} --first-seed {failed.seed}{plant}"
        for line in told(failed, draw(failed.seed, options.cycles), again):
            print(line)
    for failed in sorted(total.failed, key=lambda one: one.seed)[_MOST_TOLD:]:
        first = failed.violations[0]
        print(f"seed {failed.seed}: {first.invariant} at cycle {first.cycle}: {first.says}")
    for line in total.table():
        print(line)
    shortfalls = total.shortfalls()
    for line in shortfalls:
        print(line)
    rate = total.cycles / took if took > 0.0 else 0.0
    print(f"{rate:,.0f} cycles/s in {took:.1f} s with {options.jobs} process(es)")
    print(total.last_line(), flush=True)
    return 1 if total.violations or shortfalls else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description="The fault campaign.")
    parser.add_argument("--seeds", type=int, default=100, help="how many seeds")
    parser.add_argument("--cycles", type=int, default=2000, help="polling cycles of each")
    parser.add_argument("--first-seed", type=int, default=0, help="the first seed")
    parser.add_argument("--plant", choices=sorted(plants.PLANTS), help="a bug to be planted, and to be caught")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    return parser


if __name__ == "__main__":
    sys.exit(main())
