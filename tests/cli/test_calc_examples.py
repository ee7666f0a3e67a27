"""``guard calc batch`` against published examples, and against formulas written here a second time."""

import csv
import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guard.cli import main

TWIN = Path(__file__).parents[1] / "data" / "worked_examples_twin.csv"
CATEGORIES = {
    "margin", "hedged_margin", "margin_level", "profit", "pip_value", "position_size", "loss_at_stop", "stop_out",
    "stop_out_real", "effective_leverage", "weighted_price", "daily_loss", "trailing_drawdown", "swap",
}  # fmt: skip
Row = dict[str, str]


def rows_of(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def batch(capsys: pytest.CaptureFixture[str], path: Path) -> list[dict[str, Any]]:
    assert main.run(["calc", "batch", str(path)]) == 0
    return [json.loads(line, parse_constant=pytest.fail) for line in capsys.readouterr().out.splitlines()]


def agrees(found: object, expected: object, tolerance: float) -> bool:
    if isinstance(expected, bool | str) or isinstance(found, bool | str) or found is None:
        return found == expected
    assert isinstance(found, int | float)
    assert isinstance(expected, int | float)
    return abs(found - expected) <= tolerance


def holds(row: Row, answer: dict[str, Any]) -> bool:
    result = answer["result"]
    return all(
        key in result and agrees(result[key], value, float(row["tolerance"]))
        for key, value in json.loads(row["expected_json"]).items()
    )


def check_published(capsys: pytest.CaptureFixture[str], path: Path) -> None:
    rows = rows_of(path)
    answers = batch(capsys, path)
    assert [answer["id"] for answer in answers] == [row["id"] for row in rows]
    pairs = [(row, answer) for row, answer in zip(rows, answers, strict=True) if row["category"] in CATEGORIES]
    assert {row["category"] for row, _ in pairs} == CATEGORIES
    assert [row["id"] for row, answer in pairs if row["status"] == "ok" and not holds(row, answer)] == []
    wrong = [(row, answer) for row, answer in pairs if row["status"] == "known_wrong"]
    assert wrong
    assert [row["id"] for row, answer in wrong if holds(row, answer)] == []
    others = [answer for row, answer in zip(rows, answers, strict=True) if row["category"] not in CATEGORIES]
    assert others
    assert all(answer["result"] is None and answer["error"] for answer in others)


def test_every_sound_example_is_met_and_no_wrong_one_is_reproduced(capsys: pytest.CaptureFixture[str]) -> None:
    check_published(capsys, TWIN)


def test_every_sound_published_example_is_met_and_no_wrong_one_is_reproduced(
    capsys: pytest.CaptureFixture[str], real_data: Path
) -> None:
    check_published(capsys, real_data / "worked_examples.csv")


# --- a second hand: what each category must give, written without the product's formulas ---------------------------


def net(i: dict[str, Any]) -> float:
    return float(sum(lots for lots, _ in i["buy"]) - sum(lots for lots, _ in i["sell"]))


def margin(i: dict[str, Any]) -> dict[str, Any]:
    per_lot = {
        "forex": lambda: i["contract_size"] / i["leverage"],
        "cfd_leverage": lambda: i["contract_size"] * i["price"] / i["leverage"],
        "cfd": lambda: i["contract_size"] * i["price"],
        "cfd_index": lambda: i["contract_size"] * i["price"] * i["tick_value"] / i["tick_size"],
        "exch_stocks": lambda: i["contract_size"] * i["price"],
        "exch_bonds": lambda: i["contract_size"] * i["price"] / 100 * i["face_value"],
    }
    if i.get("margin_initial"):
        amount = i["margin_initial"] / (i["leverage"] if i["calc"] in {"forex", "cfd_leverage"} else 1)
    else:
        amount = per_lot[i["calc"]]()
    return {"margin": i["lots"] * amount * i.get("rate", 1) * i["margin_ccy_to_account"]}


def hedged(i: dict[str, Any]) -> dict[str, Any]:
    left = net(i)
    covered_exactly = abs(left) < 1e-9
    result: dict[str, Any] = {
        "uncovered_lots": 0.0 if covered_exactly else abs(left),
        "side": "none" if covered_exactly else "buy" if left > 0 else "sell",
    }
    if i.get("calc") not in {"forex", "cfd_leverage"}:
        return result
    priced = i["calc"] == "cfd_leverage"
    sides = {"buy": i["buy"], "sell": i["sell"]}
    lots = {side: sum(v for v, _ in legs) for side, legs in sides.items()}
    value = {side: sum(v * (p if priced else 1) for v, p in legs) for side, legs in sides.items()}
    rate = {side: i.get(f"{side}_rate", 1) for side in sides}
    unit = i["margin_ccy_to_account"] / i["leverage"]
    if i.get("use_leg"):
        return result | {"margin": max(value[s] * i["contract_size"] * unit * rate[s] for s in sides)}
    larger = "buy" if left > 0 else "sell"
    bare = abs(left) * value[larger] / lots[larger] * i["contract_size"] * rate[larger]
    pairs = min(lots.values()) * sum(value.values()) / sum(lots.values()) * i["margin_hedged"] * sum(rate.values()) / 2
    return result | {"margin": (bare + pairs) * unit}


def profit(i: dict[str, Any]) -> dict[str, Any]:
    moved = (i["close"] - i["open"]) * (1 if i["side"] == "buy" else -1) * i["lots"]
    if i.get("calc") == "futures":
        return {"profit": moved / i["tick_size"] * i["tick_value"]}
    return {"profit": moved * i["contract_size"] * i["profit_ccy_to_account"]}


def size(i: dict[str, Any]) -> dict[str, Any]:
    money = i["risk_money"] if "risk_money" in i else i["balance"] * i["risk_pct"] / 100
    step = i.get("volume_step", 0.01)
    lots = math.floor(money / (i["stop_pips"] * i["pip_value_per_lot"]) / step + 1e-9) * step
    return {"risk_money": money, "lots": lots if lots >= i.get("volume_min", 0.01) - 1e-12 else "none"}


def loss(i: dict[str, Any]) -> dict[str, Any]:
    gone = (i["open"] - i["sl"]) * (1 if i["side"] == "buy" else -1) * i["lots"] * i["contract_size"]
    gone = max(0.0, gone + abs(i.get("commission", 0)) - i.get("swap", 0))
    return {"loss": gone} | ({"pct": gone / i["equity"] * 100} if "equity" in i else {})


def stop_out(i: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    now = i["equity"] if "equity" in i else i["balance"]
    for name in ("mc", "so"):
        level = i.get(f"{name}_money", i["margin"] * i[f"{name}_pct"] / 100 if f"{name}_pct" in i else None)
        if level is not None:
            result[f"{name}_equity"] = level
            result[f"loss_at_{name}"] = now - level
            result[f"pips_to_{name}"] = math.floor((now - level) / i["pip_value"] + 1e-9)
    return result


def daily(i: dict[str, Any]) -> dict[str, Any]:
    pick: dict[str, Callable[[], float]] = {
        "balance@reset": lambda: i["anchor_balance"],
        "equity@reset": lambda: i["anchor_equity"],
        "max(balance,equity)@reset": lambda: max(i["anchor_balance"], i["anchor_equity"]),
    }
    anchor = pick[i["anchor"]]()
    of = i["initial"] if i.get("basis") == "initial" else anchor
    floor = anchor - (i["limit_money"] if "limit_money" in i else of * i["limit_pct"] / 100)
    if "closed" not in i:
        return {"floor": floor}
    equity = i["anchor_balance"] + i["closed"] + i["floating"]
    return {"floor": floor, "equity": equity, "room": equity - floor, "breach": equity <= floor}


def trailing(i: dict[str, Any]) -> dict[str, Any]:
    peak = i["peak_equity"] if "peak_equity" in i else i["peak_balance"]
    of = i["initial"] if i.get("basis") == "initial" else peak
    distance = i["limit_money"] if "limit_money" in i else of * i["limit_pct"] / 100
    floor = min(peak - distance, i["initial"]) if i.get("lock_at_initial") else peak - distance
    return {"floor": floor, "distance": distance}


def swap(i: dict[str, Any]) -> dict[str, Any]:
    money = i["lots"] * i["swap"] * i["nights"]
    if i["mode"] == "points":
        money *= i["contract_size"] * i["point"] * i["profit_ccy_to_account"]
    if i["mode"] == "percent_current":
        money *= i["contract_size"] * i["price"] / 100 / i["days_in_year"] * i["profit_ccy_to_account"]
    return {"swap": money}


SECOND_HAND: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "margin": margin,
    "hedged_margin": hedged,
    "margin_level": lambda i: {
        "margin_level_pct": i["equity"] / i["margin"] * 100,
        "free_margin": i["equity"] - i["margin"],
    },
    "profit": profit,
    "pip_value": lambda i: {"pip_value": i["units"] * i["pip"] * i["quote_to_account"]},
    "position_size": size,
    "loss_at_stop": loss,
    "stop_out": stop_out,
    "stop_out_real": lambda i: {"stopped_out": i["equity"] / i["margin"] * 100 <= i["so_pct"]},
    "effective_leverage": lambda i: {
        "leverage": "inf" if i.get("equity", 1) <= 0 else i["notional"] / i.get("equity", i.get("margin", 1))
    },
    "weighted_price": lambda i: {
        "vwap": sum(lots * price for lots, price in i["fills"]) / sum(lots for lots, _ in i["fills"])
    },
    "daily_loss": daily,
    "trailing_drawdown": trailing,
    "swap": swap,
}


def scaled(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict):
        return {name: scaled(item, chance) for name, item in value.items()}
    if isinstance(value, list):
        return [scaled(item, chance) for item in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return value * chance.uniform(0.5, 2.0)


def without_nulls(inputs: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if value is not None}


def check_scaled(capsys: pytest.CaptureFixture[str], source: Path, target: Path, seed: int) -> None:
    chance = random.Random(seed)
    rows = [row for row in rows_of(source) if row["category"] in CATEGORIES]
    ids = [f"{number:05d}" for number in range(len(rows))]
    chance.shuffle(ids)
    chance.shuffle(rows)
    originals = [json.loads(row["inputs_json"]) for row in rows]
    inputs = [without_nulls(scaled(values, chance)) for values in originals]
    assert all(values != without_nulls(original) for values, original in zip(inputs, originals, strict=True))
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["inputs_json", "remark", "id", "category"])
        for row_id, row, values in zip(ids, rows, inputs, strict=True):
            writer.writerow([json.dumps(values), "of no concern", row_id, row["category"]])
    for row_id, row, values, answer in zip(ids, rows, inputs, batch(capsys, target), strict=True):
        expected = SECOND_HAND[row["category"]](values)
        assert answer["id"] == row_id
        assert answer["result"] is not None, answer
        for key, value in expected.items():
            tolerance = 1e-9 * max(1.0, abs(value)) if isinstance(value, int | float) else 0.0
            assert agrees(answer["result"][key], value, tolerance), (row["category"], key, values, answer, expected)


@pytest.mark.parametrize("seed", range(20))
def test_scaled_inputs_under_shuffled_ids_follow_the_formulas(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, seed: int
) -> None:
    check_scaled(capsys, TWIN, tmp_path / "scaled.csv", seed)


@pytest.mark.parametrize("seed", range(20))
def test_scaled_published_inputs_under_shuffled_ids_follow_the_formulas(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, real_data: Path, seed: int
) -> None:
    check_scaled(capsys, real_data / "worked_examples.csv", tmp_path / "scaled.csv", seed)


def test_both_example_files_have_the_same_columns_and_categories(real_data: Path) -> None:
    ours, theirs = rows_of(TWIN), rows_of(real_data / "worked_examples.csv")
    assert list(ours[0]) == list(theirs[0])
    assert {row["category"] for row in theirs} == {row["category"] for row in ours}
