"""Faults of the terminal's pipe: on exactly the call they are for, and what then becomes of the reply."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from fakes import metatrader5, pipe_codec, terminal, terminal_plan
from fakes.faults import Fault
from fakes.pipe_codec import COMMANDS, reply
from fakes.pipe_faults import KINDS, USUAL, Leave, Step, Switch, Wait, Write, steps
from fakes.pipe_script import BEHIND, Script, of_broker, of_pipe, read
from tests.pipes import World

POSITIONS, TOTAL, ONE, STATE = COMMANDS[121], COMMANDS[120], COMMANDS[123], COMMANDS[109]
GOOD = reply(121, 1, bytes(4))


class Deed:
    """Something that is carried out, counted."""

    def __init__(self) -> None:
        self.done = 0

    def __call__(self) -> bytes:
        self.done += 1
        return GOOD


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    metatrader5.detach()
    yield
    metatrader5.detach()


def fault(text: str) -> Fault:
    (made,) = of_pipe([read(text)])
    return made


def taken(text: str, command: pipe_codec.Command = POSITIONS) -> tuple[list[Step], int]:
    deed = Deed()
    return list(steps(fault(text), command, deed)), deed.done


def test_without_a_fault_the_call_is_carried_out_once_and_written_at_once() -> None:
    deed = Deed()
    assert (list(steps(None, POSITIONS, deed)), deed.done) == ([Write(GOOD)], 1)


@pytest.mark.parametrize(
    "text,expected,done",
    [
        ("slow,seconds=2", [Wait(2.0), Write(GOOD)], 1),
        ("hang,seconds=9", [Wait(9.0), Write(GOOD)], 1),
        ("cut", [Write(GOOD[:8]), Leave()], 1),
        ("cut,at=5", [Write(GOOD[:5]), Leave()], 1),
        ("late", [Write(bytes(4)), Write(GOOD)], 1),
        ("wrong_id", [Write(GOOD[:4] + (122).to_bytes(4, "little") + GOOD[8:])], 1),
        ("wrong_length", [Write(GOOD + bytes(4))], 1),
        ("short", [Write((8).to_bytes(4, "little") + GOOD[4:12])], 1),
        ("too_long,at=2", [Write((14).to_bytes(4, "little") + GOOD[4:] + bytes(2))], 1),
        ("gone", [Leave()], 0),
        ("gone,after=1", [Leave()], 1),
        ("gone_between", [Write(GOOD), Leave()], 1),
        ("status", [Write(reply(121, -1))], 0),
        ("status,code=-10005", [Write(reply(121, -10005))], 0),
        ("switched,code=99", [Switch(99), Write(GOOD)], 1),
        ("empty", [Write(reply(121, 1, bytes(4)))], 0),
    ],
)
def test_each_kind_does_what_it_is_for(text: str, expected: list[Step], done: int) -> None:
    assert taken(text) == (expected, done)


def test_a_hang_carries_the_call_out_before_or_after_it() -> None:
    for text, first in (("hang", 0), ("hang,after=1", 1)):
        deed = Deed()
        going = steps(fault(text), POSITIONS, deed)
        assert next(going) == Wait(3600.0)
        assert deed.done == first
        assert (next(going), deed.done) == (Write(GOOD), 1)


def test_the_connect_state_never_comes_or_is_a_refusal() -> None:
    assert taken("waiting", STATE)[0] == [Write(reply(109, 1, bytes(4)))]
    assert taken("denied", STATE)[0] == [Write(reply(109, 1, (3).to_bytes(4, "little")))]
    assert fault("waiting").due(10**6, 0.0)


def test_after_a_restart_only_lists_are_empty() -> None:
    assert taken("empty", TOTAL)[0] == [Write(reply(120, 1, bytes(4)))]
    assert taken("empty", ONE)[0] == [Write(reply(123, -4))]
    assert taken("empty", COMMANDS[190]) == ([Write(GOOD)], 1)


def test_every_kind_is_known_and_can_be_written() -> None:
    for kind in KINDS:
        assert fault(kind).kind == kind
    assert set(USUAL) <= set(KINDS)
    assert not set(KINDS) & set(BEHIND)


def test_a_fault_hits_exactly_the_nth_call_of_all_clients() -> None:
    script = Script(of_pipe([read("cut,call=account_info,nth=3")]), lambda: 0.0)
    hits = [script.due(call) is not None for call in ("account_info", "version", "account_info", "account_info") * 2]
    assert hits == [False, False, False, True, False, False, False, False]


def test_any_call_counts_without_the_steps_of_connecting() -> None:
    script = Script(of_pipe([read("gone,nth=2,times=2")]), lambda: 0.0)
    calls = ("connect", "hello", "connect_state", "version", "account_info", "hello", "orders_get", "version")
    assert [script.due(call) is not None for call in calls] == [False] * 4 + [True, False, True, False]


def test_a_fault_may_last_for_seconds_from_its_first_hit() -> None:
    now = [0.0]
    script = Script(of_pipe([read("empty,call=positions_get,nth=2,for_s=2")]), lambda: now[0])
    hits = []
    for at in (0.0, 5.0, 6.9, 7.0, 8.0):
        now[0] = at
        hits.append(script.due("positions_get") is not None)
    assert hits == [False, True, True, False, False]


@pytest.mark.parametrize(
    "text,sentence",
    [
        ("hnag", "there is no fault 'hnag'"), ("hang,nht=2", "a fault has no 'nht=2'"),
        ("hang,2", "a fault has no '2'"),
        ("hang,nth=two", "nth=two is not of its kind"), ("hang,after=perhaps", "after=perhaps is not of its kind"),
    ],
)  # fmt: skip
def test_a_misspelt_fault_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read(text)


def test_faults_of_the_broker_work_behind_the_pipe() -> None:
    options: dict[str, Any] = dict(
        of_broker([read("retcode,code=10004,nth=1"), read("state,disconnected=true,nth=2,call=positions_get")])
    )
    world = World(speed=0, **options)
    request: dict[str, Any] = {name: 0 for name, _ in metatrader5._records.FIELDS["TradeRequest"]}
    request |= {"action": 1, "symbol": "EURUSD", "volume": 0.1, "price": 1.08458, "type_filling": 1, "comment": ""}
    assert [world.caller.ask(161, request=request).record()["retcode"] for _ in range(2)] == [10004, 10009]
    assert [len(world.caller.ask(121).rows()) for _ in range(3)] == [1, 0, 1]


def test_another_account_is_shown_once_it_was_switched() -> None:
    world = World(login=7, speed=0)
    assert world.caller.ask(190).record()["login"] == 7
    world.house.switch(0)
    assert world.caller.ask(190).record()["login"] == 8
    world.house.switch(99)
    assert world.caller.ask(190).record()["login"] == 99


def test_the_command_line_is_the_account_over_what_the_environment_says() -> None:
    words = [
        "--path",
        "C:\\G\\t.exe",
        "--balance",
        "500",
        "--netting",
        "--leverage",
        "30",
        "--fault",
        "partial,lots=0.1",
    ]
    asked = terminal.parser().parse_args([*words, "--currency", "EUR", "--seed", "4", "--speed", "2", "--login", "9"])
    options: dict[str, Any] = terminal.options_of(asked, {"balance": 1.0, "credit": 5.0})
    assert options == {
        "balance": 500.0, "credit": 5.0, "hedging": False, "leverage": 30, "currency": "EUR", "seed": 4, "speed": 2.0,
        "login": 9, "partial": [{"lots": 0.1}],
    }  # fmt: skip
    broker = World(**options).house.broker
    assert (broker.balance, broker.hedging, broker.currency) == (500.0, False, "EUR")


def test_deposits_and_prices_come_when_they_are_planned_from_the_first_client_on() -> None:
    plan = [terminal_plan.read(text) for text in ("30,price=1.2", "10,deposit=500", "10,credit=20")]
    world = World(plan, speed=1)
    world.now_s = 100.0
    world.house.catch_up()
    assert world.kinds() == []
    world.house.came(world.caller.client)
    seen = []
    for at in (109.0, 110.0, 129.0, 130.0, 140.0):
        world.now_s = at
        account, tick = world.caller.ask(190).record(), world.caller.ask(172, symbol="EURUSD").record()
        seen.append((account["balance"], account["credit"], round(tick["bid"], 2)))
    assert seen == [(1e4, 0, 1.08), (10500, 20, 1.08), (10500, 20, 1.08), (10500, 20, 1.2), (10500, 20, 1.2)]


@pytest.mark.parametrize(
    "text", ["", "5", "x,deposit=5", "5,deposit=x", "5,deposit=1,credit=2", "5,gift=1", "5,deposit"]
)
def test_what_cannot_be_planned_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="nothing that can be planned"):
        terminal_plan.read(text)
    with pytest.raises(ValueError, match="no XXXYYY"):
        World([terminal_plan.read("5,price=1,symbol=XXXYYY")])


@pytest.mark.parametrize("scenario", ["calm", "gap"])
def test_a_scenario_may_be_played_behind_the_pipe(scenario: str) -> None:
    world = World(scenario=scenario, seed=3, speed=60)
    world.now_s = 300.0
    world.house.catch_up()
    assert "deal" in world.kinds()
    assert world.caller.ask(190).record()["server"].startswith("SIMULATED")


@pytest.mark.skipif(sys.platform == "win32", reason="there it works")
def test_elsewhere_than_on_windows_one_sentence_says_what_is_needed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fakes.terminal", "--path", "C:\\Ghost\\terminal64.exe"],
        capture_output=True, text=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "Python for Windows" in done.stderr
    assert "Wine" in done.stderr
