"""``guard limits``: each limit as armed or why not, with the room it leaves."""

from __future__ import annotations

import json
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from guard.cli import main
from guard.cli._limits_view import rows
from guard.settings.load import load_text
from tests import books
from tests.launch import guard, options, running

Capture = pytest.CaptureFixture[str]
HEAD = 'format = "guard.config/1"\n'
FTMO = HEAD + 'extends = ["prop/ftmo-2step-100k"]\n'


@pytest.fixture(autouse=True)
def in_an_empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GUARD_HOME", str(tmp_path / "home"))


def armed(capsys: Capture, config: str | None = None, document: dict[str, Any] | None = None) -> dict[str, Any]:
    argv = ["limits", "--json"]
    if config is not None:
        Path("own.toml").write_text(config, encoding="utf-8")
        argv += ["--config", "own.toml"]
    if document is not None:
        Path("seen.json").write_text(json.dumps(document), encoding="utf-8")
        argv += ["--snapshot", "seen.json"]
    assert main.run(argv) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return {**found, "by": {row["limit"]: row for row in found["limits"]}}


def held(lots: float = 0.1, **account: Any) -> dict[str, Any]:
    """A quiet account in Prague's afternoon with one position, and a deal-free history."""
    return books.snapshot([books.position(lots=lots)], account=books.account(100_000.0, margin=110.0, **account))


def test_each_limit_is_armed_with_its_room(capsys: Capture) -> None:
    found = armed(capsys, FTMO, held())
    day = found["by"]["firm_day_loss"]
    assert (day["armed"], day["severity"], day["headroom"], day["preset"]) == (
        True,
        "OK",
        5_000.0,
        "prop/ftmo-2step-100k",
    )
    assert found["by"]["firm_max_loss"]["headroom"] == 10_000.0
    assert found["by"]["firm_max_lots"]["headroom"] == pytest.approx(49.9)
    assert found["figures"].startswith("seen.json, taken 2026-11-20 12:00:00")
    assert {"firm_days", "firm_target", "firm_orders"} <= set(found["by"])
    assert any("One-sided bets" in line for line in found["not_watched"])


def test_a_days_profit_is_part_of_the_room(capsys: Capture) -> None:
    earned = books.deal(7, books.NOON - timedelta(hours=2), kind=1, entry=1, profit=3_000.0)
    document = books.snapshot([books.position()], account=books.account(103_000.0, margin=110.0), deals=[earned])
    day = armed(capsys, FTMO, document)["by"]["firm_day_loss"]
    assert (day["value"], day["headroom"]) == (0.0, 8_000.0)


def test_a_limit_that_cannot_be_told_is_not_armed_and_says_why(capsys: Capture) -> None:
    document = held()
    del document["deals"]
    day = armed(capsys, FTMO, document)["by"]["firm_day_loss"]
    assert (day["armed"], day["headroom"]) == (False, None)
    assert "deals" in day["why"]


@pytest.mark.parametrize(
    "limit, account, symbol, why",
    [
        ('kind = "margin_level"\nmin = 45.0', {"margin_so_so": 50.0}, {}, "before 45 %"),
        ('kind = "margin_usage"\nmax = 250.0', {"margin_so_so": 50.0}, {}, "200 % of equity in use, before 250 %"),
        ('kind = "position_volume"\nmax = 100.0', {}, {}, "no position above 100 lots"),
        ('kind = "position_volume"\nmax = 1.0\nscope = { symbols = ["XAUUSD"] }', {}, {"name": "XAUUSDm"},
         "this broker calls it XAUUSDm"),
    ],
)  # fmt: skip
def test_a_limit_that_can_never_fire_here_is_not_armed(
    limit: str, account: dict[str, Any], symbol: dict[str, Any], why: str, capsys: Capture
) -> None:
    document = held(**account)
    if symbol:
        document["symbols"] = {symbol["name"]: books.symbol(symbol["name"])}
    row = armed(capsys, f"{HEAD}[[limits]]\n{limit}\n", document)["limits"][0]
    assert row["armed"] is False
    assert why in row["why"]
    assert row["headroom"] is None


@pytest.mark.parametrize(
    "limit",
    ['kind = "margin_level"\nmin = 50.1', 'kind = "margin_usage"\nmax = 199.0',
     'kind = "position_volume"\nmax = 99.9', 'kind = "position_volume"\nmax = 1.0\nscope = { symbols = ["EURUSD"] }'],
)  # fmt: skip
def test_the_same_limits_that_can_fire_are_armed(limit: str, capsys: Capture) -> None:
    assert armed(capsys, f"{HEAD}[[limits]]\n{limit}\n", held(margin_so_so=50.0))["limits"][0]["armed"] is True


def test_a_firms_floor_behind_the_brokers_stop_out_is_said(capsys: Capture) -> None:
    document = held(margin_so_so=100.0)
    document["account"]["margin"] = 93_000.0
    document["account"]["margin_level"] = 100_000.0 / 93_000.0 * 100.0
    found = armed(capsys, FTMO, document)["by"]
    assert (
        "the broker closes them at an equity of 93,000.00, before this limit's floor of 90,000.00"
        in (found["firm_max_loss"]["note"])
    )
    assert found["firm_day_loss"]["note"] == ""  # its floor of 95,000 comes first


def test_without_figures_limits_are_configured_and_nothing_is_called_armed(capsys: Capture) -> None:
    found = armed(capsys)
    assert found["figures"].startswith("none yet")
    assert {row["armed"] for row in found["limits"]} == {None}
    assert main.run(["limits"]) == 0
    out = capsys.readouterr().out
    assert "configured effective_leverage" in out
    assert "ARMED" not in out


def test_the_homes_configuration_is_shown_and_text_has_room_whose_rule_and_what_is_not_watched(capsys: Capture) -> None:
    home = Path(os.environ["GUARD_HOME"])
    home.mkdir()
    (home / "guard.toml").write_text(FTMO, encoding="utf-8")
    Path("seen.json").write_text(json.dumps(held()), encoding="utf-8")
    assert main.run(["limits", "--snapshot", "seen.json"]) == 0
    out = capsys.readouterr().out
    assert "armed      firm_day_loss" in out
    assert "[prop/ftmo-2step-100k, official]" in out
    assert "[prop/ftmo-2step-100k, third party]" in out
    assert "room 5,000.00 account currency" in out
    assert "firm_target" in out
    assert "not watched   prop/ftmo-2step-100k: One-sided bets" in out


def test_a_running_guards_verdicts_give_the_room() -> None:
    loaded = load_text(HEAD + "[[limits]]\nkind = 'open_risk'\nmax = 5.0\n", Path("x.toml"))
    verdict = {"limit": "open_risk", "severity": "WARN", "value": 4.0, "threshold": 5.0, "utilization_pct": 80.0,
               "sentence": "s"}  # fmt: skip
    (row,) = rows(loaded, verdicts=[verdict])
    assert (row.armed, row.headroom, row.severity) == (True, 1.0, "WARN")
    (row,) = rows(loaded, verdicts=[{**verdict, "severity": "UNKNOWN", "value": None, "utilization_pct": None}])
    assert (row.armed, row.why, row.headroom) == (False, "s", None)
    (row,) = rows(loaded, verdicts=[{**verdict, "value": "inf", "utilization_pct": "inf"}])
    assert row.headroom == float("-inf")
    (row,) = rows(loaded, verdicts=[{**verdict, "limit": "another"}])
    assert (row.armed, row.why) == (False, "the running guard does not have it: restart the guard")


def test_the_running_guards_own_figures_are_shown(tmp_path: Path) -> None:
    home = tmp_path / "of-the-guard"
    home.mkdir()
    (home / "guard.toml").write_text(FTMO + '[account]\ninitial = "10000 USD"\n', encoding="utf-8")
    with running(home, options()):
        time.sleep(1.2)  # the second look
        done = guard("limits", "--json", home=home, account=None, root=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["figures"].startswith("the guard of account 5012345 at SIMULATED-")
    by = {row["limit"]: row for row in found["limits"]}
    assert by["firm_max_lots"]["armed"] is True
    assert by["firm_max_lots"]["headroom"] == pytest.approx(49.99)
