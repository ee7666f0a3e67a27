"""Stops that actions set: the right side, far enough, never worse than the one that is there; the take-profit stays."""

from typing import Any

import pytest

from guard.actions.base import Ask, Plan
from guard.engine.plan import Desk
from guard.engine.policy import action_of
from guard.limits.base import ActionSpec, Scope
from guard.metrics.account import Context
from guard.metrics.compute import Metrics
from guard.model.snapshot_json import read_snapshot
from guard.model.state import State
from tests.books import account, position, snapshot, symbol

Dict = dict[str, Any]


def plan(held: list[Dict], action: Dict, *, state: State | None = None, spec: Dict | None = None, **more: Any) -> Plan:
    document = snapshot(held, symbols={"EURUSD": spec if spec is not None else symbol()}, account=account(margin=110.0))
    metrics = Metrics(read_snapshot(document), Context())
    hours = more.pop("hour_range", {"EURUSD": 0.0010})
    asked: Ask = Desk(metrics, state if state is not None else State(), ()).ask(Scope(), **more)
    object.__setattr__(asked, "hour_range", hours)
    return action_of(ActionSpec(**action)).plan(asked)


def stops(found: Plan) -> list[tuple[int, float | None, float | None]]:
    assert all(wish.kind == "set_stop" for wish in found.wishes)
    return [(wish.ticket, wish.sl, wish.tp) for wish in found.wishes]


BARE: Dict = {"sl": 0.0, "tp": 1.2}


def test_a_bare_position_gets_its_stop_and_keeps_its_take_profit() -> None:
    found = plan([position(1, 0.1, **BARE)], {"kind": "set_stop", "distance_pct": 1.0}, offending=(1,))
    assert stops(found) == [(1, 1.089, 1.2)]


def test_a_sold_position_gets_it_above_the_ask() -> None:
    found = plan([position(1, 0.1, "sell", sl=0.0)], {"kind": "set_stop"}, offending=(1,))
    assert stops(found) == [(1, 1.11121, 0.0)]  # 1.1002 and 1 % are 1.111202, on the tick away from the market


@pytest.mark.parametrize(
    "spec,hour,stop",
    [(symbol(), 0.0030, 1.097), (symbol(spread=0.002), 0.0010, 1.094), (symbol(trade_stops_level=500), 0.0010, 1.095)],
    ids=["hour", "spread", "level"],
)
def test_a_stop_is_never_nearer_than_the_level_three_spreads_and_the_hours_range(
    spec: Dict, hour: float, stop: float
) -> None:
    near = {"kind": "set_stop", "distance_pct": 0.01}
    found = plan([position(1, 0.1, sl=0.0)], near, spec=spec, hour_range={"EURUSD": hour}, offending=(1,))
    assert stops(found)[0][1] == stop


def test_without_the_hours_range_no_stop_is_set_and_the_reason_told() -> None:
    found = plan([position(1, 0.1, sl=0.0)], {"kind": "set_stop"}, offending=(1,), hour_range={})
    assert (found.wishes, found.why) == ((), "the range of EURUSD in the last hour is not known yet")


@pytest.mark.parametrize(
    "held,action,state",
    [
        ([position(1, 0.1, sl=0.0), position(2, 0.1, "sell", sl=0.0)], {}, State()),
        ([position(1, 0.1, sl=0.0)], {}, State(first_stops={1: 0.0})),
        ([position(1, 0.1, sl=0.0, magic=7)], {"not_magics": [7]}, State()),
        ([position(1, 0.1)], {}, State()),
        ([position(1, 0.1, sl=0.0, tp=None)], {}, State()),
    ],
    ids=["hedged", "found open", "excluded magic", "has one", "take-profit unknown"],
)
def test_where_no_stop_is_set(held: list[Dict], action: Dict, state: State) -> None:
    assert plan(held, {"kind": "set_stop", **action}, state=state).wishes == ()


def test_a_trailing_stop_follows_profit_and_never_goes_back() -> None:
    trail = {"kind": "trail_stop", "start_points": 300.0, "distance_points": 200.0}
    far = position(1, 0.1, price_open=1.0950, sl=1.09, tp=1.2)
    assert stops(plan([far], trail)) == [(1, 1.098, 1.2)]
    assert plan([{**far, "sl": 1.098}], trail).wishes == ()
    assert plan([{**far, "sl": 1.099}], trail).wishes == ()
    assert plan([{**far, "sl": 1.09781}], trail).wishes == ()
    assert stops(plan([{**far, "sl": 1.0978}], trail)) == [(1, 1.098, 1.2)]
    assert plan([{**far, "price_open": 1.0975}], trail).wishes == ()


def test_a_trailing_stop_of_a_sold_position_is_above_the_price() -> None:
    trail = {"kind": "trail_stop", "distance_points": 200.0}
    assert stops(plan([position(1, 0.1, "sell", price_open=1.11, sl=1.12)], trail)) == [(1, 1.1022, 0.0)]


def test_breakeven_moves_the_stop_to_the_opening_price_once() -> None:
    even = {"kind": "breakeven", "start_points": 300.0, "plus_points": 20.0}
    held = position(1, 0.1, price_open=1.0960, sl=1.09)
    assert stops(plan([held], even)) == [(1, 1.0962, 0.0)]
    assert plan([{**held, "sl": 1.0962}], even).wishes == ()
    assert plan([{**held, "price_open": 1.0980}], even).wishes == ()


def test_the_equity_trail_closes_everything_that_far_below_the_peak() -> None:
    trail = {"kind": "equity_trail", "distance_pct": 2.0}
    held = [position(1, 0.1)]
    assert plan(held, trail, peak=10_200.0).wishes == ()
    assert [wish.ticket for wish in plan(held, trail, peak=10_205.0).wishes] == [1]
    assert plan(held, trail).wishes == ()
