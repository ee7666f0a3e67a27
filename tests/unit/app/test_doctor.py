"""Every state the doctor knows, and that nothing to be mended is without its remedy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from guard.app.doctor_terminal import REMEDIES, examine_answers, examine_snapshot, remedy_of
from guard.app.findings import Level, Report
from guard.model.snapshot_json import read_snapshot
from guard.settings.load import default_loaded
from tests.builders import BEGAN, document, position

FINE = {"connected": True, "trade_allowed": True, "tradeapi_disabled": False}
ALLOWED = {"trade_allowed": True, "trade_expert": True}


def examined(terminal: dict[str, Any] | None = None, account: dict[str, Any] | None = None, **head: Any) -> Report:
    made = document(terminal={**FINE, **(terminal or {})}, account={**ALLOWED, **(account or {})})
    made.update(head)
    report = Report()
    examine_snapshot(report, read_snapshot(made), made, default_loaded())
    return report


def answers(**changes: Any) -> dict[str, Any]:
    call = {"call": "account_info", "count": 50, "failed": 0, "why": None, "p50_ms": 0.1, "p99_ms": 0.3, "max_ms": 0.4}
    return {
        "module": "MetaTrader5", "package": "5.0.6231", "terminal": [500, 5660, "16 Feb 2026"], "calls": [call],
        "symbols_total": 800, "deals": {"count": 40, "oldest_s": 1_700_000_000, "newest_s": 1_704_320_000}, **changes,
    }  # fmt: skip


def answered(**changes: Any) -> Report:
    report = Report()
    examine_answers(report, answers(**changes), read_snapshot(document()))
    return report


def levels(report: Report, words: str) -> list[Level]:
    return [finding.level for finding in report.findings if words in finding.what]


def test_a_healthy_account_has_nothing_to_mend_and_exits_0() -> None:
    report = examined()
    examine_answers(report, answers(), read_snapshot(document()))
    assert [finding for finding in report.findings if finding.level in {Level.PROBLEM, Level.UNKNOWN}] == []
    assert report.exit_code == 0


PROBLEMS: dict[str, tuple[Callable[[], Report], str, Level]] = {
    "no trade server": (lambda: examined({"connected": False}), "not connected", Level.PROBLEM),
    "connection not told": (lambda: examined({"connected": None}), "does not say whether", Level.UNKNOWN),
    "AlgoTrading off": (lambda: examined({"trade_allowed": False}), "AlgoTrading is off", Level.NOTE),
    "investor": (lambda: examined({}, {"trade_allowed": False}), "can only look", Level.NOTE),
    "switches not shown": (lambda: examined({"trade_allowed": None}), "1 of 4 switches", Level.NOTE),
    "stop-out 0": (lambda: examined({}, {"margin_so_so": 0.0}), "stop-out level of 0", Level.NOTE),
    "clock not confirmed": (lambda: examined(offset_confirmed=False), "not confirmed", Level.UNKNOWN),
    "no ticks": (lambda: examined(offset_confirmed=False, ticks={}), "no symbol ticks", Level.UNKNOWN),
    "clock fits no zone": (
        lambda: examined(errors={"clock": "the clock is 300 s off: set the PC's clock"}), "300 s off", Level.PROBLEM,
    ),
    "positions not read": (lambda: examined(positions=None), "positions cannot be read", Level.PROBLEM),
    "symbol not read": (lambda: examined(symbols={}), "EURUSD cannot be read", Level.PROBLEM),
    "no price": (lambda: examined(ticks={}), "EURUSD shows no price", Level.PROBLEM),
    "limit unknown": (lambda: examined(positions=None), "is unknown", Level.UNKNOWN),
    "another module": (lambda: answered(module="mt5linux"), "mt5linux", Level.NOTE),
    "a call fails": (
        lambda: answered(calls=[{**answers()["calls"][0], "failed": 3, "why": "no reason"}]), "failed 3", Level.PROBLEM,
    ),
    "slow": (lambda: answered(calls=[{**answers()["calls"][0], "p99_ms": 900.0}]), "900.0 ms", Level.PROBLEM),
    "no history": (lambda: answered(deals=None), "cannot be read", Level.PROBLEM),
    "empty history": (lambda: answered(deals={"count": 0}), "there is money", Level.PROBLEM),
    "history without times": (lambda: answered(deals={"count": 4}), "without usable times", Level.UNKNOWN),
    "symbols not told": (lambda: answered(symbols_total=None), "not told", Level.NOTE),
}  # fmt: skip


@pytest.mark.parametrize("name", PROBLEMS)
def test_each_state_is_found_and_what_is_to_be_mended_has_a_remedy(name: str) -> None:
    make, words, level = PROBLEMS[name]
    report = make()
    assert level in levels(report, words), [finding.what for finding in report.findings]
    for finding in report.findings:
        assert finding.remedy or finding.level is not Level.PROBLEM, finding.what
    expected = {Level.PROBLEM: {10}, Level.UNKNOWN: {10, 11}, Level.NOTE: {0, 11}}[level]
    assert report.exit_code in expected


def test_a_symbol_whose_market_is_closed_is_a_note_not_a_fault() -> None:
    late = {"bid": 1.1, "ask": 1.1001, "time": int(BEGAN.timestamp() + 7200)}
    report = examined(ticks={"EURUSD": {**late, "time": late["time"] - 5000}, "BTCUSD": late})
    assert levels(report, "may be closed") == [Level.NOTE]


def test_positions_and_their_symbols_are_listed() -> None:
    report = examined(positions=[position(1), position(2)])
    assert levels(report, "2 positions in EURUSD") == [Level.OK]


@pytest.mark.parametrize("code", REMEDIES)
def test_every_error_code_of_the_package_has_its_own_remedy(code: int) -> None:
    assert remedy_of(f"the terminal did not answer initialize ({code}: some text)") == REMEDIES[code]


def test_an_error_without_a_code_or_with_an_unknown_one_still_has_a_remedy() -> None:
    assert remedy_of("the MetaTrader5 package is not installed: install it") == "do what it says, then run this again"
    assert "run this again" in remedy_of("the terminal did not answer initialize (-99: x)")


@pytest.mark.parametrize("code", [3, 5, 6])
def test_what_ended_the_examination_gives_the_exit_code(code: int) -> None:
    report = Report(stopped=code)
    report.add("terminal", Level.PROBLEM, "it is not there", "start it")
    assert report.exit_code == code
