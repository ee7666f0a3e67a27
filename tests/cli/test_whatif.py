"""``guard whatif``: before and after by hand, the way back on every mistake, and its guide's own figures."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from guard.cli import main
from tests.books import Dict, account, position, snapshot, symbol
from tests.launch import environment, guard, options, running

Capture = pytest.CaptureFixture[str]
CAP = 'format = "guard.config/1"\n[[limits]]\nkind = "effective_leverage"\nmax = 10.0\n'


def yen(**over: Any) -> Dict:
    return symbol("USDJPY", bid=150.0, spread=0.01, digits=3, point=0.001, trade_tick_size=0.001,
                  trade_tick_value=100 / 150, trade_tick_value_profit=100 / 150.01,
                  trade_tick_value_loss=100 / 150, margin_hedged=100_000.0, **over)  # fmt: skip


def book() -> Dict:
    held = [
        position(101, 0.5, symbol="USDJPY", price_open=150.0, price_current=150.0, sl=149.0),
        position(102, 0.1),
    ]
    return snapshot(held, symbols={"EURUSD": symbol(margin_hedged=100_000.0), "USDJPY": yen()},
                    account=account(10_000.0, margin=610.0))  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "account.json"
    path.write_text(json.dumps(book()), encoding="utf-8")
    return str(path)


def asked(capsys: Capture, *words: str) -> Dict:
    assert main.run(["whatif", *words, "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out, parse_constant=pytest.fail))


def test_the_yen_shock_by_hand(file: str, capsys: Capture) -> None:
    found = asked(capsys, file, "--shock", "yen-2024")
    # 150 x 141.68 / 146.50; half a lot loses 50,000 x the difference, converted at the new price.
    price = 150.0 * 141.68 / 146.5
    loss = 50_000 * (150.0 - price) / price
    assert found["after"]["equity"] == pytest.approx(10_000 - loss, abs=0.01)
    assert found["after"]["used_margin"] == found["before"]["used_margin"] == 610.0
    assert found["after"]["margin_level_pct"] == pytest.approx((10_000 - loss) / 610 * 100)
    assert "period_loss" in found["fires"]
    # What a trade risks is counted from the equity it was opened with: a shock does not move it.
    (risk,) = [row for row in found["limits"] if row["kind"] == "risk_per_trade"]
    assert risk["after"]["utilization_pct"] == pytest.approx(risk["before"]["utilization_pct"])
    assert any("EURUSD: it is left where it is" in note for note in found["notes"])
    assert any("stop of 101" in note for note in found["notes"])


def test_the_room_for_more_is_the_cap_less_what_is_held_and_names_what_binds(
    file: str, tmp_path: Path, capsys: Capture
) -> None:
    config = tmp_path / "cap.toml"
    config.write_text(CAP, encoding="utf-8")
    found = asked(capsys, file, "--config", str(config))
    # 100,000 allowed, 50,000 + 11,001 held (a pair's base counts at the middle); a lot of EURUSD is 110,010: 0.35.
    assert found["room"]["EURUSD"]["buy"]["lots"] == 0.35
    assert found["room"]["EURUSD"]["buy"]["binds"] == "effective_leverage"
    # Free margin 9,390 over 1,100 a lot.
    assert found["room"]["EURUSD"]["buy"]["margin"] == {"lots": 8.53, "binds": "free margin"}
    assert found["moves"] == []
    assert found["before"] == found["after"]


def test_one_more_lot_takes_its_margin_and_its_spread_and_fires_the_cap(
    file: str, tmp_path: Path, capsys: Capture
) -> None:
    config = tmp_path / "cap.toml"
    config.write_text(CAP, encoding="utf-8")
    found = asked(capsys, file, "--config", str(config), "--add", "buy 1 EURUSD sl 1.09")
    assert found["after"]["used_margin"] == pytest.approx(610.0 + 1100.2)
    assert found["after"]["equity"] == pytest.approx(10_000 - 20.0)
    assert found["margin_by"] == "formula"
    assert found["fires"] == ["effective_leverage"]
    assert found["limits"][0]["before"]["severity"] == "OK"
    assert found["limits"][0]["after"]["severity"] == "BREACH"


def test_a_hedge_is_shown_beside_closing_and_beside_nothing(file: str, capsys: Capture) -> None:
    found = asked(capsys, file, "--hedge", "USDJPY", "--gap", "4")
    by_way = {row["way"]: row for row in found["rescue"]}
    assert list(by_way) == ["nothing done", "hedged", "closed instead"]
    drop = 50_000 * (150.0 - 144.0) / 144.0
    euro = 10_000 * 1.1 * 0.04
    assert by_way["nothing done"]["equity"] == pytest.approx(10_000 - drop - euro, abs=0.02)
    # Opened at 150.00, the hedge closes at 144.01 and what it covers at 144.00, each result at its own price.
    spread = 50_000 * (150.0 / 144.0 - 150.0 / 144.01)
    assert by_way["hedged"]["equity"] == pytest.approx(10_000 - euro - spread, abs=0.01)
    assert by_way["closed instead"]["equity"] == pytest.approx(10_000 - euro, abs=0.02)
    assert by_way["hedged"]["used_margin"] == pytest.approx(610.0)
    assert by_way["closed instead"]["used_margin"] == pytest.approx(110.0)


def test_a_leverage_cut_multiplies_the_margin_and_a_weaker_one_changes_nothing(file: str, capsys: Capture) -> None:
    found = asked(capsys, file, "--leverage", "20")
    assert found["after"]["used_margin"] == pytest.approx(610.0 * 5)
    found = asked(capsys, file, "--cut", "exness")
    assert found["after"]["used_margin"] == 610.0
    assert any("nothing changes" in note for note in found["notes"])


def test_the_broker_s_scheduled_cut_of_a_high_leverage_account(tmp_path: Path, capsys: Capture) -> None:
    document = book()
    document["account"] = account(10_000.0, margin=30.5, leverage=2000)
    path = tmp_path / "high.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    found = asked(capsys, str(path), "--cut", "exness")
    assert found["after"]["used_margin"] == pytest.approx(305.0)
    assert any("graded 'third party'" in note for note in found["notes"])
    found = asked(capsys, str(path), "--tiers", "exness")  # 1:1000 from 5,000 dollars on
    assert found["after"]["used_margin"] == pytest.approx(61.0)
    found = asked(capsys, str(path), "--tiers", "0:500,20000:200", "--deposit", "15000")
    assert found["after"]["used_margin"] == pytest.approx(305.0)


def test_money_in_and_out_is_no_loss_and_a_regulator_s_rates_are_told(file: str, capsys: Capture) -> None:
    found = asked(capsys, file, "--withdraw", "3000", "--regulator", "esma")
    assert found["after"]["equity"] == pytest.approx(7_000.0)
    (day,) = [row for row in found["limits"] if row["limit"] == "period_loss"]
    assert day["after"]["utilization_pct"] == pytest.approx(0.0)
    # Two of the six majors both: 3.33 % of 50,000 and of 11,001.
    rate = 61_001 * 0.0333
    assert found["after"]["required_by_regulator"] == pytest.approx(rate, rel=2e-3)


def test_closing_all_leaves_a_flat_account(file: str, capsys: Capture) -> None:
    found = asked(capsys, file, "--close", "all")
    assert (found["after"]["used_margin"], found["after"]["effective_leverage"]) == (0.0, 0.0)
    assert found["blind"] is None


def test_a_person_reads_two_columns_and_bars(file: str, capsys: Capture) -> None:
    assert main.run(["whatif", file, "--price", "USDJPY=-5%"]) == 0
    out = capsys.readouterr().out
    assert "before           after" in out
    assert "-> " in out
    assert "FIRES" in out
    assert main.run(["whatif", "--shocks"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("chf-2015", "gbp-2016", "jpy-2019", "march-2020", "yen-2024"))
    assert "looked up 2026-11-25 (third party)" in shown


@pytest.mark.parametrize("words,code,says", [
    (["--add", "buy EURUSD"], 2, "is not understood"),
    (["--add", "buy -1 EURUSD"], 2, "must be above 0"),
    (["--add", "buy 1 GBPUSD"], 2, "GBPUSD is not in this snapshot"),
    (["--close", "7"], 2, "there is no position 7"),
    (["--close", "GBPUSD"], 2, "nothing of it is open"),
    (["--move-stop", "7"], 2, "TICKET=PRICE"),
    (["--price", "EURUSD"], 2, "EURUSD=1.05 or EURUSD=-5%"),
    (["--price", "EURUSD=nan"], 2, "too large to be meant"),
    (["--gap", "100"], 2, "between 0 and 100"),
    (["--leverage", "0"], 2, "above 0"),
    (["--deposit", "-5"], 2, "above 0"),
    (["--tiers", "5:0"], 2, "above 0"),
    (["--cut", "xm"], 3, "give --leverage"),
    (["--shock", "yen"], 3, "there is no shock 'yen'"),
    (["--regulator", "esme"], 3, "there is no preset"),
    (["--room", "GBPUSD"], 2, "does not hold that symbol"),
])  # fmt: skip
def test_a_mistake_is_one_sentence_and_a_code(
    file: str, capsys: Capture, words: list[str], code: int, says: str
) -> None:
    assert main.run(["whatif", file, *words]) == code
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert says in err


def test_it_is_a_question_so_a_breach_exits_0_and_a_bad_file_3(file: str, tmp_path: Path) -> None:
    def run(*words: str) -> int:
        command = [sys.executable, "-m", "guard", "whatif", *words]
        return subprocess.run(command, env=environment(None), capture_output=True, check=False).returncode

    assert run(file, "--shock", "chf-2015", "--price", "USDJPY=-30%") == 0
    assert run(str(tmp_path / "none.json")) == 3
    assert run("--home", str(tmp_path)) == 5
    assert run(file, "--leverage", "many") == 2


def test_without_a_file_the_running_guards_last_snapshot_is_asked_by_its_own_limits(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    config = tmp_path / "cap.toml"
    config.write_text(CAP, encoding="utf-8")
    held = [{"symbol": "EURUSD", "side": 1, "lots": 0.2, "sl": 0.0}]
    with running(home, options(positions=held), "--config", str(config)):
        time.sleep(1.2)
        done = guard("whatif", "--close", "all", "--json", home=home, account=None, root=False)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert found["before"]["effective_leverage"] > 1.0
        assert found["after"]["effective_leverage"] == 0.0
        assert found["from"].startswith("the journal of account")
        assert [row["limit"] for row in found["limits"]] == ["effective_leverage"]


def test_a_stop_out_and_a_debt_are_said(file: str, capsys: Capture) -> None:
    found = asked(capsys, file, "--add", "buy 4 USDJPY", "--price", "USDJPY=-5%")
    # 4.5 lots of USDJPY lose 450,000 x 7.5 / 142.5, more than there is.
    assert found["after"]["stop_out_reached"] is True
    assert found["after"]["owed"] == pytest.approx(450_000 * 7.5 / 142.5 - 10_000 + 400_000 * 0.01 / 142.5, abs=0.5)
    assert found["severity"] == "BREACH"
    assert main.run(["whatif", file, "--add", "buy 4 USDJPY", "--price", "USDJPY=-5%"]) == 0
    out = capsys.readouterr().out
    assert "STOP-OUT WOULD BE REACHED" in out
    assert "owed below zero" in out


QUESTION = ["--deposit", "10", "--close", "102:0.05", "--move-stop", "101=148", "--add", "sell 0.1 EURUSD", "--hedge",
            "all", "--leverage", "50", "--shock", "march-2020", "--gap", "1", "--price", "EURUSD=1.2"]  # fmt: skip
HOLES: list[tuple[tuple[str | int, ...], object]] = [
    *((("account", name), None) for name in account()),
    *((("positions", at, name), None) for at in (0, 1) for name in position()),
    *((("symbols", "USDJPY", name), None) for name in symbol()),
    *((("ticks", "USDJPY", name), None) for name in ("bid", "ask", "time")),
    *(((name,), None) for name in ("positions", "orders", "symbols", "ticks", "deals", "terminal", "server_time_msc")),
    (("positions",), []), (("account", "equity"), -50.0), (("account", "margin"), 0.0), (("account", "leverage"), 0),
    (("account", "margin_mode"), 0), (("account", "currency"), "USC"), (("account", "currency"), "JPY"),
    (("symbols", "USDJPY", "trade_calc_mode"), 34), (("symbols", "USDJPY", "volume_step"), 0.0),
    (("symbols", "USDJPY", "margin_hedged_use_leg"), True), (("positions", 0, "symbol"), "GBPUSD"),
]  # fmt: skip


@pytest.mark.parametrize("path,value", HOLES, ids=lambda one: ".".join(map(str, one)) if isinstance(one, tuple) else "")
def test_whatever_is_missing_is_answered_or_refused_in_a_sentence(
    path: tuple[str | int, ...], value: object, tmp_path: Path, capsys: Capture
) -> None:
    document: Any = json.loads(json.dumps(book()))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    target = tmp_path / "hole.json"
    target.write_text(json.dumps(document), encoding="utf-8")
    for words in (QUESTION, [*QUESTION, "--json"], ["--shock", "yen-2024", "--json"]):
        code = main.run(["whatif", str(target), *words])
        out, err = capsys.readouterr()
        assert code in {0, 2, 3}, err
        assert code == 0 or (out == "" and err.startswith("guard: ") and err.count("\n") == 1)
        if code == 0 and "--json" in words:
            json.loads(out, parse_constant=pytest.fail)
