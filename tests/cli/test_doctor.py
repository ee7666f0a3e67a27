"""The doctor as a process, over the simulated terminal and over none."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from guard.terminal.recording import Recording
from tests.launch import guard, options, running


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def found(home: Path, *words: str, account: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
    done = guard("doctor", "--json", *words, home=home, account=account)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def test_a_healthy_terminal_exits_0_and_lists_times_and_abilities(home: Path) -> None:
    code, told = found(home, account=options(speed=1))
    assert (code, told["format"], told["exit_code"]) == (0, "guard.doctor/1", 0)
    assert {"configuration", "computer", "terminal", "account", "permission", "time", "symbols", "history",
            "ability"} == {one["area"] for one in told["findings"]}  # fmt: skip
    assert all(call["p50_ms"] <= call["p99_ms"] for call in told["calls"])
    assert {"account_info", "positions_get", "history_deals_get"} <= {call["call"] for call in told["calls"]}
    assert any("UTC+2 h" in one["what"] for one in told["findings"])
    assert not list(home.iterdir())


def test_a_market_that_stands_still_leaves_the_clock_unknown_and_exits_11(home: Path) -> None:
    code, told = found(home, account=options(speed=0))
    assert code == 11
    assert any(one["area"] == "time" and one["level"] == "unknown" for one in told["findings"])


def test_a_call_that_fails_is_to_be_mended_and_exits_10(home: Path) -> None:
    silent = {"call": "history_deals_get", "nth": 1, "times": 1000}
    code, told = found(home, account=options(speed=1, none=silent))
    assert code == 10
    assert any("history_deals_get failed" in one["what"] for one in told["findings"])


@pytest.mark.skipif(sys.platform == "win32", reason="there is a package on Windows")
def test_without_a_terminal_it_exits_5_and_says_what_to_do(home: Path) -> None:
    done = guard("doctor", home=home, account=None, root=False)
    assert done.returncode == 5
    assert "MEND  the MetaTrader5 package is not installed" in done.stdout
    assert "to do: " in done.stdout


def test_a_terminal_that_refuses_the_login_exits_5_with_its_remedy(home: Path) -> None:
    refused = {"call": "initialize", "nth": 1, "times": 100, "code": -6}
    code, told = found(home, account=options(none=refused))
    assert code == 5
    assert told["findings"][-1]["level"] == "problem"
    assert "password" in told["findings"][-1]["remedy"]


def test_another_account_exits_6(home: Path) -> None:
    config = home.parent / "guard.toml"
    config.write_text('format = "guard.config/1"\n[account]\nlogin = 99\n', encoding="utf-8")
    code, told = found(home, "--config", str(config), account=options())
    assert code == 6
    assert "99" in told["findings"][-1]["what"]


def test_a_broken_configuration_exits_3(home: Path) -> None:
    config = home.parent / "guard.toml"
    config.write_text("format = 3\n", encoding="utf-8")
    code, told = found(home, "--config", str(config), account=options())
    assert (code, told["findings"][-1]["area"]) == (3, "configuration")


def test_it_may_run_beside_a_guard(home: Path) -> None:
    account = options(speed=1)
    with running(home, account) as guarded:
        code, told = found(home, account=account)
        assert code == 0
        assert any("watches account" in one["what"] for one in told["findings"])
        assert guarded.process.poll() is None


def test_a_recording_of_some_seconds_can_be_played_again_and_says_not_whose_it_is(home: Path) -> None:
    file = home.parent / "session.jsonl"
    done = guard("snapshot", "--record", str(file), "--for", "1.5", home=home, account=options(speed=1))
    assert (done.returncode, done.stdout) == (0, "")
    recording = Recording(file)
    recording.connect()
    first, second = recording.read_snapshot(), recording.read_snapshot()
    assert first["account"]["login"] == 0
    assert first["taken_at"] < second["taken_at"]
    assert "SIMULATED" not in file.read_text(encoding="utf-8")
    again = guard("snapshot", "--record", str(file), "--for", "1", home=home, account=options())
    assert again.returncode == 3
    assert "there already" in again.stderr
