"""The largest volume that leaves every limit unbroken: checked by trying one step less and one step more."""

from typing import Any

import pytest

from guard.engine.whatif import binding_limit, max_additional_lots, with_position
from guard.limits.base import Limit
from guard.model.snapshot_json import read_snapshot
from tests.books import account, limit, policy, position, run, snapshot, symbol


def room(document: dict[str, Any], *limits: Limit) -> dict[str, Any]:
    seen, result = read_snapshot(document), run(document, *limits)
    assert result.metrics.by_symbol is not None
    return max_additional_lots(seen, result, policy(*limits), result.metrics.by_symbol["EURUSD"])


def test_a_leverage_cap_leaves_room_by_hand() -> None:
    # 10 x 10,000 is 100,000; one lot is 110,010: 0.90 lots fit, 0.1 of them are held.
    found = room(snapshot([position(1, 0.1)]), limit("effective_leverage", max=10.0))
    assert found == {"buy": {"lots": 0.8, "binds": "effective_leverage"}, "sell": {"lots": 0.8, "binds":
                                                                                   "effective_leverage"}}  # fmt: skip


def test_a_net_cap_leaves_more_room_on_the_other_side() -> None:
    found = room(snapshot([position(1, 0.1)]), limit("effective_leverage", max=10.0, measure="net"))
    assert (found["buy"]["lots"], found["sell"]["lots"]) == (0.8, 1.0)


def test_nothing_fits_when_a_limit_is_broken_or_full() -> None:
    assert room(snapshot([position(1, 1.0)]), limit("effective_leverage", max=10.0))["buy"]["lots"] == 0.0
    full = room(snapshot([position(1)]), limit("position_count", max=1))
    assert full["buy"] == {"lots": 0.0, "binds": "position_count"}


def test_what_cannot_be_told_is_none() -> None:
    silent = symbol(trade_contract_size=0.0, trade_tick_value=0.0, trade_tick_value_loss=0.0)
    found = room(snapshot([position(1)], symbols={"EURUSD": silent}), limit("position_count", max=5))
    assert found["buy"]["lots"] is None
    no_step = room(snapshot([position(1)], symbols={"EURUSD": symbol(volume_step=None)}))
    assert no_step["buy"]["lots"] is None
    assert room(snapshot([position(1)]), limit("position_count", max=5))["buy"] == {
        "lots": None, "binds": "no limit binds",
    }  # fmt: skip


@pytest.mark.parametrize("side,word", [(1, "buy"), (-1, "sell")])
def test_one_step_more_breaks_and_the_answer_itself_does_not(side: int, word: str) -> None:
    limits = (limit("effective_leverage", max=20.0), limit("margin_level", min=250.0),
              limit("stop_out_distance", min=30.0), limit("position_volume", max=3.0))  # fmt: skip
    document = snapshot([position(1, 0.3)], account=account(margin=500.0))
    seen, result = read_snapshot(document), run(document, *limits)
    assert result.metrics.by_symbol is not None
    entry = result.metrics.by_symbol["EURUSD"]
    lots = room(document, *limits)[word]["lots"]
    inside = with_position(seen, result.metrics, entry, side, lots)
    outside = with_position(seen, result.metrics, entry, side, lots + 0.01)
    assert inside is not None
    assert outside is not None
    assert binding_limit(inside, result.metrics, policy(*limits)) is None
    assert binding_limit(outside, result.metrics, policy(*limits)) == room(document, *limits)[word]["binds"]


@pytest.mark.parametrize("leverage", [None, 0])
def test_without_margin_in_use_and_without_a_leverage_no_room_is_told(leverage: int | None) -> None:
    hedged = [position(1, 0.1), position(2, 0.1, "sell")]
    document = snapshot(hedged, account=account(margin=0.0, leverage=leverage))
    found = room(document, limit("margin_usage", max=50.0), limit("effective_leverage", max=10.0))
    assert [found[side]["lots"] for side in ("buy", "sell")] == [None, None]


def test_a_calculation_mode_nobody_knows_is_estimated_by_what_is_charged_instead_of_failing() -> None:
    document = snapshot([position(1, 0.1)], symbols={"EURUSD": symbol(trade_calc_mode=6)})
    found = room(document, limit("margin_usage", max=50.0))
    assert [found[side]["binds"] for side in ("buy", "sell")] == ["margin_usage", "margin_usage"]
