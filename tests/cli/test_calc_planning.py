"""The planning calculators, every figure by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from guard.app.calc.holding import nights_charged
from guard.app.calc.table import calculate
from guard.cli import main
from guard.model.errors import InputError
from tests.launch import environment

Capture = pytest.CaptureFixture[str]
EURUSD: dict[str, Any] = {
    "contract_size": 100_000, "price": 1.1, "profit_ccy_to_account": 1, "calc": "forex", "leverage": 100,
    "margin_ccy_to_account": 1.1,
}  # fmt: skip
TRADE = {**EURUSD, "side": "buy", "equity": 10_000, "risk_pct": 1, "sl": 1.095, "pip": 0.0001, "so_pct": 50}


def result(category: str, **inputs: Any) -> dict[str, Any]:
    return dict(calculate(category, inputs).result)


def test_the_four_steps_by_hand() -> None:
    found = result("plan", **TRADE)
    # 100 at risk, 50 pips, 500 a lot: 0.2 lots; 22,000 of value, 220 of margin, 9,890 / 2 a pip.
    assert found["lots"] == 0.2
    assert found["stop_pips"] == pytest.approx(50.0)
    assert (found["loss"], found["margin"]) == (pytest.approx(100.0), pytest.approx(220.0))
    assert found["leverage"] == pytest.approx(2.2)
    assert found["margin_level_pct"] == pytest.approx(10_000 / 220 * 100)
    assert found["pips_to_so"] == 4945
    assert found["fits"] is True


def test_costs_make_the_lots_fewer_and_a_passed_cap_does_not_fit() -> None:
    found = result("plan", **TRADE, spread=0.0001, commission=3.5)
    assert found["loss_per_lot"] == pytest.approx(517.0)
    assert found["lots"] == 0.19
    assert result("plan", **TRADE, max_leverage=2)["fits"] is False
    assert result("plan", **TRADE, margin=9_900)["fits"] is False
    assert result("plan", **TRADE | {"equity": 40})["lots"] == "none"


def test_a_stop_on_the_wrong_side_is_refused() -> None:
    with pytest.raises(InputError, match="below the price for a buy"):
        result("plan", **TRADE | {"sl": 1.105})
    with pytest.raises(InputError, match="above it for a sell"):
        result("plan", **TRADE | {"side": "sell"})


def test_the_most_lots_are_those_of_the_tightest_bound() -> None:
    assert result("max_lots", **EURUSD, equity=10_000) == {
        "lots": 9.09, "binds": "free margin", "margin_per_lot": pytest.approx(1100.0),
    }  # fmt: skip
    # 10,000 / 3 of margin at a level of 300 %: 3.03 lots; the cap of 3 x 10,000 less 11,000 held leaves 19,000.
    level = result("max_lots", **EURUSD, equity=10_000, level_pct=300)
    assert (level["lots"], level["binds"]) == (3.03, "margin level 300 %")
    capped = result("max_lots", **EURUSD, equity=10_000, level_pct=300, max_leverage=3, notional=11_000)
    assert (capped["lots"], capped["binds"]) == (0.17, "leverage 3")
    assert result("max_lots", **EURUSD, equity=10_000, margin=9_999)["lots"] == "none"
    assert result("max_lots", **EURUSD, equity=1e7, volume_max=50)["binds"] == "the largest volume"


def test_leverage_changes_margin_and_never_what_a_move_makes() -> None:
    found = result("compare_leverage", equity=10_000, lots=0.5, contract_size=100_000, price=1.1, pip=0.0001,
                   profit_ccy_to_account=1, so_pct=50, move_pct=-1, side="sell")  # fmt: skip
    assert (found["exposure"], found["effective_leverage"]) == (pytest.approx(55_000), pytest.approx(5.5))
    assert found["result"] == pytest.approx(550.0)
    assert [found[f"margin_{n}"] for n in (100, 500, 1)] == pytest.approx([550.0, 110.0, 55_000.0])
    assert [found["pips_to_so_100"], found["pips_to_so_500"]] == [1945, 1989]
    assert found["pips_to_so_1"] == "cannot be opened"


def test_return_on_margin_and_on_equity() -> None:
    assert result("return_on_margin", profit=110, margin=220, equity=10_000) == {
        "on_margin_pct": 50.0, "on_equity_pct": pytest.approx(1.1),
    }  # fmt: skip


def test_pips_to_wipe_the_margin_are_not_pips_to_stop_out() -> None:
    assert result("pips_to_level", equity=10_000, margin=1100, pip_value=10, mc_pct=100, so_pct=50) == {
        "pips_to_wipe_margin": 110, "pips_to_mc": 890, "pips_to_so": 945, "pips_to_zero": 1000,
    }  # fmt: skip


def test_a_level_is_reached_by_a_deposit_or_by_closing_rounded_up() -> None:
    # 800 x 2 is 1,600: 600 to pay in; 3/8 of 0.73 is 0.27375: 0.28.
    assert result("to_level", equity=1000, margin=800, level_pct=200, lots=0.73) == {
        "deposit": 600.0, "lots_to_close": 0.28,
    }  # fmt: skip
    assert result("to_level", equity=-5, margin=800, level_pct=200, lots=1)["lots_to_close"] == "none"
    assert result("to_level", equity=5000, margin=800, level_pct=200, lots=1)["lots_to_close"] == 0.0


@pytest.mark.parametrize("nights,opened,triple,charged", [
    (1, "wednesday", None, 3), (1, "tuesday", None, 1), (2, "tuesday", None, 4), (5, "monday", None, 7),
    (7, "saturday", None, 7), (2, "saturday", None, 0), (3, "friday", None, 1), (3, "friday", "friday", 3),
    (14, "thursday", None, 14), (3, "friday", "none", 3), (3, None, None, 3), (0, "wednesday", None, 0),
])  # fmt: skip
def test_nights_are_counted_with_weekends_and_the_triple_day(
    nights: int, opened: str | None, triple: str | None, charged: float
) -> None:
    assert nights_charged(nights, opened, triple) == charged


def test_the_cost_is_spread_commission_of_both_sides_and_swap() -> None:
    found = result("cost", lots=2, contract_size=100_000, spread=0.0001, profit_ccy_to_account=1, commission=3.5,
                   swap_per_night=-5.47, nights=5, open_day="Monday", pip=0.0001)  # fmt: skip
    assert (found["spread_cost"], found["commission_cost"]) == (pytest.approx(20.0), 14.0)
    assert (found["nights_charged"], found["swap_cost"]) == (7.0, pytest.approx(76.58))
    assert (found["cost"], found["cost_pips"]) == (pytest.approx(110.58), pytest.approx(5.529))
    with pytest.raises(InputError, match="day of the week"):
        result("cost", lots=1, swap_per_night=-1, nights=1, open_day="Wodin")


def test_tiers_by_volume_charge_each_part_by_its_own_and_by_equity_one_for_all() -> None:
    base = {"lots": 12, "contract_size": 100_000, "price": 1, "profit_ccy_to_account": 1}
    steps = [[0, 500], [5, 200], [10, 100]]
    # 5 lots at 1:500, 5 at 1:200, 2 at 1:100: 1,000 + 2,500 + 2,000.
    assert result("tiered_margin", tiers=steps, by="lots", **base)["margin"] == pytest.approx(5_500.0)
    # With 5 held already: 5 at 1:200, 7 at 1:100.
    assert result("tiered_margin", tiers=steps, by="lots", held=5, **base)["margin"] == pytest.approx(9_500.0)
    by_equity = result("tiered_margin", tiers=[[0, 2000], [5000, 1000]], by="equity", equity=5000, **base)
    assert (by_equity["margin"], by_equity["leverage"]) == (1_200.0, 1000.0)
    capped = result("tiered_margin", tiers=[[0, 2000]], by="equity", equity=10, leverage=100, **base)
    assert capped["margin"] == 12_000.0
    for wrong in ([[5, 200], [0, 500]], [[0, 0]], "0:500"):
        with pytest.raises(InputError):
            result("tiered_margin", tiers=wrong, by="lots", **base)


@pytest.mark.parametrize("words,says", [
    (["esma", "--symbol", "AUDUSD", "--notional", "65210"], "5 % (other pairs, 1:20.00): 3,260.50"),
    (["asic", "--symbol", "AUDUSD", "--notional", "60000"], "1:30"),
    (["esma", "--symbol", "BTCUSD", "--asset-class", "crypto", "--notional", "1000"], "50 % (crypto, 1:2.00): 500.00"),
])  # fmt: skip
def test_a_regulator_s_rate_is_applied(capsys: Capture, words: list[str], says: str) -> None:
    assert main.run(["calc", "regulator", *words]) == 0
    assert says in capsys.readouterr().out


@pytest.mark.parametrize("words,code", [
    (["plan", "--equity", "1000"], 2), (["max-lots"], 2), (["regulator"], 2), (["pips", "--margin", "-1"], 2),
    (["regulator", "esme", "--symbol", "X"], 3), (["tiers", "--tiers", "nobody"], 3), (["tiers", "--tiers", "xm"], 3),
    (["cost"], 2), (["compare", "--equity", "x"], 2), (["to-level", "--equity", "1"], 2), (["return-on-margin"], 2),
    (["pips", "--margin", "100", "--pip-value", "10"], 0),
])  # fmt: skip
def test_exit_codes_of_the_planning_calculators(words: list[str], code: int) -> None:
    command = [sys.executable, "-m", "guard", "calc", *words]
    done = subprocess.run(command, env=environment(None), capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


def test_they_answer_in_json_and_in_a_batch(capsys: Capture, tmp_path: Any) -> None:
    assert main.run(["calc", "tiers", "--tiers", "0:100", "--equity", "5", "--lots", "1", "--contract-size", "100000",
                     "--price", "1", "--profit-ccy-to-account", "1", "--json"]) == 0  # fmt: skip
    assert json.loads(capsys.readouterr().out)["result"]["margin"] == 1000.0
    path = tmp_path / "rows.csv"
    inputs = json.dumps({"equity": 1000, "margin": 800, "level_pct": 200}).replace('"', '""')
    path.write_text(f'id,category,inputs_json\n1,to_level,"{inputs}"\n', encoding="utf-8")
    assert main.run(["calc", "batch", str(path)]) == 0
    assert json.loads(capsys.readouterr().out)["result"] == {"deposit": 600.0}
