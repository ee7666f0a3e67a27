"""What one look at the terminal takes through the worker: ``python -m bench.bench_roundtrip``.

Median and p99 of a snapshot's round trip at 0, 5, 50 and 200 positions, over the pipe and over a socket of this
computer, while nothing moves and while every price moves between two looks (the simulated market's own work is in
these). Then a terminal that hangs with the whole interpreter: how long until the core knows, and until a new worker
is there and reads. The simulated terminal answers in microseconds; a real one adds its own time.
"""

import argparse
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from guard.model.errors import TerminalError
from guard.terminal.client import WorkerTerminal
from guard.terminal.port import Connection
from tests.terminals import MODULE, listening, read_at_last

SYMBOLS = ("EURUSD", "GBPUSD", "USDJPY", "XAUUSD")


def account(count: int, *, moving: bool) -> dict[str, object]:
    held = [{"symbol": SYMBOLS[i % 4], "side": "buy" if i % 3 else "sell", "lots": 0.01} for i in range(count)]
    return {"balance": 1e6, "positions": held, **({"step_s": 0.002} if moving else {"speed": 0})}


def measured(terminal: WorkerTerminal, looks: int) -> tuple[float, float, float]:
    """Median and p99 of a look in milliseconds, and the core's own CPU for one in milliseconds."""
    terminal.connect()
    for _ in range(10):
        terminal.read_snapshot()
    took = []
    used = time.process_time()
    for _ in range(looks):
        began = time.perf_counter()
        terminal.read_snapshot()
        took.append((time.perf_counter() - began) * 1000)
        time.sleep(0.002)
    used = (time.process_time() - used) * 1000 / looks
    took.sort()
    return statistics.median(took), took[int(len(took) * 0.99)], used


def own(options: Mapping[str, object]) -> WorkerTerminal:
    """A worker process of its own."""
    return WorkerTerminal(Connection(MODULE), allow_simulated=True, fake_options=options)


def one(name: str, terminal: WorkerTerminal, looks: int) -> None:
    try:
        median, worst, used = measured(terminal, looks)
        print(f"  {name:<34} median {median:7.2f} ms   p99 {worst:7.2f} ms   core CPU {used:6.2f} ms a look")
    finally:
        terminal.close()


def round_trips(looks: int) -> None:
    for count in (0, 5, 50, 200):
        for moving in (False, True):
            options = account(count, moving=moving)
            name = f"{count:3} positions, {'moving' if moving else 'still'}"
            one(f"{name}, pipe", own(options), looks)
            with (
                tempfile.TemporaryDirectory() as folder,
                listening(Path(folder), options=json.dumps(options)) as (address, token, _),
            ):
                connection = Connection(address=address, token=token)
                one(f"{name}, socket", WorkerTerminal(connection, allow_simulated=True), looks)


def until_it_fails(terminal: WorkerTerminal) -> float:
    """Seconds that the first look that fails took."""
    while True:
        began = time.perf_counter()
        try:
            terminal.read_snapshot()
        except TerminalError:
            return time.perf_counter() - began


def hang(make: Callable[[Mapping[str, object]], WorkerTerminal]) -> tuple[float, float]:
    """Seconds until a hang of ten seconds is seen, and from then until a new worker has read the account."""
    with tempfile.TemporaryDirectory() as folder:
        stuck = {"call": "positions_get", "nth": 3, "seconds": 10, "gil": True, "once": str(Path(folder) / "once")}
        terminal = make({**account(5, moving=False), "hang": stuck})
        try:
            terminal.connect()
            terminal.read_snapshot()
            took = until_it_fails(terminal)
            seen = time.perf_counter()
            read_at_last(terminal)
            return took, time.perf_counter() - seen
        finally:
            terminal.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--looks", type=int, default=300)
    asked = parser.parse_args()
    print(f"{platform.platform(terse=True)}, Python {platform.python_version()}; {asked.looks} looks each")
    round_trips(asked.looks)
    seen, again = zip(*(hang(own) for _ in range(3)), strict=True)
    print(f"  a hang of 10 s: seen after {max(seen):.2f} s at most, read again {max(again):.2f} s later")
    return 0 if max(seen) <= 1.1 and max(again) <= 1.0 else 1


if __name__ == "__main__":
    raise SystemExit(main())
