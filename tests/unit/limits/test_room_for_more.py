"""The most lots that fit: a kind that looks at times and results of positions judges the tried trade as well."""

import pytest

from guard.engine.report import evaluation
from guard.engine.step import step
from guard.model.snapshot_json import read_snapshot
from guard.model.state import State
from tests.books import Dict, account, limit, policy, position, snapshot

CAP = limit("position_volume", max=1.0)
LOSS = {"value": 500.0, "unit": "money"}
DAY = ["monday", "tuesday", "wednesday", "thursday", "friday"]


@pytest.mark.parametrize(
    "kind,fields",
    [("holding_time", {"max": 3600.0}), ("averaging_down", {"max": 1}), ("size_after_loss", {}), ("size_vs_usual", {}),
     ("trade_idea_risk", {"limit": LOSS}), ("symbol_loss", {"limit": LOSS}), ("market_close", {}),
     ("trading_hours", {"windows": [{"begin": "08:00", "end": "17:00", "days": DAY}]}),
     ("stop_widened", {}), ("trade_count", {"max": 9}), ("loss_streak", {"max": 3}), ("order_count", {"max": 9}),
     ("symbol_list", {"names": ["EURUSD"], "only": True}), ("spread", {"max": 99.0}), ("margin_change", {}),
     ("period_profit", {"limit": LOSS}), ("equity_floor", {"min": 100.0}), ("order_volume", {"max": 5.0}),
     ("account_leverage", {"max": 500}), ("request_budget", {})],
)  # fmt: skip
def test_a_calm_limit_does_not_bind(kind: str, fields: Dict) -> None:
    document = snapshot([position(lots=0.1)], account=account(1_000_000.0, margin=110.0))
    seen, rules = read_snapshot(document), policy(CAP, limit(kind, **fields))
    found = evaluation(step(seen, State(), rules), seen, rules)["symbols"]["EURUSD"]["max_additional_lots"]
    assert found["buy"] == {"lots": 1.0, "binds": "position_volume"}
