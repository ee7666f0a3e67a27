"""One suite over every way to read a simulated terminal: in process, a worker, a socket, a recording, the real package.

The same promises are kept by a real terminal: see test_live.py.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import fakes.metatrader5 as module
from fakes.broker import Broker
from guard.model.snapshot_json import read_snapshot
from guard.terminal.client import WorkerTerminal
from guard.terminal.port import Connection, Terminal
from guard.terminal.reader import Reader
from guard.terminal.recording import Recorder, Recording
from tests.contract.promises import keeps_its_promises
from tests.pipe_terminal import needs_package, terminal
from tests.terminals import listening

Source = Callable[[list[dict[str, Any]], str], dict[str, Any]]
START = datetime(2026, 3, 3, 9, tzinfo=UTC)


def in_process(positions: list[dict[str, Any]], currency: str) -> dict[str, Any]:
    broker = Broker(balance=1_000_000.0, currency=currency, start_utc=START).add_standard()
    for held in positions:
        broker.open(held["side"], held["symbol"], held["lots"], sl=held["sl"])
    module.attach(broker)
    reader = Reader(module, lambda: (broker.now_utc, broker.server_now_s))
    reader.snapshot(86_400)
    broker.advance(1.0)
    broker.set_prices({name: quote.bid for name, quote in broker.quotes.items()})
    return reader.snapshot(86_400)


def through_the_worker(positions: list[dict[str, Any]], currency: str) -> dict[str, Any]:
    options = {"balance": 1_000_000.0, "currency": currency, "positions": positions, "symbols": list(NAMES)}
    return twice(WorkerTerminal(Connection("fakes.metatrader5"), allow_simulated=True, fake_options=options))


def over_the_socket(positions: list[dict[str, Any]], currency: str) -> dict[str, Any]:
    options = {"balance": 1_000_000.0, "currency": currency, "positions": positions, "symbols": list(NAMES)}
    with (
        tempfile.TemporaryDirectory() as folder,
        listening(Path(folder), options=json.dumps(options)) as (address, token, _),
    ):
        return twice(WorkerTerminal(Connection(address=address, token=token), allow_simulated=True))


def through_the_real_package(positions: list[dict[str, Any]], currency: str) -> dict[str, Any]:
    options: dict[str, Any] = {
        "balance": 1_000_000.0,
        "currency": currency,
        "positions": positions,
        "symbols": list(NAMES),
    }
    with terminal(start=datetime.now(UTC).isoformat(), **options) as running:
        return twice(WorkerTerminal(Connection("MetaTrader5", path=running.path), allow_simulated=True))


def from_a_recording(positions: list[dict[str, Any]], currency: str) -> dict[str, Any]:
    document = in_process(positions, currency)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "session.jsonl"
        with path.open("x", encoding="utf-8") as file:
            recorder = Recorder(file)
            recorder.reading({**document, "positions": [], "errors": {"orders": "not yet"}})
            recorder.reading(document)
        return twice(Recording(path))


def twice(terminal: Terminal) -> dict[str, Any]:
    """The second reading, after ticks have moved on."""
    terminal.deals_from = datetime.now(UTC) - timedelta(days=40)
    try:
        terminal.connect()
        terminal.read_snapshot()
        time.sleep(0.6)
        return terminal.read_snapshot()
    finally:
        terminal.close()


NAMES = ("EURUSD", "GBPUSD", "USDJPY", "EURJPY", "XAUUSD")


@pytest.fixture(
    params=[
        pytest.param(in_process, id="in process"),
        pytest.param(through_the_worker, id="through the worker"),
        pytest.param(over_the_socket, id="over the socket"),
        pytest.param(from_a_recording, id="from a recording"),
        pytest.param(through_the_real_package, id="through the real package", marks=needs_package),
    ]
)
def source(request: pytest.FixtureRequest) -> Iterator[Source]:
    module.detach()
    yield request.param
    module.detach()


def book(count: int) -> list[dict[str, Any]]:
    return [
        {"symbol": NAMES[i % 3], "side": "buy" if i % 2 else "sell", "lots": 0.01, "sl": 0.0 if i % 5 else 0.5}
        for i in range(count)
        if i % 2 or i % 5
    ]


@pytest.mark.parametrize("count", [0, 5, 50, 200])
def test_any_number_of_positions_makes_the_round_trip(source: Source, count: int) -> None:
    positions = book(count)
    document = source(positions, "USD")
    keeps_its_promises(document)
    snapshot = read_snapshot(document)
    assert snapshot.gaps == ()
    assert document["errors"] == {}
    assert snapshot.positions is not None
    assert len(snapshot.positions) == len(positions)
    assert snapshot.offset_confirmed
    assert snapshot.server_utc_offset_s == 7200
    assert snapshot.deals is not None
    assert len(snapshot.deals) == len(positions) + 1
    account = snapshot.account
    assert account.equity is not None
    assert account.balance is not None
    floating = sum(p.profit for p in snapshot.positions if p.profit is not None)
    assert account.equity == pytest.approx(account.balance + floating, abs=0.01 * (count + 1) + 1.0)


def test_only_symbols_in_use_are_read_and_what_converts_them(source: Source) -> None:
    document = source([{"symbol": "EURUSD", "side": "buy", "lots": 0.1, "sl": 0.0}], "JPY")
    assert set(document["symbols"]) == {"EURUSD", "EURJPY", "USDJPY"}
    assert set(document["ticks"]) == {"EURUSD", "EURJPY", "USDJPY"}
    (asked,) = document["asked"]
    assert asked["args"][:2] == [0, "EURUSD"]
    assert asked["result"] > 0
    assert {"hot", "symbols", "asked", "deals"} <= set(document["read_at"])


def test_a_flat_account_is_empty_not_unknown(source: Source) -> None:
    document = source([], "USD")
    assert (document["positions"], document["orders"], document["account"]["margin"]) == ([], [], 0.0)
    assert document["terminal"]["connected"] is True


class NotFinite:
    """A module whose account shows a number that is none."""

    def __getattr__(self, name: str) -> Any:
        return getattr(module, name)

    def account_info(self) -> Any:
        raw: Any = module.account_info()
        return type(raw)([float("nan") if value == raw.margin_free else value for value in raw])


def test_a_number_that_is_none_becomes_null_with_a_gap() -> None:
    broker = Broker(balance=1_234.5, start_utc=START).add_standard()
    module.attach(broker)
    broker.open("buy", "EURUSD", 0.01)
    document = Reader(NotFinite(), lambda: (broker.now_utc, 1.0)).snapshot(86_400)
    module.detach()
    assert document["account"]["margin_free"] is None
    assert [gap.path for gap in read_snapshot(document).gaps] == ["account.margin_free"]


def test_the_core_side_is_light_and_never_loads_the_vendor_or_pandas() -> None:
    script = (
        "import sys, json\n"
        "from guard.terminal.client import WorkerTerminal\n"
        "from guard.terminal.port import Connection\n"
        "t = WorkerTerminal(Connection('fakes.metatrader5'), allow_simulated=True)\n"
        "t.connect(); t.read_snapshot(); t.close()\n"
        "print(json.dumps([m for m in sys.modules if m.split('.')[0] in "
        "{'MetaTrader5', 'pandas', 'numpy', 'fakes', 'pydantic'}]))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True)
    assert json.loads(done.stdout) == []
