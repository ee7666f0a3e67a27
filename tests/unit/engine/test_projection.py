"""The account after a plan, worked out by hand, and what may not be worse in it."""

from typing import Any

import pytest

from guard.actions.base import Wish
from guard.engine import projection
from guard.metrics.account import Context
from guard.metrics.compute import Metrics
from guard.model.snapshot_json import read_snapshot
from tests.books import account, limit, position, snapshot, symbol

Dict = dict[str, Any]


def metrics(held: list[Dict], **over: Any) -> Metrics:
    return Metrics(read_snapshot(snapshot(held, **over)), Context())


def close(ticket: int, lots: float | None = None) -> Wish:
    return Wish("close", ticket, "EURUSD", ticket, lots)


def test_half_a_close_turns_half_the_profit_into_balance_and_frees_half_the_margin() -> None:
    m = metrics([position(1, 1.0, profit=-200.0, swap=-10.0)], account=account(equity=9_790.0, margin=1100.0))
    after = projection.after(m, [close(1, 0.5)], {1: 7.0})
    assert after is not None
    a = after.account
    assert a.balance == pytest.approx(10_000.0 - 105.0 - 3.5)
    assert a.equity == pytest.approx(9_790.0 - 3.5)
    assert a.margin == pytest.approx(550.0)
    assert after.snapshot.positions is not None
    assert after.snapshot.positions[0].volume == pytest.approx(0.5)


def test_closing_all_leaves_a_flat_account_that_can_be_believed() -> None:
    m = metrics([position(1, 1.0, profit=-200.0)], account=account(equity=9_800.0, margin=1100.0))
    after = projection.after(m, [close(1)], {1: 7.0})
    assert after is not None
    assert (after.account.margin, after.blind, after.effective_leverage) == (0.0, "", 0.0)
    assert after.account.equity == pytest.approx(9_793.0)


def test_a_close_by_takes_the_same_lots_of_both_legs() -> None:
    m = metrics([position(1, 1.0), position(2, 0.4, "sell")], account=account(margin=660.0))
    after = projection.after(m, [Wish("close_by", 1, "EURUSD", 1, 0.4, 2)], {})
    assert after is not None
    left = after.snapshot.positions
    assert left is not None
    assert (len(left), left[0].ticket) == (1, 1)
    assert left[0].volume == pytest.approx(0.6)
    assert after.account.margin == pytest.approx(660.0)


@pytest.mark.parametrize(
    "over,margin",
    [({"margin_hedged": 0.0}, 1100.0), ({"margin_hedged": 100_000.0}, 1100.0),
     ({"margin_hedged": 50_000.0}, 1100.0)],
)  # fmt: skip
def test_closing_one_leg_changes_margin_by_the_symbols_rule_for_pairs(over: Dict, margin: float) -> None:
    # One bought, one sold: a pair is charged with margin_hedged; the lot left alone is charged in full.
    share = over["margin_hedged"] / 100_000.0
    charged = 1100.0 * share
    m = metrics([position(1, 1.0), position(2, 1.0, "sell")], symbols={"EURUSD": symbol(**over)},
                account=account(margin=charged))  # fmt: skip
    after = projection.after(m, [close(1)], {})
    assert after is not None
    assert after.account.margin == pytest.approx(margin)
    assert "net exposure in EURUSD would grow to 1 lots" in projection.worse(m, after, [])[0]


def test_the_larger_leg_is_charged_where_the_symbol_says_so() -> None:
    m = metrics([position(1, 1.0), position(2, 0.4, "sell")], account=account(margin=1100.0),
                symbols={"EURUSD": symbol(margin_hedged_use_leg=True)})  # fmt: skip
    after = projection.after(m, [Wish("close_by", 1, "EURUSD", 1, 0.4, 2)], {})
    assert after is not None
    assert after.account.margin == pytest.approx(660.0)


def test_what_is_not_known_of_a_position_cannot_be_projected() -> None:
    m = metrics([position(1, 1.0, profit=None)], account=account(margin=1100.0))
    assert projection.after(m, [close(1)], {}) is None
    assert projection.after(m, [close(2)], {}) is None


def test_a_margin_limit_may_not_end_worse_a_loss_limit_may() -> None:
    held = [position(1, 1.0), position(2, 0.9, "sell")]
    m = metrics(held, account=account(margin=110.0))
    after = projection.after(m, [close(2)], {})
    assert after is not None
    level = limit("margin_level", min=150.0)
    loss = limit("period_loss", limit={"value": 5.0, "unit": "pct", "basis": "anchor"})
    said = projection.worse(m, after, [level, loss])
    assert any(text.startswith("margin_level") for text in said)
    assert any(text.startswith("margin would grow from 110.00 to 1,100.00") for text in said)
    assert not any(text.startswith("period_loss") for text in said)


def test_stop_out_is_near_within_a_fifth_of_equity_and_never_by_an_assumed_level() -> None:
    near = metrics([position(1, 1.0)], account=account(margin=17_000.0))
    assert projection.stop_out_near(near)
    assert not projection.stop_out_near(metrics([position(1, 1.0)], account=account(margin=15_000.0)))
    assumed = account(margin=17_000.0, margin_so_so=0.0, margin_so_call=0.0)
    assert not projection.stop_out_near(metrics([position(1, 1.0)], account=assumed))
