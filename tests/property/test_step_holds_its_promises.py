"""Whatever the terminal says: no exception, no NaN, nothing OK that is not known, and less equity is never better."""

import copy
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.engine.report import evaluation
from guard.limits.base import Limit
from guard.model.snapshot_json import read_snapshot
from guard.model.state import FirstSeen, Last, State
from guard.model.verdict import Severity
from tests.books import NOON, account, limit, policy, position, run, snapshot, symbol

LOSS = {"value": 5.0, "unit": "pct", "basis": "anchor"}
LIMITS: tuple[Limit, ...] = (
    limit("effective_leverage", max=10.0), limit("margin_level", min=150.0), limit("margin_usage", max=50.0),
    limit("stop_out_distance", min=30.0), limit("risk_per_trade", max=2.0), limit("open_risk", max=5.0),
    limit("missing_stop", max=180.0), limit("period_loss", limit=LOSS),
    limit("max_drawdown", limit=LOSS, anchor="first_seen"), limit("position_volume", max=1.0),
    limit("position_count", max=3), limit("symbol_exposure", max=500.0),
    limit("period_loss", id="equity day", limit=LOSS, anchor="equity@reset"),
    limit("max_drawdown", id="peak", limit=LOSS, anchor="peak_equity"),
)  # fmt: skip
numbers = st.floats(min_value=0.0, max_value=1e7)
SYMBOLS = {
    "EURUSD": symbol(),
    "USDJPY": symbol("USDJPY", 150.0, 0.02, digits=3, trade_tick_size=0.001, trade_tick_value=0.6667,
                     trade_tick_value_loss=0.6667, trade_tick_value_profit=0.6667),
    "XAUUSD": symbol("XAUUSD", 2600.0, 0.3, trade_contract_size=100.0, trade_tick_size=0.01),
}  # fmt: skip
PRICES = {"EURUSD": 1.1, "USDJPY": 150.0, "XAUUSD": 2600.0}


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    out = []
    for ticket in range(1, draw(st.integers(1, 5)) + 1):
        name = draw(st.sampled_from(sorted(PRICES)))
        price = PRICES[name]
        stop = draw(st.sampled_from([0.0, 0.98, 0.999, 1.001, 1.02]))
        out.append(
            position(ticket, draw(st.integers(1, 300)) / 100.0, draw(st.sampled_from(["buy", "sell"])), symbol=name,
                     price_open=price * draw(st.sampled_from([0.99, 1.0, 1.01])), price_current=price, sl=stop * price,
                     profit=draw(st.floats(-5000.0, 5000.0)))
        )  # fmt: skip
    return out


@given(held=rows(), high=st.floats(-5_000.0, 50_000.0), fall=st.floats(0.0, 60_000.0), margin=st.floats(0.0, 20_000.0))
def test_lower_equity_never_lowers_a_utilization(
    held: list[dict[str, Any]], high: float, fall: float, margin: float
) -> None:
    before = snapshot(held, account=account(equity=high, margin=margin), symbols=SYMBOLS)
    after = snapshot(held, account=account(equity=high - fall, margin=margin), symbols=SYMBOLS)
    seen = FirstSeen(NOON.isoformat(), 10_000.0, 10_000.0)
    last = Last(NOON.isoformat(), NOON.timestamp(), NOON.timestamp() - 1.79e9, "b", 10_000.0, high, 0.0)
    state = run(before, *LIMITS, state=State(first_seen=seen, last=last)).state
    for one, other in zip(
        run(before, *LIMITS, state=state).verdicts, run(after, *LIMITS, state=state).verdicts, strict=True
    ):
        if one.utilization_pct is not None and other.utilization_pct is not None:
            assert other.utilization_pct >= one.utilization_pct * (1.0 - 1e-9), (one, other)
        assert one.utilization_pct is None or other.utilization_pct is not None, (one, other)


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([]), st.just({}),
    st.just(float("nan")), st.just(float("inf")), st.just(0.0), st.just(-1.0),
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += places(inner, (*path, key))
    return found


FULL = snapshot(
    [position(1, 0.3), position(2, 0.2, "sell", sl=0.0), position(3, 0.1, symbol="USDJPY", price_open=150.0,
                                                                 price_current=150.0, sl=149.0)],
    symbols=SYMBOLS,
)  # fmt: skip
PLACES = [path for path in places(FULL) if path[0] not in {"format", "taken_at"} and path != ("account",)]


@given(changes=st.lists(st.tuples(st.sampled_from(PLACES), JUNK), min_size=1, max_size=3))
def test_any_junk_in_any_field_gives_a_document_without_nan(changes: list[tuple[tuple[Any, ...], object]]) -> None:
    document = copy.deepcopy(FULL)
    for path, junk in changes:
        place: Any = document
        try:
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = junk
        except (TypeError, KeyError, IndexError):
            continue
    seen = read_snapshot(document)
    result = run(document, *LIMITS)
    text = json.dumps(evaluation(result, seen, policy(*LIMITS)), allow_nan=False)
    assert "NaN" not in text
    for verdict in result.verdicts:
        assert verdict.sentence
        assert verdict.value is None or not math.isnan(verdict.value)
        if verdict.utilization_pct is None and verdict.severity is Severity.OK:
            raise AssertionError(verdict)


@given(equity=st.sampled_from([0.0, -0.01, -5_000.0, 1e-9]))
def test_equity_used_up_is_a_breach_of_everything_that_looks_at_it(equity: float) -> None:
    document = snapshot([position(1, 0.3)], account=account(equity=equity, margin=330.0))
    for verdict in run(document, *LIMITS[:4], LIMITS[11]).verdicts:
        assert verdict.severity is Severity.BREACH, verdict


@given(order=st.permutations([position(1, 0.3), position(2, 0.2, "sell"), position(3, 0.1, sl=0.0)]))
def test_the_order_of_positions_changes_nothing(order: list[dict[str, Any]]) -> None:
    first = run(snapshot([position(1, 0.3), position(2, 0.2, "sell"), position(3, 0.1, sl=0.0)]), *LIMITS)
    other = run(snapshot(list(order)), *LIMITS)
    for one, another in zip(first.verdicts, other.verdicts, strict=True):
        assert (one.limit, one.severity) == (another.limit, another.severity)
        assert one.utilization_pct == (
            None if another.utilization_pct is None else pytest.approx(another.utilization_pct, rel=1e-9)
        )


def test_a_zero_tick_value_or_no_symbol_data_is_never_an_exposure_of_zero() -> None:
    bare = symbol(trade_tick_value=0.0, trade_tick_value_loss=0.0, trade_tick_value_profit=0.0, trade_contract_size=0.0)
    for symbols in ({"EURUSD": bare}, {}):
        result = run(snapshot([position()], symbols=symbols), *LIMITS)
        by_kind = {verdict.kind: verdict for verdict in result.verdicts}
        assert by_kind["effective_leverage"].severity is Severity.UNKNOWN
        assert by_kind["open_risk"].value is None
        assert result.metrics.notional_gross is None
