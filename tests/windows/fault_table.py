"""Each pipe fault in the middle of a read, of the history and of an order: ``python -m tests.windows.fault_table``.

The real package in the guard's own worker, called directly, over the simulated terminal. What is told: what the
worker reported, what the account looked like to the core afterwards, how many requests reached the broker.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from guard.metrics.account import AccountFigures
from guard.model.errors import TerminalError
from guard.model.snapshot_json import read_snapshot
from guard.terminal.client import WorkerTerminal
from guard.terminal.port import Connection, Lease, Outcome
from guard.terminal.worker import Worker
from tests.pipe_terminal import RunningTerminal, terminal

KINDS = {
    "slow": "slow,seconds=0.3", "cut": "cut", "cut after the length": "cut,at=4",
    "late reply": "late", "wrong id": "wrong_id", "wrong length": "wrong_length", "too short": "short",
    "too long": "too_long", "too long, > 16384": "too_long,at=20000", "gone during, not done": "gone",
    "gone during, done": "gone,after=1", "gone between": "gone_between", "status -1": "status",
    "account switched": "switched", "empty lists for 2 s": "empty,for_s=2",
}  # fmt: skip
OPERATIONS = {"read": ("positions_get", 4), "history": ("history_deals_get", 2), "order_send": ("order_send", 1)}
BOOK = [{"symbol": "EURUSD", "side": 1, "lots": 0.1}, {"symbol": "GBPUSD", "side": -1, "lots": 0.2}]
START = "2026-11-17T08:00:00+00:00"


@dataclass(frozen=True)
class Row:
    """What came of a fault in an operation."""

    reported: str
    outcome: Outcome | None
    restarts: int
    lists: list[list[int] | None]
    believed_flat: bool
    requests: int
    deals: int
    recovered: bool


class Direct:
    """A worker called directly, in this process; another one connects anew."""

    pid = None

    def __init__(self) -> None:
        self._worker = Worker("MetaTrader5", allow_simulated=True, may_send=True)
        self._answer: dict[str, Any] | None = None

    def ask(self, request: dict[str, Any]) -> None:
        """Answer it at once."""
        self._answer = self._worker.answer(request)

    def reply(self, timeout_s: float) -> dict[str, Any] | None:  # noqa: ARG002 (it is there)
        """The answer."""
        answer, self._answer = self._answer, None
        return answer

    def kill(self) -> None:
        """Nothing is left of it: the next one begins with ``initialize()``."""


def _look(watching: WorkerTerminal) -> dict[str, Any] | str:
    try:
        return watching.read_snapshot()
    except TerminalError as error:
        return str(error)


def _believed_flat(seen: dict[str, Any]) -> bool:
    snapshot = read_snapshot(seen)
    return snapshot.positions == () and not AccountFigures(snapshot).blind


def _well(seen: dict[str, Any] | str, want: list[int] | None) -> bool:
    if isinstance(seen, str) or seen["errors"]:
        return False
    return "positions" in seen and (want is None or _tickets(seen) == want)


def _tickets(seen: dict[str, Any]) -> list[int] | None:
    return [row["ticket"] for row in seen["positions"]] if "positions" in seen else None


def try_fault(kind: str, operation: str) -> Row:
    """Let it happen, then look for three seconds."""
    call, nth = OPERATIONS[operation]
    fault = f"{KINDS[kind]},call={call},nth={nth}"
    if kind == "empty lists for 2 s" and operation != "history":
        fault = f"{KINDS[kind]},call=positions_get,nth={4 if operation == 'read' else 3}"
    if kind == "account switched" and operation == "order_send":
        fault = f"{KINDS[kind]},call=account_info,nth=7"  # what is asked right before sending
    with terminal("--fault", fault, start=START, speed=0, positions=BOOK) as running:
        connection = Connection("MetaTrader5", path=running.path)
        watching = WorkerTerminal(connection, allow_simulated=True, may_send=True, start=Direct)
        try:
            return _tried(watching, running, operation)
        finally:
            watching.close()


def _tried(watching: WorkerTerminal, running: RunningTerminal, operation: str) -> Row:
    opened = watching.connect()
    first = watching.read_snapshot()
    account = opened["account"]
    want = _tickets(first)
    outcome: Outcome | None = None
    reported, looks = "nothing", list[dict[str, Any] | str]()
    if operation == "order_send":
        watching.grant(Lease(account["login"], account["server"], 30.0))
        held = first["positions"][0]
        tick = first["ticks"][held["symbol"]]
        outcome = watching.send({
            "action": 1, "symbol": held["symbol"], "volume": held["volume"], "type": 1 - held["type"],
            "position": held["ticket"], "price": tick["bid"], "type_filling": 1,
        })  # fmt: skip
        reported = f"{type(outcome).__name__}: {getattr(outcome, 'why', getattr(outcome, 'retcode', ''))}"
        want = None
    elif operation == "history":
        watching.deals_from = datetime(2026, 1, 1, tzinfo=UTC)
    until = time.monotonic() + 8.0
    while time.monotonic() < until and not (len(looks) > 2 and _well(looks[-1], want)):
        looks.append(_look(watching))
        told = looks[-1] if isinstance(looks[-1], str) else "; ".join(looks[-1]["errors"].values())
        if told and reported == "nothing":
            reported = told
        time.sleep(0.1)
    seen = [look for look in looks if not isinstance(look, str)]
    flat = any(_believed_flat(look) for look in seen)
    lists = [_tickets(look) for look in seen]
    last = looks[-1]
    recovered = not isinstance(last, str) and last.get("positions") is not None and (want is None or lists[-1] == want)
    return Row(
        reported,
        outcome,
        watching.restarts,
        lists,
        flat,
        len(running.of("request")),
        len(running.of("deal")),
        recovered,
    )


def main() -> None:
    """Print the table."""
    print("| Fault | in | the worker reported | workers replaced | requests, deals | read again |")
    print("|---|---|---|---|---|---|")
    for kind in KINDS:
        for operation in OPERATIONS:
            row = try_fault(kind, operation)
            told = row.reported.replace("the terminal did not answer ", "no answer: ")
            counts = f"{row.requests}, {row.deals}"
            print(f"| {kind} | {operation} | {told} | {row.restarts} | {counts} | {row.recovered} |", flush=True)


if __name__ == "__main__":
    main()
