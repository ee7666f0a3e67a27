"""The yen of August 2024 on a real account and real symbols, as terminals printed them, and on a twin of our own."""

import json
from pathlib import Path
from typing import Any

import pytest

from guard.app.whatif.asked import Ask
from guard.app.whatif.outcome import Subject, answer
from guard.model.snapshot_json import read_snapshot
from guard.model.state import State
from guard.settings.load import default_policy
from tests.books import account, position, snapshot, symbol


def check(money: dict[str, Any], facts: dict[str, Any], price: float) -> None:
    """One lot of USDJPY bought at ``price``: equity and margin as printed just after it."""
    yen = symbol("USDJPY", bid=price, spread=0.014, **facts)
    held = [position(1, 1.0, symbol="USDJPY", price_open=price, price_current=price, sl=0.0)]
    told = account(money["balance"], equity=money["equity"], margin=money["margin"])
    assert money["margin_level"] == pytest.approx(money["equity"] / money["margin"] * 100.0)
    document = snapshot(held, symbols={"USDJPY": yen}, account=told)
    made = Subject(read_snapshot(document), State(), default_policy(), "dump")
    found = answer(made, Ask(shock=("yen-2024",)))
    then = price * 141.68 / 146.5
    loss = 100_000 * (price - then) / then
    assert found["after"]["equity"] == pytest.approx(money["equity"] - loss, abs=0.01)
    assert found["after"]["used_margin"] == money["margin"]
    assert found["after"]["margin_level_pct"] == pytest.approx((money["equity"] - loss) / money["margin"] * 100.0)
    assert {"period_loss", "max_drawdown", "effective_leverage"} <= set(found["fires"])
    assert found["after"]["stop_out_reached"] is False
    # A second lot takes as much margin as the first one, by the symbol's own formula.
    more = answer(made, Ask(add=("buy 1 USDJPY",), shock=("yen-2024",)))
    assert more["margin_by"] == "formula"
    assert more["after"]["used_margin"] == pytest.approx(2 * money["margin"])


FACTS = ("digits", "point", "trade_tick_size", "trade_contract_size", "trade_tick_value", "trade_tick_value_profit",
         "trade_tick_value_loss")  # fmt: skip


def scaled(row: dict[str, Any], price: float) -> dict[str, Any]:
    """The symbol's facts with the tick value of the price at hand: 100 yen a tick."""
    facts = {name: row[name] for name in FACTS}
    old = 100.0 / row["trade_tick_value"]
    assert 100 < old < 200
    return {name: value * old / price if "tick_value" in name else value for name, value in facts.items()}


def test_the_yen_shock_on_a_twin_of_the_account() -> None:
    row = dict.fromkeys(FACTS[4:], 0.64) | {"digits": 3, "point": 0.001, "trade_tick_size": 0.001,
                                           "trade_contract_size": 100_000.0}  # fmt: skip
    money = {"balance": 12_000.0, "equity": 12_000.0, "margin": 1000.0, "margin_level": 1200.0}
    check(money, scaled(row, 151.2), 151.2)


def test_the_yen_shock_on_a_real_account(real_data: Path) -> None:
    lines = (real_data / "api_dumps" / "api_dumps.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    checks = [row["data"] for row in rows if row["kind"] == "OrderCheckResult"]
    (money,) = [c for c in checks if c.get("request", {}).get("symbol") == "USDJPY" and c["profit"] == 0.0]
    (yen,) = [row["data"] for row in rows if row["data"].get("name") == "USDJPY" and "digits" in row["data"]]
    price = money["request"]["price"]
    check(money, scaled(yen, price), price)
