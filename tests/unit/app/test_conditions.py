"""What keeps the guard from acting is recognised on every look, said once per change, and its end is said too."""

from __future__ import annotations

from typing import Any

import pytest

from guard.app.conditions import REMIND_S, Conditions
from guard.model.notice import Notice
from guard.model.snapshot_json import read_snapshot
from guard.model.verdict import Severity
from tests.builders import BEGAN, document

FINE = {"connected": True, "trade_allowed": True, "tradeapi_disabled": False}
CASES: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("AlgoTrading off", {"trade_allowed": False}, {}, "AlgoTrading is off"),
    ("Python trading disabled", {"tradeapi_disabled": True}, {}, "does not take orders from Python"),
    ("the broker forbids", {}, {"trade_expert": False}, "broker does not allow algorithmic trading"),
    ("investor login", {}, {"trade_allowed": False}, "investor password"),
]


class Desk:
    def __init__(self, mode: str = "warn") -> None:
        self.conditions, self.now = Conditions(mode), 0.0

    def look(
        self, terminal: dict[str, Any] | None = None, account: dict[str, Any] | None = None, errors: Any = None,
        after: float = 2.0, **head: Any,
    ) -> list[Notice]:  # fmt: skip
        self.now += after
        made = document(
            self.now, terminal={**FINE, **(terminal or {})},
            account={"trade_allowed": True, "trade_expert": True, **(account or {})},
        )  # fmt: skip
        made.update(head)
        return self.conditions.look(read_snapshot(made), errors or {}, made["taken_at"], self.now)


@pytest.mark.parametrize("name, terminal, account, words", CASES, ids=[case[0] for case in CASES])
def test_each_is_said_once_and_its_end_once(
    name: str, terminal: dict[str, Any], account: dict[str, Any], words: str
) -> None:
    desk = Desk()
    assert desk.look() == []
    told = [*desk.look(terminal, account), *desk.look(terminal, account), *desk.look(terminal, account)]
    assert [notice.severity for notice in told] == [Severity.WARN], name
    assert words in told[0].sentence
    over = [*desk.look(), *desk.look()]
    assert [notice.severity for notice in over] == [Severity.OK]


@pytest.mark.parametrize("name, terminal, account, words", CASES, ids=[case[0] for case in CASES])
def test_what_was_so_from_the_start_is_only_information_while_watching(
    name: str, terminal: dict[str, Any], account: dict[str, Any], words: str
) -> None:
    (told,) = Desk().look(terminal, account)
    assert (told.severity, words in told.sentence) == (Severity.OK, True), name
    (loud,) = Desk("enforce").look(terminal, account)
    assert loud.severity is Severity.WARN
    assert "CANNOT ACT" in loud.sentence


def test_a_guard_that_should_act_keeps_saying_that_it_cannot() -> None:
    desk = Desk("enforce")
    desk.look({"trade_allowed": False})
    assert desk.look({"trade_allowed": False}, after=REMIND_S - 1.0) == []
    (again,) = desk.look({"trade_allowed": False})
    assert again.sentence.startswith("Still: ")


def test_a_switch_that_flickers_for_less_than_a_second_is_not_said() -> None:
    desk = Desk()
    desk.look()
    assert desk.look({"trade_allowed": False}, after=0.25) == []
    assert desk.look(after=0.25) == []


def test_several_at_once_are_all_said() -> None:
    desk = Desk()
    desk.look()
    desk.look({"trade_allowed": False, "tradeapi_disabled": True})
    assert len(desk.look({"trade_allowed": False, "tradeapi_disabled": True})) == 2


def test_a_disconnected_terminal_says_nothing_about_the_account() -> None:
    desk = Desk()
    desk.look()
    for _ in range(3):
        assert desk.look({"connected": False}, {"trade_allowed": False, "trade_expert": False}) == []


def test_what_cannot_be_seen_any_more_is_not_said_to_be_over() -> None:
    desk = Desk()
    desk.look()
    desk.look({}, {"trade_allowed": False})
    assert len(desk.look({}, {"trade_allowed": False})) == 1
    assert desk.look({"connected": False}) == []
    (over,) = desk.look()
    assert over.severity is Severity.OK


def test_switches_that_a_terminal_does_not_show_are_not_judged() -> None:
    desk = Desk()
    nothing = {"trade_allowed": None, "tradeapi_disabled": None}
    assert [*desk.look(nothing, nothing), *desk.look(nothing, {"trade_expert": None})] == []


def server_at(now: float, off: float, offset_s: float = 7200.0) -> dict[str, Any]:
    at = BEGAN.timestamp() + now + offset_s + off
    return {"server_time_msc": int(at * 1000), "server_utc_offset_s": offset_s, "offset_confirmed": True}


@pytest.mark.parametrize("off", [-600.0, 121.0])
def test_clocks_that_disagree_are_said_and_their_agreement_too(off: float) -> None:
    desk = Desk()
    assert desk.look(**server_at(2.0, 0.0)) == []
    desk.look(**server_at(4.0, off))
    (told,) = desk.look(**server_at(6.0, off))
    assert (told.kind, told.severity) == ("clock", Severity.WARN)
    assert f"{abs(off):,.0f} s" in told.sentence
    assert desk.look(**{**server_at(8.0, off), "offset_confirmed": False}) == []
    (over,) = desk.look(**server_at(10.0, 119.0))
    assert (over.kind, over.severity) == ("clock", Severity.OK)


def test_a_pc_clock_that_fits_no_zone_is_said_with_its_seconds() -> None:
    desk = Desk()
    (told,) = desk.look(errors={"clock": "the server's clock is 300 s off the PC's in every time zone: set it"})
    assert told.sentence.startswith("The server's clock is 300 s off")
    assert told.severity is Severity.WARN


@pytest.mark.parametrize("before, now, words", [(7200.0, 10800.0, "forward by 1 h"), (10800.0, 7200.0, "back by 1 h")])
def test_summer_time_of_the_server_is_said(before: float, now: float, words: str) -> None:
    desk = Desk()
    desk.look(**server_at(2.0, 0.0, before))
    (told,) = desk.look(**server_at(4.0, 0.0, now))
    assert (told.severity, words in told.sentence) == (Severity.OK, True)
    assert desk.look(**server_at(6.0, 0.0, now)) == []
