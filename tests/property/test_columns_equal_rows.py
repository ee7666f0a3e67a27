"""Figures of a whole symbol at once are those of its positions one by one, also when a position changes under them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.metrics import trade_risk
from guard.metrics.account import Context
from guard.metrics.compute import Metrics
from guard.model.snapshot_json import read_snapshot
from tests.books import NOON, account, deal, position, snapshot, symbol

NAMES = ("EURUSD", "USDCHF", "XAUUSD")
PRICES = {"EURUSD": 1.1, "USDCHF": 0.9, "XAUUSD": 2600.0}
KINDS: dict[str, dict[str, Any]] = {
    "EURUSD": {},
    "USDCHF": {"currency_base": "USD", "currency_profit": "CHF", "bid": 0.9, "ask": 0.9002},
    "XAUUSD": {
        "currency_base": "XAU", "currency_profit": "USD", "trade_contract_size": 100.0, "trade_calc_mode": 2,
        "trade_tick_size": 0.01, "trade_tick_value": 1.0, "trade_tick_value_loss": 1.0, "trade_tick_value_profit": 1.0,
        "bid": 2600.0, "ask": 2600.2, "path": "Metals\\XAUUSD",
    },
}  # fmt: skip


@st.composite
def held(draw: st.DrawFn) -> dict[str, Any]:
    name = draw(st.sampled_from(NAMES))
    price = PRICES[name]
    moved = st.floats(0.9, 1.1).map(lambda share: round(price * share, 5))
    return {
        "symbol": name, "side": draw(st.sampled_from(["buy", "sell"])), "lots": draw(st.integers(1, 300)) / 100.0,
        "price_open": draw(moved), "price_current": draw(moved), "sl": draw(moved),
        "swap": draw(st.integers(-500, 500)) / 100.0, "paid": draw(st.none() | st.integers(0, 900)),
        "before": draw(st.none() | st.floats(100.0, 50_000.0)),
    }  # fmt: skip


def metrics(rows: list[dict[str, Any]], equity: float) -> Metrics:
    positions, deals, before = [], [], {}
    for ticket, row in enumerate(rows, start=1):
        fields = {name: row[name] for name in ("symbol", "price_open", "price_current", "sl", "swap")}
        positions.append(position(ticket, row["lots"], row["side"], **fields))
        if row["paid"] is not None:
            paid = -row["paid"] / 100.0
            deals.append(deal(ticket, NOON, kind=0, position_id=ticket, commission=paid, symbol=row["symbol"]))
        if row["before"] is not None:
            before[ticket] = row["before"]
    document = snapshot(
        positions, account=account(equity=equity, margin=100.0), deals=deals,
        symbols={name: symbol(name, **KINDS[name]) for name in NAMES},
    )  # fmt: skip
    return Metrics(read_snapshot(document), Context(entry_equity=before))


@given(st.lists(held(), min_size=1, max_size=12), st.floats(500.0, 100_000.0))
def test_risk_exposure_and_volume_by_columns_are_those_by_rows(rows: list[dict[str, Any]], equity: float) -> None:
    whole, single = metrics(rows, equity), metrics(rows, equity)
    assert whole.all_stopped
    assert single.rows is not None
    assert whole.by_symbol is not None
    top = max(row.risk_pct for row in single.rows if row.risk_pct is not None)
    assert whole.top_risk_pct == pytest.approx(top, rel=1e-9, abs=1e-9)
    assert whole.open_risk == pytest.approx(trade_risk.open_risk(single.rows, None)[0], rel=1e-9, abs=1e-6)
    assert whole.notional_gross == pytest.approx(sum(row.notional or 0.0 for row in single.rows), rel=1e-9)
    assert whole.largest_volume == max(row["lots"] for row in rows)
    assert {gap.path for gap in whole.gaps} == {gap.path for gap in single.gaps}


@given(st.lists(held(), min_size=2, max_size=6), st.data())
def test_a_position_that_changes_is_not_taken_for_what_it_was(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    metrics(rows, 10_000.0).top_risk_pct  # noqa: B018 - what is kept now must not be used below
    changed = dict(rows[0])
    field = data.draw(st.sampled_from(["lots", "sl", "price_open", "swap", "side", "paid", "before"]))
    changed[field] = data.draw(held())[field]
    rows = [changed, *rows[1:]]
    whole, single = metrics(rows, 10_000.0), metrics(rows, 10_000.0)
    assert single.rows is not None
    top = max(row.risk_pct for row in single.rows if row.risk_pct is not None)
    assert whole.top_risk_pct == pytest.approx(top, rel=1e-9, abs=1e-9)
    assert whole.open_risk == pytest.approx(trade_risk.open_risk(single.rows, None)[0], rel=1e-9, abs=1e-6)
