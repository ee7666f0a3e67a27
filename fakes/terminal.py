"""A simulated MetaTrader 5 terminal for the real package: ``python -m fakes.terminal --path C:/Ghost/terminal64.exe``.

It opens the pipe at which the unmodified ``MetaTrader5`` package looks for the terminal of that path, whether such a
file exists or not, and answers from a simulated account. It runs until its standard input ends or Ctrl-C is pressed,
and needs a Python for Windows (under Wine too). No money is involved; every name says SIMULATED.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from fakes import arrays, pipe_script, terminal_plan
from fakes.pipe_names import pipe_names
from fakes.pipe_server import Server
from fakes.scenarios import SCENARIOS
from fakes.terminal_house import House

NEEDS_WINDOWS = (
    "The terminal's pipe exists on Windows only: start this with a Python for Windows (under Wine will do); "
    "elsewhere `fakes.metatrader5` serves the same account."
)
WRONG, LAST_TICK_S = 2, 0.1
_ENVIRONMENT = "GUARD_FAKE_OPTIONS"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m fakes.terminal", description=(__doc__ or "").partition("\n\n")[2])
    made.add_argument("--path", required=True, help="the terminal's program, as your script names it; need not exist")
    made.add_argument("--balance", type=float, help="first deposit (10000)")
    made.add_argument("--currency", help="of the account (USD)")
    made.add_argument("--leverage", type=int, help="of the account (100)")
    made.add_argument("--netting", action="store_true", help="one position a symbol (without it: hedging)")
    made.add_argument("--scenario", choices=sorted(SCENARIOS), help="a scripted market with a trader in it")
    made.add_argument("--seed", type=int, help="of prices, bars and everything drawn (0)")
    made.add_argument("--speed", type=float, help="1 is real time, 0 stands still")
    made.add_argument("--login", type=int, help="the account's number")
    made.add_argument("--password", default="", help="the only one that is taken; without it, any")
    made.add_argument("--server", help="its name; SIMULATED is added where it does not say so")
    made.add_argument("--build", type=int, help="the terminal's build; below 2364 it answers as the old ones did")
    made.add_argument("--fault", action="append", default=[], metavar="KIND,NAME=VALUE,…",
                      help="e.g. hang,call=account_info,nth=3,seconds=10; see docs/guide/pipe.md")  # fmt: skip
    made.add_argument("--at", action="append", default=[], metavar="SECONDS,WHAT=AMOUNT",
                      help="after the first client came: 20,deposit=500 or 45,price=1.05,symbol=EURUSD")  # fmt: skip
    made.add_argument("--log", type=Path, metavar="FILE", help="append every request to this file, a JSON line each")
    return made


def options_of(asked: argparse.Namespace, base: Mapping[str, Any]) -> dict[str, Any]:
    """The simulated account: what the environment says, and what the command line says over it.

    Raises:
        ValueError: a fault is misspelt.
    """
    names = ("balance", "currency", "leverage", "scenario", "seed", "speed", "login", "server", "build")
    told = {name: getattr(asked, name) for name in names if getattr(asked, name) is not None}
    faults = pipe_script.of_broker(pipe_script.read(text) for text in asked.fault)
    return {**base, **told, **({"hedging": False} if asked.netting else {}), **faults}


class Lines:
    """JSON lines from several threads, ASCII only, each one flushed."""

    def __init__(self, out: TextIO) -> None:
        self._out, self._lock = out, threading.Lock()

    def tell(self, event: Mapping[str, Any]) -> None:
        """Print one."""
        with self._lock:
            self._out.write(json.dumps(event) + "\n")
            self._out.flush()


def _until_the_end(tick: Callable[[], None]) -> None:
    """Until standard input ends or Ctrl-C; the market moves meanwhile, whether anybody asks or not."""
    over = threading.Event()

    def watch() -> None:
        while os.read(0, 4096):
            pass
        over.set()

    threading.Thread(target=watch, daemon=True).start()
    try:
        while not over.wait(LAST_TICK_S):
            tick()
    except KeyboardInterrupt:
        return


def main(argv: list[str] | None = None) -> int:
    """Serve; the exit code."""
    asked = parser().parse_args(argv)
    if not hasattr(ctypes, "WinDLL"):
        sys.stderr.write(NEEDS_WINDOWS + "\n")
        return WRONG
    with ExitStack() as stack:
        try:
            house, script = _made(asked, stack)
            # Now: once a thread waits for standard input, loading NumPy's DLLs on Windows would wait for that thread.
            arrays.rates([], 1.0)
            server = Server(pipe_names(asked.path), house, script)
            server.start()
        except (ValueError, OSError) as error:
            sys.stderr.write(f"{error}\n".encode("ascii", "replace").decode())
            return WRONG
        broker = house.broker
        house.tell({
            "event": "ready", "path": asked.path, "login": broker.login, "server": broker.server,
            "symbols": list(broker.specs), "simulated": True,
        })  # fmt: skip
        _until_the_end(server.tick)
    return 0


def _made(asked: argparse.Namespace, stack: ExitStack) -> tuple[House, pipe_script.Script]:
    """The account and the faults that the command line asks for.

    Raises:
        ValueError: a fault or a plan is misspelt.
        OSError: the log cannot be written.
    """
    options = options_of(asked, json.loads(os.environ.get(_ENVIRONMENT, "{}")))
    faults = pipe_script.of_pipe(pipe_script.read(text) for text in asked.fault)
    plan = [terminal_plan.read(text) for text in asked.at]
    log = None
    if asked.log is not None:
        log = Lines(stack.enter_context(asked.log.open("a", encoding="utf-8"))).tell
    tell = Lines(sys.stdout).tell
    house = House(options, asked.path, asked.password, datetime.now(UTC), time.monotonic, tell, log, plan)
    return house, pipe_script.Script(faults, time.monotonic)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # threads still wait for clients; they end with the process
