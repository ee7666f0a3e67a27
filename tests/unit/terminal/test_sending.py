"""Orders: only with a lease, each sent at most once, and what became of it is known, refused or unknown."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

import fakes.metatrader5 as module
from fakes.broker import Broker
from guard.model.errors import TerminalError
from guard.terminal import client
from guard.terminal.port import Known, Lease, Refused, Unknown
from tests.terminals import World, closing, lease, simulated

BOOK = [
    {"symbol": "EURUSD", "side": "buy", "lots": 0.5, "sl": 1.0},
    {"symbol": "EURUSD", "side": "sell", "lots": 0.2},
    {"symbol": "USDJPY", "side": "sell", "lots": 0.2},
]
START = datetime(2026, 3, 3, 9, tzinfo=UTC)


@pytest.fixture
def world() -> Iterator[World]:
    broker = Broker(balance=10_000.0, start_utc=START).add_standard()
    for held in BOOK:
        broker.open(str(held["side"]), str(held["symbol"]), float(str(held["lots"])))
    world = World(broker, may_send=True)
    world.terminal.connect()
    yield world
    module.detach()


def tickets(document: dict[str, Any]) -> list[int]:
    return [row["ticket"] for row in document["positions"]]


def test_with_a_lease_a_close_is_sent_and_the_next_snapshot_proves_it(world: World) -> None:
    lease(world.terminal)
    before = world.terminal.read_snapshot()
    outcome = world.terminal.send(closing(before))
    assert isinstance(outcome, Known)
    assert (outcome.retcode, outcome.result["volume"]) == (10009, 0.5)
    assert tickets(world.terminal.read_snapshot()) == tickets(before)[1:]


def test_a_guard_that_only_watches_cannot_be_given_the_right_to_send() -> None:
    terminal = simulated(positions=BOOK)
    try:
        terminal.connect()
        document = terminal.read_snapshot()
        account = document["account"]
        with pytest.raises(TerminalError, match="only watches"):
            terminal.grant(Lease(account["login"], account["server"], 5.0))
        assert terminal.send(closing(document)) == Refused("this guard only watches: it sends no orders")
        # Even a core gone wrong that asks past its own check is refused by the worker, which cannot send.
        told = {"op": "lease", "instance": terminal._link.instance, "login": account["login"],
                "server": account["server"], "seconds": 5.0}  # fmt: skip
        with pytest.raises(TerminalError, match="watching only"):
            terminal._ask(told, 5.0)
        body = terminal._ask({"op": "send", "request": closing(document)}, 5.0)
        assert (body["outcome"], "watching only" in body["why"]) == ("refused", True)
        assert tickets(terminal.read_snapshot()) == tickets(document)
    finally:
        terminal.close()


def test_without_a_lease_nothing_is_sent(world: World) -> None:
    document = world.terminal.read_snapshot()
    outcome = world.terminal.send(closing(document))
    assert isinstance(outcome, Refused)
    assert "no lease" in outcome.why
    assert tickets(world.terminal.read_snapshot()) == tickets(document)


def test_a_lease_ends_by_itself(world: World) -> None:
    lease(world.terminal, seconds=5.0)
    document = world.terminal.read_snapshot()
    world.pass_time(5.0)
    assert isinstance(world.terminal.send(closing(document)), Refused)
    lease(world.terminal, seconds=5.0)
    world.pass_time(4.9)
    assert isinstance(world.terminal.send(closing(document)), Known)


@pytest.mark.parametrize("seconds", [0.0, -1.0, 31.0, 3600.0])
def test_a_lease_is_short(world: World, seconds: float) -> None:
    with pytest.raises(TerminalError, match="at most 30 s"):
        lease(world.terminal, seconds=seconds)


@pytest.mark.parametrize("change", [{"login": 1}, {"server": "SIMULATED-Other"}])
def test_a_lease_is_for_the_account_that_is_logged_in(world: World, change: dict[str, Any]) -> None:
    account = world.terminal.read_snapshot()["account"]
    told = {"login": account["login"], "server": account["server"], "seconds": 5.0, **change}
    with pytest.raises(TerminalError, match="orders are allowed for"):
        world.terminal.grant(Lease(**told))
    assert isinstance(world.terminal.send(closing(world.terminal.read_snapshot())), Refused)


def test_after_the_account_was_switched_a_lease_is_worth_nothing(world: World) -> None:
    lease(world.terminal)
    document = world.terminal.read_snapshot()
    world.inject(switch_login_after_s=0, switch_login=99)
    outcome = world.terminal.send(closing(document))
    assert isinstance(outcome, Refused)
    assert "99@" in outcome.why
    assert len(world.broker.positions) == 3


def test_a_lease_does_not_outlive_its_worker(world: World) -> None:
    lease(world.terminal)
    document = world.terminal.read_snapshot()
    world.lose.add("hot")
    with pytest.raises(TerminalError, match="did not answer"):
        world.terminal.read_snapshot()
    document = world.terminal.read_snapshot()
    assert world.workers == 2
    assert isinstance(world.terminal.send(closing(document)), Refused)
    lease(world.terminal)
    assert isinstance(world.terminal.send(closing(document)), Known)


def test_a_lease_for_another_worker_is_refused(world: World) -> None:
    account = world.terminal.read_snapshot()["account"]
    told = {"op": "lease", "instance": "1-ff", "login": account["login"], "server": account["server"], "seconds": 5.0}
    with pytest.raises(TerminalError, match="another worker"):
        world.terminal._ask(told, 5.0)


def test_a_worker_killed_while_it_sends_leaves_the_outcome_unknown_and_nothing_is_sent_twice(world: World) -> None:
    lease(world.terminal)
    before = world.terminal.read_snapshot()
    request = closing(before, volume=0.2)
    world.lose.add("send")
    outcome = world.terminal.send(request)
    assert isinstance(outcome, Unknown)
    assert world.workers == 2
    # What the core believes still says that 0.5 lots are open: it cannot act on that.
    again = world.terminal.send(request)
    assert isinstance(again, Refused)
    assert "must be read first" in again.why
    after = world.terminal.read_snapshot()
    assert after["positions"][0]["volume"] == pytest.approx(0.3)
    assert len([deal for deal in world.broker.deals if deal.entry == 1]) == 1
    # After the reading it may act again, with a lease for the new worker.
    lease(world.terminal)
    assert isinstance(world.terminal.send(closing(after)), Known)
    assert len(world.broker.positions) == 2


@pytest.mark.parametrize("fault", [
    {"ipc": {"call": "order_send", "code": -10002, "after": True}},
    {"ipc": {"call": "order_send", "code": -10001}},
    {"none": {"call": "order_send", "code": -1, "after": True}},
    {"retcode": {"code": 10012, "executed": True}},
    {"retcode": {"code": 10012}},
    {"retcode": {"code": 10999}},
])  # fmt: skip
def test_whatever_leaves_doubt_is_unknown_and_asks_for_a_reading(world: World, fault: dict[str, Any]) -> None:
    document = world.terminal.read_snapshot()
    lease(world.terminal)
    world.inject(**fault)
    assert isinstance(world.terminal.send(closing(document)), Unknown)
    assert isinstance(world.terminal.send(closing(document, 1)), Refused)
    executed = "executed" in str(fault) or "after" in str(fault)
    assert len(world.terminal.read_snapshot()["positions"]) == (2 if executed else 3)


@pytest.mark.parametrize(
    "fault, retcode",
    [({"retcode": {"code": 10004}}, 10004), ({"retcode": {"code": 10018}}, 10018), ({"partial": {"lots": 0.1}}, 10010)],
)
def test_what_the_trade_server_says_is_known(world: World, fault: dict[str, Any], retcode: int) -> None:
    document = world.terminal.read_snapshot()
    lease(world.terminal)
    world.inject(**fault)
    outcome = world.terminal.send(closing(document))
    assert isinstance(outcome, Known)
    assert outcome.retcode == retcode


@pytest.mark.parametrize("fault", [
    {"none": {"call": "order_send", "code": -2}},
    {"tradeapi_disabled": True},
    {"none": {"call": "account_info", "code": -1}},
    {"ipc": {"call": "positions_get", "code": -10002}},
    {"foreign": {"call": "account_info", "deed": "close"}},
    {"foreign": {"call": "account_info", "deed": "reduce"}},
])  # fmt: skip
def test_what_surely_was_not_sent_is_refused(world: World, fault: dict[str, Any]) -> None:
    document = world.terminal.read_snapshot()
    lease(world.terminal)
    deals = len(world.broker.deals)
    world.inject(**fault)
    assert isinstance(world.terminal.send(closing(document)), Refused)
    someone_else = 1 if "foreign" in fault else 0
    assert len(world.broker.deals) == deals + someone_else
    # Where the link itself failed nothing more is read on it.
    assert world.workers == (2 if "ipc" in fault else 1)


@pytest.mark.parametrize("change, why", [
    ({"position": 0}, "must name position"),
    ({"position": 999_999}, "no longer there"),
    ({"position": None}, "cannot have 'position'"),
    ({"type": 0}, "would add to it"),
    ({"type": None}, "cannot have 'type'"),
    ({"volume": 0.51}, "would reverse them"),
    ({"volume": 0.0}, "must name volume"),
    ({"volume": "0.5"}, "cannot have 'volume'"),
    ({"volume": True}, "cannot have 'volume'"),
    ({"symbol": "USDJPY"}, "is in EURUSD"),
    ({"postion": 5}, "cannot have 'postion'"),
    ({"action": 5}, "only closes, protects and cancels"),
    ({"action": 7}, "only closes, protects and cancels"),
    ({"action": 8}, "must name order"),
    ({"action": 8, "order": 12345}, "no longer there"),
    ({"action": 10}, "must name position_by"),
])  # fmt: skip
def test_nothing_that_could_open_reverse_or_miss_is_ever_sent(world: World, change: dict[str, Any], why: str) -> None:
    document = world.terminal.read_snapshot()
    lease(world.terminal)
    outcome = world.terminal.send({**closing(document), **change})
    assert isinstance(outcome, Refused)
    assert why in outcome.why
    assert len(world.broker.positions) == 3
    assert world.broker.orders == []


def test_only_opposite_positions_of_one_symbol_close_each_other(world: World) -> None:
    long, short, other = tickets(world.terminal.read_snapshot())
    lease(world.terminal)
    assert isinstance(world.terminal.send({"action": 10, "position": long, "position_by": other}), Refused)
    outcome = world.terminal.send({"action": 10, "position": long, "position_by": short})
    assert isinstance(outcome, Known)
    assert outcome.retcode == 10009
    assert [row["volume"] for row in world.terminal.read_snapshot()["positions"]] == pytest.approx([0.3, 0.2])


def test_a_pending_order_is_cancelled_and_a_stop_set(world: World) -> None:
    order = world.broker.pending(2, "EURUSD", 0.1, 0.9)
    document = world.terminal.read_snapshot()
    lease(world.terminal)
    assert isinstance(world.terminal.send({"action": 8, "order": order}), Known)
    stop = {"action": 6, "position": tickets(document)[0], "symbol": "EURUSD", "sl": 0.9, "tp": 0}
    assert isinstance(world.terminal.send(stop), Known)
    after = world.terminal.read_snapshot()
    assert (after["orders"], after["positions"][0]["sl"]) == ([], 0.9)


def test_a_check_sends_nothing_and_needs_no_lease(world: World) -> None:
    document = world.terminal.read_snapshot()
    outcome = world.terminal.check(closing(document))
    assert isinstance(outcome, Known)
    assert (outcome.retcode, outcome.result["comment"]) == (0, "Done")
    assert isinstance(world.terminal.check({"action": 5}), Refused)
    assert tickets(world.terminal.read_snapshot()) == tickets(document)


def test_a_check_the_terminal_does_not_answer_is_refused_and_a_broken_link_an_error(world: World) -> None:
    document = world.terminal.read_snapshot()
    world.inject(none={"call": "order_check", "code": -1})
    assert isinstance(world.terminal.check(closing(document)), Refused)
    world.inject(ipc={"call": "order_check", "code": -10002})
    with pytest.raises(TerminalError, match="-10002"):
        world.terminal.check(closing(document))


def test_a_slow_order_is_waited_for_and_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over a real worker, whose whole interpreter stands still meanwhile: longer than any hot reading may take."""
    monkeypatch.setattr(client, "SLOW_SEND_S", 0.5)
    hang = {"call": "order_send", "seconds": 2.5, "gil": True}
    terminal = simulated(may_send=True, positions=BOOK, hang=hang)
    told: list[float] = []
    try:
        terminal.connect()
        lease(terminal)
        document, worker = terminal.read_snapshot(), terminal.worker_pid
        began = time.monotonic()
        outcome = terminal.send(closing(document), lambda: told.append(time.monotonic() - began))
        assert isinstance(outcome, Known)
        assert time.monotonic() - began >= 2.5
        assert len(told) == 1
        assert 0.5 <= told[0] < 2.0
        assert terminal.worker_pid == worker
        assert len(terminal.read_snapshot()["positions"]) == 2
    finally:
        terminal.close()


def test_an_order_that_never_ends_is_given_up_after_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.SEND_DEADLINE_S == 30.0
    monkeypatch.setattr(client, "SEND_DEADLINE_S", 1.0)
    hang = {"call": "order_send", "seconds": 60.0, "gil": True, "after": True}
    terminal = simulated(may_send=True, positions=BOOK, hang=hang)
    try:
        terminal.connect()
        lease(terminal)
        document, worker = terminal.read_snapshot(), terminal.worker_pid
        outcome = terminal.send(closing(document))
        assert isinstance(outcome, Unknown)
        assert "did not answer within 1 s" in outcome.why
        assert terminal.worker_pid != worker
        assert isinstance(terminal.send(closing(document)), Refused)
    finally:
        terminal.close()
