"""Junk in any field of any section, cycle after cycle: no exception, no NaN, nothing OK that was not seen."""

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from guard.engine.report import evaluation
from guard.engine.step import CycleResult, step
from guard.model.errors import InputError
from guard.model.snapshot_json import read_snapshot
from guard.model.state import State
from guard.model.state_json import state_from_json, state_to_json
from guard.model.verdict import Severity
from tests.books import NOON, Dict, deal, later, limit, policy, position, run, snapshot, symbol

LOSS = {"value": 5.0, "unit": "pct", "basis": "anchor"}
POLICY = policy(
    limit("effective_leverage", max=10.0), limit("effective_leverage", id="net", max=10.0, measure="net"),
    limit("margin_level", min=150.0), limit("margin_usage", max=50.0), limit("stop_out_distance", min=30.0),
    limit("risk_per_trade", max=2.0), limit("open_risk", max=5.0), limit("missing_stop", max=180.0),
    limit("period_loss", limit=LOSS), limit("period_loss", id="e", limit=LOSS, anchor="max(balance,equity)@reset"),
    limit("max_drawdown", limit=LOSS, anchor="first_seen"),
    limit("max_drawdown", id="p", limit=LOSS, anchor="peak_equity", flows="scale"),
    limit("position_volume", max=1.0), limit("position_count", max=3),
    limit("symbol_exposure", max=500.0, scope={"sides": ["buy"]}, for_s=1.0, cooldown_s=1.0),
    gap_beyond_stop_pct=0.5,
)  # fmt: skip
ORDER = {"ticket": 50, "symbol": "EURUSD", "type": 2, "volume_current": 0.2, "price_open": 1.09, "price_stoplimit": 0.0,
         "price_current": 1.1, "sl": 1.08, "tp": 0.0, "magic": 0, "position_id": 0, "comment": ""}  # fmt: skip
ASKED = {"call": "order_calc_profit", "args": [0, "EURUSD", 1.0, 1.1, 1.2], "result": 10_000.0}
YEN = {"digits": 3, "trade_tick_size": 0.001, "trade_tick_value": 0.667, "trade_tick_value_loss": 0.667}
FULL = snapshot(
    [position(1, 0.3, profit=-20.0), position(2, 0.2, "sell", sl=0.0), position(3, 0.2, sl=0.0, tp=0.0),
     position(4, 0.1, symbol="USDJPY", price_open=150.0, price_current=150.2, sl=149.0)],
    symbols={"EURUSD": symbol(), "USDJPY": symbol("USDJPY", 150.0, 0.02, **YEN)},
    orders=[ORDER, {**ORDER, "ticket": 51, "type": 5, "symbol": "USDJPY", "price_open": 148.0, "volume_current": 0.1}],
    deals=[deal(1, NOON.replace(hour=1), profit=-50.0, kind=1, entry=1), deal(2, NOON.replace(hour=2), profit=500.0)],
    asked=[ASKED],
)  # fmt: skip
NUMBERS = st.floats() | st.integers() | st.sampled_from(
    [0.0, -0.0, -1.0, 1e-300, -1e-300, 5e-324, 1e18, -1e18, 1e308, 10**30, 1.1, 2**63, float("nan"), float("inf")]
)  # fmt: skip
JUNK = NUMBERS | st.none() | st.booleans() | st.text(max_size=4) | st.sampled_from(
    [[], {}, [1], [[]], [None], {"ticket": 1}, [{"ticket": 1}], "EURUSD", "USD", "2026-11-20T12:00:00+00:00"]
)  # fmt: skip
MONEY = NUMBERS.filter(lambda value: value == value)  # noqa: PLR0124 - only NaN differs from itself


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [inner for key, part in items for inner in places(part, (*path, key))]


PLACES = [path for path in places(FULL) if path[0] not in {"format", "taken_at"} and path != ("account",)]
NUMERIC = [path for path in PLACES if isinstance(path[-1], str) and path[0] in {"account", "positions", "symbols"}]


def put(document: Dict, path: tuple[Any, ...], junk: object) -> None:
    place: Any = document
    try:
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = copy.deepcopy(junk)
    except (TypeError, KeyError, IndexError):
        return


def cycle(document: Dict, state: State) -> CycleResult:
    seen = read_snapshot(document)
    result = step(seen, state, POLICY)
    text = json.dumps(evaluation(result, seen, POLICY), allow_nan=False)
    assert '"verdicts"' in text
    for verdict in result.verdicts:
        assert verdict.sentence
        assert "nan" not in verdict.sentence.lower().split()
        if verdict.severity is Severity.OK:
            assert verdict.utilization_pct is not None, verdict
    stored = json.loads(json.dumps(state_to_json(result.state), allow_nan=False))
    assert state_from_json(stored) == result.state
    return result


@given(steps=st.lists(st.lists(st.tuples(st.sampled_from(PLACES), JUNK), max_size=3), min_size=1, max_size=3))
def test_any_junk_anywhere(steps: list[list[tuple[tuple[Any, ...], object]]]) -> None:
    state = State()
    for number, changes in enumerate(steps):
        document = later(copy.deepcopy(FULL), float(number))
        for path, junk in changes:
            put(document, path, junk)
        state = cycle(document, state).state


@given(changes=st.lists(st.tuples(st.sampled_from(NUMERIC), MONEY), min_size=1, max_size=6))
def test_any_numbers_in_prices_volumes_and_money(changes: list[tuple[tuple[Any, ...], object]]) -> None:
    document = copy.deepcopy(FULL)
    for path, number in changes:
        put(document, path, number)
    cycle(document, State())


@given(state=st.recursive(JUNK, lambda inner: st.dictionaries(st.sampled_from(
    ["anchors", "timers", "last", "first_seen", "entry_equity", "locks", "1", "day|UTC|00:00", "at", "balance"]), inner,
    max_size=4), max_leaves=8))  # fmt: skip
def test_any_state_is_read_or_refused_in_one_sentence(state: object) -> None:
    refused = ""
    read = State()
    try:
        read = state_from_json(state)
    except InputError as error:
        refused = str(error)
    assert "\n" not in refused
    assert not refused or refused.startswith("state")
    cycle(copy.deepcopy(FULL), read)


@given(
    path=st.sampled_from([path for path in PLACES if len(path) > 1]),
    junk=st.sampled_from([None, "x", [], float("nan")]),
)
def test_a_breach_that_stands_is_never_cleared_by_junk(path: tuple[Any, ...], junk: object) -> None:
    heavy = copy.deepcopy(FULL)
    heavy["positions"][0]["volume"] = 3.0
    heavy["account"].update(equity=9_000.0, margin=8_000.0, margin_level=112.5)
    first = run(heavy, *POLICY.limits)
    spoilt = later(copy.deepcopy(heavy), 1.0)
    put(spoilt, path, junk)
    second = cycle(spoilt, first.state)
    for before, after in zip(first.verdicts, second.verdicts, strict=True):
        if before.severity is Severity.BREACH and after.severity is not Severity.BREACH:
            # Only where the field itself decides who is looked at (side, kind, ticket) may a limit see less.
            assert path[-1] in {"identifier", "time_msc", "type", "symbol"}, (path, before, after)
