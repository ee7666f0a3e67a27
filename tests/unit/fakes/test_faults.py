"""Every fault hits exactly the call it names, and leaves the others alone."""

import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import fakes.metatrader5 as mt5
from fakes.broker import Broker
from fakes.fault_kinds import CRASHED
from fakes.faults import ANSWERS, BEFORE, KINDS, Fault, read_faults

START = datetime(2026, 3, 3, 9, tzinfo=UTC)


@pytest.fixture
def broker() -> Iterator[Broker]:
    made = Broker(balance=10_000.0, start_utc=START).add_standard()
    for lots in (0.1, 0.2, 0.3):
        made.open("buy", "EURUSD", lots, sl=1.0)
    yield made
    mt5.detach()


def inject(broker: Broker, **faults: Any) -> None:
    mt5.attach(broker, faults)


def lots() -> list[float]:
    return [row.volume for row in mt5.positions_get()]


def close(index: int = 0, volume: float | None = None) -> dict[str, Any]:
    row = mt5.positions_get()[index]
    return {
        "action": 1, "position": row.ticket, "symbol": row.symbol, "type": 1 - row.type, "type_filling": 1,
        "volume": row.volume if volume is None else volume, "price": mt5.symbol_info_tick(row.symbol).bid,
    }  # fmt: skip


def test_a_call_fails_at_exactly_its_nth_time_with_its_code(broker: Broker) -> None:
    inject(broker, none={"call": "account_info", "nth": 2, "times": 2, "code": -10005})
    answers = [(mt5.account_info() is None, mt5.last_error()[0]) for _ in range(4)]
    assert answers == [(False, 1), (True, -10005), (True, -10005), (False, 1)]


def test_the_nth_call_of_all_functions_together_can_fail(broker: Broker) -> None:
    inject(broker, none={"nth": 3})
    assert mt5.account_info() is not None
    assert mt5.positions_get() != ()
    assert mt5.terminal_info() is None
    assert mt5.terminal_info() is not None


def test_a_seeded_fault_comes_again_at_the_same_calls(broker: Broker) -> None:
    def pattern(seed: int) -> list[bool]:
        inject(broker, none={"call": "account_info", "probability": 0.3, "seed": seed})
        return [mt5.account_info() is None for _ in range(200)]

    first = pattern(7)
    assert pattern(7) == first
    assert pattern(8) != first
    assert 30 <= sum(first) <= 90


def test_a_fault_lasts_some_seconds_of_the_clock_it_is_given(broker: Broker) -> None:
    now = [0.0]
    mt5.attach(broker, {"rows": {"call": "positions_get", "how": "empty", "for_s": 3.0}}, lambda: now[0])
    assert lots() == []
    now[0] = 2.9
    assert lots() == []
    now[0] = 3.0
    assert lots() == [0.1, 0.2, 0.3]


def test_a_broken_link_stays_broken_also_when_the_call_was_carried_out(broker: Broker) -> None:
    inject(broker, ipc={"call": "order_send", "code": -10002, "after": True})
    request = close()
    assert mt5.order_send(request) is None
    assert mt5.last_error()[0] == -10002
    assert mt5.positions_get() is None
    assert mt5.last_error()[0] == -10004
    assert mt5.initialize() is True
    assert lots() == [0.2, 0.3], "the order was executed although its answer was lost"


def test_an_answer_can_be_none_although_the_order_is_filled(broker: Broker) -> None:
    inject(broker, none={"call": "order_send", "after": True})
    assert mt5.order_send(close()) is None
    assert lots() == [0.2, 0.3]


def test_the_process_can_end_in_the_middle_of_a_call() -> None:
    script = (
        "import fakes.metatrader5 as m\nm.initialize()\nm.account_info()\nprint('alive', flush=True)\nm.account_info()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=30,
        cwd=Path(__file__).resolve().parents[3],
        env={**os.environ, "GUARD_FAKE_OPTIONS": '{"crash": {"call": "account_info", "nth": 2}}'},
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (CRASHED, "alive")


def test_a_stale_answer_is_the_one_before(broker: Broker) -> None:
    inject(broker, stale={"call": "symbol_info_tick", "nth": 2, "times": 2})
    seen = []
    for bid in (1.1, 1.2, 1.3, 1.4):
        broker.set_price("EURUSD", bid)
        seen.append(round(mt5.symbol_info_tick("EURUSD").bid, 5))
    assert seen == [1.1, 1.1, 1.1, 1.4]


@pytest.mark.parametrize(
    "how, expected",
    [("empty", []), ("duplicate", [0.1, 0.1, 0.2, 0.3]), ("drop", [0.2, 0.3]), ("reverse", [0.3, 0.2, 0.1])],
)
def test_lists_come_back_spoilt(broker: Broker, how: str, expected: list[float]) -> None:
    inject(broker, rows={"call": "positions_get", "how": how})
    assert lots() == expected
    assert lots() == [0.1, 0.2, 0.3]


@pytest.mark.parametrize("value", ["nan", "inf", 0.0, -1.0])
def test_single_values_are_spoilt(broker: Broker, value: Any) -> None:
    inject(broker, value=[
        {"call": "symbol_info_tick", "field": "bid", "value": value},
        {"call": "symbol_info", "field": "trade_tick_value", "value": value},
        {"call": "positions_get", "field": "profit", "value": value},
    ])  # fmt: skip
    wanted = float(value)
    found = [mt5.symbol_info_tick("EURUSD").bid, mt5.symbol_info("EURUSD").trade_tick_value]
    found += [row.profit for row in mt5.positions_get()]
    assert all(math.isnan(one) if math.isnan(wanted) else one == wanted for one in found)
    assert mt5.symbol_info_tick("EURUSD").bid > 0


@pytest.mark.parametrize("code", [10004, 10006, 10018, 10019, 10021, 10024, 10026, 10027, 10099])
def test_the_trade_server_refuses_with_any_code(broker: Broker, code: int) -> None:
    inject(broker, retcode={"nth": 2, "code": code})
    assert mt5.order_send(close()).retcode == 10009
    assert mt5.order_send(close()).retcode == code
    assert lots() == [0.2, 0.3]
    assert mt5.order_send(close()).retcode == 10009


def test_an_order_that_timed_out_may_have_been_executed(broker: Broker) -> None:
    inject(broker, retcode={"code": 10012, "executed": True})
    assert mt5.order_send(close()).retcode == 10012
    assert lots() == [0.2, 0.3]


def test_an_order_is_filled_in_part(broker: Broker) -> None:
    inject(broker, partial={"lots": 0.1})
    result = mt5.order_send(close(2))
    assert (result.retcode, result.volume) == (10010, 0.1)
    assert lots() == [0.1, 0.2, pytest.approx(0.2)]


@pytest.mark.parametrize(
    "deed, expected", [("close", [0.2, 0.3]), ("reduce", [0.05, 0.2, 0.3]), ("open", [0.1, 0.2, 0.3, 0.01])]
)
def test_someone_else_acts_between_two_calls(broker: Broker, deed: str, expected: list[float]) -> None:
    inject(broker, foreign={"call": "account_info", "nth": 2, "deed": deed})
    mt5.account_info()
    assert lots() == [0.1, 0.2, 0.3]
    mt5.account_info()
    assert lots() == pytest.approx(expected)


def test_someone_else_removes_a_stop(broker: Broker) -> None:
    inject(broker, foreign={"call": "account_info", "deed": "stops", "index": 1})
    mt5.account_info()
    assert [row.sl for row in mt5.positions_get()] == [1.0, 0.0, 1.0]


def test_the_terminal_is_otherwise_for_a_while(broker: Broker) -> None:
    state = {"disconnected": True, "trade_allowed": False, "switch_login_after_s": 0, "switch_login": 99}
    inject(broker, state={"call": "terminal_info", "nth": 2, "times": 2, "set": state})
    seen = []
    for _ in range(4):
        connected, account = mt5.terminal_info().connected, mt5.account_info()
        seen.append((connected, account.login, account.trade_allowed))
    assert seen == [(True, 5012345, True), (False, 99, False), (False, 99, False), (True, 5012345, True)]


def test_the_server_clock_jumps_and_time_passes_unseen(broker: Broker) -> None:
    inject(broker, clock=[{"call": "account_info", "nth": 1, "seconds": 3600},
                          {"call": "account_info", "nth": 2, "seconds": 28_800, "suspend": True}])  # fmt: skip
    before = broker.server_msc, broker.now_utc
    mt5.account_info()
    assert (broker.server_msc - before[0], broker.now_utc - before[1]) == (3_600_000, before[1] - before[1])
    mt5.account_info()
    assert broker.server_msc - before[0] == 32_400_000
    assert (broker.now_utc - before[1]).total_seconds() == 28_800


def test_a_hang_blocks_the_call_and_with_gil_every_thread_of_the_process(broker: Broker) -> None:
    script = (
        "import sys, threading, time\nfrom fakes.fault_kinds import freeze\nticks = []\n"
        "def tick():\n    while True:\n        ticks.append(1); time.sleep(0.01)\n"
        "threading.Thread(target=tick, daemon=True).start()\ntime.sleep(0.1)\n"
        "def during(whole):\n    n = len(ticks); freeze(0.5, whole_interpreter=whole); return len(ticks) - n\n"
        "print(during(True), during(False))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30,
        cwd=Path(__file__).resolve().parents[3],
    )  # fmt: skip
    frozen, sleeping = (int(word) for word in done.stdout.split())
    assert frozen <= 1
    assert sleeping >= 5
    inject(broker, hang={"call": "account_info", "nth": 2, "seconds": 0.2, "after": True})
    took = []
    for _ in range(3):
        began = time.monotonic()
        mt5.account_info()
        took.append(time.monotonic() - began >= 0.2)
    assert took == [False, True, False]


def test_a_misspelt_fault_is_an_error_for_it_would_test_nothing() -> None:
    with pytest.raises(ValueError, match="tims"):
        read_faults({"none": {"call": "account_info", "tims": 3}})


def test_every_kind_of_fault_can_be_written_down() -> None:
    assert set(BEFORE) | set(ANSWERS) == set(KINDS)
    assert [fault.kind for fault in read_faults({kind: {"call": "*"} for kind in KINDS})] == list(KINDS)
    assert Fault("none", "*").due(1, 0.0)
