"""The worker times each call, and a module that lacks one is told so, not believed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

import fakes.metatrader5 as module
from fakes.broker import Broker
from guard.terminal.examine import examine, percentile
from guard.terminal.plain import ReadError

START = datetime(2026, 3, 3, 9, tzinfo=UTC)


@pytest.fixture
def broker() -> Iterator[Broker]:
    made = Broker(balance=10_000.0, start_utc=START).add_standard()
    module.attach(made)
    yield made
    module.detach()


def by_name(answers: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {call["call"]: call for call in answers["calls"]}


def test_every_reading_call_is_timed_and_counted(broker: Broker) -> None:
    broker.open("buy", "EURUSD", 0.1)
    answers = examine(module, "MetaTrader5", ["EURUSD"], START.timestamp())
    calls = by_name(answers)
    assert {
        "account_info",
        "positions_get",
        "symbol_info_tick",
        "history_deals_get",
        "order_calc_profit",
    } <= calls.keys()
    for call in calls.values():
        assert call["failed"] == 0
        assert 0.0 <= call["p50_ms"] <= call["p99_ms"] <= call["max_ms"]
    assert calls["account_info"]["count"] == 50
    assert answers["symbols_total"] == len(broker.specs)
    assert answers["deals"]["count"] == 2
    assert answers["deals"]["oldest_s"] < answers["deals"]["newest_s"]


@pytest.mark.usefixtures("broker")
def test_a_module_that_lacks_calls_says_which() -> None:
    poor = SimpleNamespace(
        account_info=module.account_info, terminal_info=module.terminal_info, positions_get=module.positions_get,
        last_error=module.last_error,
    )  # fmt: skip
    answers = examine(poor, "poor", [], START.timestamp())
    assert by_name(answers)["orders_get"]["failed"] == 50
    assert "no such function" in by_name(answers)["orders_get"]["why"]
    assert (answers["symbols_total"], answers["deals"], answers["package"], answers["terminal"]) == (None,) * 4


@pytest.mark.usefixtures("broker")
def test_a_link_that_breaks_meanwhile_ends_it() -> None:
    module.shutdown()
    with pytest.raises(ReadError) as caught:
        examine(module, "MetaTrader5", [], START.timestamp())
    assert caught.value.ipc


@pytest.mark.parametrize("pct, value", [(50.0, 2.0), (51.0, 3.0), (75.0, 3.0), (99.0, 4.0), (100.0, 4.0)])
def test_a_percentile_is_a_value_that_was_measured(pct: float, value: float) -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], pct) == value
