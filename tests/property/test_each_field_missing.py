"""Each field of the terminal's structures, deleted or spoilt: unknown or said, never silently another number."""

import copy
import json
from typing import Any

import pytest

from guard.engine.report import evaluation
from guard.engine.step import step
from guard.model.snapshot_json import read_snapshot
from guard.model.state import State
from guard.model.verdict import Severity
from tests.books import NOON, Dict, account, deal, limit, policy, position, run, snapshot, symbol

LOSS = {"value": 400.0, "unit": "money"}
LIMITS = (
    limit("effective_leverage", max=4.0), limit("margin_level", min=800.0), limit("margin_usage", max=10.0),
    limit("stop_out_distance", min=96.0), limit("risk_per_trade", max=1.0), limit("open_risk", max=2.0),
    limit("missing_stop", max=50.0), limit("period_loss", limit=LOSS),
    limit("max_drawdown", limit={"value": 200.0, "unit": "money"}, anchor="first_seen"),
    limit("position_volume", max=0.25),
    limit("position_count", max=2), limit("symbol_exposure", max=200.0, measure="gross"),
)  # fmt: skip
POLICY = policy(*LIMITS)
ORDER = {"ticket": 50, "symbol": "EURUSD", "type": 2, "volume_current": 0.2, "price_open": 1.09,
         "price_stoplimit": 0.0, "price_current": 1.1, "sl": 1.08, "tp": 0.0, "magic": 0,
         "position_id": 0, "comment": ""}  # fmt: skip


def full() -> Dict:
    """A book in which every limit is broken and every section is used."""
    held = [position(1, 0.3, price_open=1.108, sl=1.095, profit=-240.0, swap=-10.0), position(2, 0.2, sl=0.0),
            position(3, 0.1, "sell", symbol="USDJPY", price_open=150.0, price_current=150.0, sl=151.0)]  # fmt: skip
    deals = [deal(10 + n, NOON.replace(hour=11), kind=0, position_id=n, commission=-1.0) for n in (1, 2, 3)]
    deals.append(deal(9, NOON.replace(hour=2), kind=1, entry=1, position_id=8, profit=-250.0, commission=-1.0))
    return snapshot(
        held, account=account(9_746.0, equity=9_496.0, margin=1_200.0, leverage=100), orders=[ORDER], deals=deals,
        symbols={"EURUSD": symbol(), "USDJPY": symbol("USDJPY", 150.0, 0.02, trade_tick_size=0.001,
                                                      trade_tick_value=0.6667, trade_tick_value_loss=0.6667)},
    )  # fmt: skip


def judge(document: Dict) -> dict[str, Any]:
    seen = read_snapshot(document)
    made = evaluation(step(seen, STATE, POLICY), seen, POLICY)
    return dict(json.loads(json.dumps(made, allow_nan=False)))


STATE = run(full(), *LIMITS, state=State()).state
BASE = judge(full())
OTHER = {"format", "taken_at"}


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in leaves(inner, (*path, key))]
    if isinstance(value, list) and value:
        return [leaf for index, inner in enumerate(value) for leaf in leaves(inner, (*path, index))]
    return [path]


PATHS = [path for path in leaves(full()) if path[0] not in OTHER]
SECTIONS = [("positions",), ("orders",), ("deals",), ("symbols",), ("symbols", "EURUSD"), ("ticks",), ("terminal",)]
BAD: dict[str, Any] = {
    "null": None,
    "text": "?",
    "nan": float("nan"),
    "minus infinity": float("-inf"),
    "list": [],
    "object": {},
}


def spoilt(path: tuple[Any, ...], *value: Any) -> Dict:
    document = copy.deepcopy(full())
    place: Any = document
    for key in path[:-1]:
        place = place[key]
    if value:
        place[path[-1]] = value[0]
    else:
        del place[path[-1]]
    return document


def sentences(made: dict[str, Any]) -> set[str]:
    return {f"{gap['path']}: {gap['sentence']}" for gap in made["gaps"]}


def numbers(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, dict):
        return {k: v for key, inner in value.items() for k, v in numbers(inner, f"{path}.{key}").items()}
    return {path: value}


def same(one: Any, other: Any) -> bool:
    """Equal, or within the 2 % that the sources of a price move's value may differ."""
    if isinstance(one, float) and isinstance(other, float):
        return one == pytest.approx(other, rel=0.02)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    return bool(one == other)


def check(made: dict[str, Any]) -> None:
    new = sentences(made) - sentences(BASE)
    for verdict, before in zip(made["verdicts"], BASE["verdicts"], strict=True):
        assert before["severity"] == "BREACH", before
        # A standing breach is never forgiven; a changed number is unknown or has its reason among the gaps.
        assert verdict["severity"] == "BREACH", verdict
        assert verdict["value"] is None or same(verdict["value"], before["value"]) or new, (verdict, before)
    was = numbers(BASE["metrics"])
    for name, value in numbers(made["metrics"]).items():
        assert value is None or same(value, was.get(name)) or new, (name, value, was.get(name))


def test_every_limit_is_broken_to_begin_with() -> None:
    assert {v["severity"] for v in BASE["verdicts"]} == {"BREACH"}
    assert len({v["kind"] for v in BASE["verdicts"]}) == 12


@pytest.mark.parametrize("path", [*PATHS, *SECTIONS], ids=lambda path: ".".join(map(str, path)))
def test_a_deleted_field_is_unknown_or_said(path: tuple[Any, ...]) -> None:
    check(judge(spoilt(path)))


def named(path: tuple[Any, ...]) -> str:
    """The place as a gap writes it."""
    if len(path) == 1:
        return str(path[0])
    return f"{path[0]}[{path[1]}].{path[2]}" if isinstance(path[1], int) else ".".join(map(str, path))


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
def test_a_spoilt_field_is_named_in_a_gap(path: tuple[Any, ...], bad: str) -> None:
    good: Any = full()
    for key in path:
        good = good[key]
    if isinstance(good, str) and isinstance(BAD[bad], str):
        return
    made = judge(spoilt(path, BAD[bad]))
    check(made)
    if made["verdicts"] != BASE["verdicts"] or numbers(made["metrics"]) != numbers(BASE["metrics"]):
        assert any(named(path) in line for line in sentences(made) - sentences(BASE)), (path, sentences(made))


@pytest.mark.parametrize("path", [*PATHS, *SECTIONS], ids=lambda path: ".".join(map(str, path)))
def test_without_memory_a_deleted_field_never_makes_a_broken_limit_ok_in_silence(path: tuple[Any, ...]) -> None:
    fresh = {v.limit: v for v in run(full(), *LIMITS).verdicts}
    result = run(spoilt(path), *LIMITS)
    evaluation(result, read_snapshot(spoilt(path)), POLICY)
    known = {gap.path for gap in read_snapshot(full()).gaps}
    for verdict in result.verdicts:
        before = fresh[verdict.limit]
        if verdict.severity < before.severity and verdict.severity is not Severity.UNKNOWN:
            assert {gap.path for gap in result.metrics.gaps} - known, (path, verdict, before)
