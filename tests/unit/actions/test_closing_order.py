"""Flatten, close_offending and reduce on books whose right answer was worked out by hand."""

from typing import Any

import pytest

from guard.actions._volumes import close_lots, on_step
from guard.actions.base import Ask, Plan, Wish
from guard.actions.flatten import Flatten
from guard.engine.acting import exit_commission
from guard.engine.plan import Desk
from guard.engine.policy import action_of
from guard.limits.base import ActionSpec, Limit, Scope
from guard.metrics.account import Context
from guard.metrics.compute import Metrics
from guard.model.snapshot_json import read_snapshot
from guard.model.state import State
from tests.books import NOON, account, deal, limit, position, snapshot, symbol

Dict = dict[str, Any]


def desk(
    positions: list[Dict], orders: list[Dict] | None = None, *, limits: tuple[Limit, ...] = (), **over: Any
) -> Desk:
    document = snapshot(positions, orders=orders if orders is not None else [], **over)
    return Desk(Metrics(read_snapshot(document), Context()), State(), limits)


def pending(ticket: int, kind: int, lots: float, price: float, name: str = "EURUSD") -> Dict:
    return {"ticket": ticket, "symbol": name, "type": kind, "volume_current": lots, "price_open": price, "sl": 0.0,
            "tp": 0.0, "magic": 0, "price_current": 1.1, "price_stoplimit": 0.0, "position_id": 0,
            "comment": ""}  # fmt: skip


def short(wishes: tuple[Wish, ...]) -> list[tuple[Any, ...]]:
    return [(wish.kind, wish.ticket, *((wish.lots,) if wish.lots is not None else ()), *((wish.by,) if wish.by else ()))
            for wish in wishes]  # fmt: skip


def plan(where: Desk, rule: Limit, action: str | Dict, **more: Any) -> Plan:
    item = action if isinstance(action, str) else ActionSpec(**action)
    reading = rule.evaluate(where.m)
    given: Dict = {
        "offending": reading.offending,
        "used": reading.utilization_pct,
        "used_after": where.used_after(rule),
    }
    asked: Ask = where.ask(rule.scope, more.pop("stage_pct", 100.0), **{**given, **more})
    return action_of(item).plan(asked)


LEVERAGE = {"max": 10.0}


def test_flatten_closes_pairs_first_and_then_the_largest_net_exposure() -> None:
    two = {"EURUSD": symbol(), "GBPUSD": symbol("GBPUSD", 1.3)}
    where = desk(
        [position(1, 0.2), position(2, 0.2, "sell"), position(3, 0.1), position(4, 0.5, symbol="GBPUSD",
         price_open=1.3, price_current=1.3)], symbols=two,
    )  # fmt: skip
    found = Flatten().plan(where.ask(Scope()))
    assert short(found.wishes) == [("close_by", 1, 0.2, 2), ("close", 4, 0.5), ("close", 3, 0.1)]


def test_flatten_deletes_pendings_near_the_market_first_and_protective_ones_last() -> None:
    orders = [pending(11, 2, 0.1, 1.0), pending(12, 4, 0.1, 1.101), pending(13, 5, 0.2, 1.09)]
    found = Flatten().plan(desk([position(1, 0.2)], orders).ask(Scope()))
    assert short(found.wishes) == [("cancel", 12), ("close", 1, 0.2), ("cancel", 11), ("cancel", 13)]


def test_without_close_by_the_legs_alternate_and_the_smallest_goes_first() -> None:
    none = {"EURUSD": symbol(order_mode=63)}
    held = [position(1, 0.5), position(2, 0.3, "sell"), position(3, 0.2, "sell")]
    found = Flatten().plan(desk(held, symbols=none).ask(Scope()))
    # Flat: the smallest (0.2 sold) first, which leaves 0.2 bought uncovered; the buy of 0.5 is more than that, but the
    # only one there is; then what is left of the sells.
    assert short(found.wishes) == [("close", 3, 0.2), ("close", 1, 0.5), ("close", 2, 0.3)]


def test_a_close_by_that_was_refused_is_not_asked_for_again() -> None:
    where = desk([position(1, 0.2), position(2, 0.2, "sell")])
    found = Flatten().plan(where.ask(Scope()))
    assert short(found.wishes) == [("close_by", 1, 0.2, 2)]
    asked = where.ask(Scope())
    object.__setattr__(asked, "no_close_by", frozenset({1}))
    assert short(Flatten().plan(asked).wishes) == [("close", 1, 0.2), ("close", 2, 0.2)]


def test_a_netting_account_has_no_pairs_to_close_by() -> None:
    found = Flatten().plan(desk([position(1, 0.2)], account=account(margin=220.0, margin_mode=0)).ask(Scope()))
    assert short(found.wishes) == [("close", 1, 0.2)]


def test_fifo_closes_the_oldest_of_a_symbol_first() -> None:
    held = [position(2, 0.1), position(1, 0.3)]
    held[0]["time"], held[0]["time_msc"] = held[0]["time"] - 600, held[0]["time_msc"] - 600_000
    book = account(margin=440.0, fifo_close=True)
    found = Flatten().plan(desk(held, account=book).ask(Scope()))
    assert short(found.wishes) == [("close", 2, 0.1), ("close", 1, 0.3)]


def test_reduce_closes_the_least_that_reaches_its_target() -> None:
    # 1.21 lots are 133,100 on 10,000: 13.31 times. 95 % of 10 are 9.5 times: 95,000, which is 0.8636 lots, so 0.35 go.
    rule = limit("effective_leverage", **LEVERAGE)
    where = desk([position(1, 1.21)], account=account(margin=1331.0))
    assert short(plan(where, rule, "reduce").wishes) == [("close", 1, 0.35)]
    assert short(plan(where, rule, {"kind": "reduce", "target_pct": 50.0}).wishes) == [("close", 1, 0.76)]


def test_reduce_takes_the_cheapest_first_and_goes_on_with_the_next() -> None:
    deals = [deal(1, NOON, kind=0, position_id=1, commission=-7.0, volume=1.0, symbol="EURUSD"),
             deal(2, NOON, kind=0, position_id=2, commission=-1.0, volume=1.0, symbol="EURUSD")]  # fmt: skip
    where = desk([position(1, 1.0), position(2, 1.0)], account=account(margin=2200.0), deals=deals)
    assert exit_commission(where.m) == {1: 7.0, 2: 1.0}
    # 2.0 lots are 22 times; 95 % of 10 are 0.86 lots: all of the cheap one, 0.14 of the dear one.
    assert short(plan(where, limit("effective_leverage", **LEVERAGE), "reduce").wishes) == [
        ("close", 2, 1.0), ("close", 1, 0.14)]  # fmt: skip


@pytest.mark.parametrize(
    "order,first",
    [("oldest", 1), ("newest", 3), ("largest_loss", 2), ("losers", 2), ("winners", 3), ("largest_notional", 1),
     ("largest_margin", 1)],
)  # fmt: skip
def test_reduce_takes_its_positions_in_the_order_asked(order: str, first: int) -> None:
    held = [position(1, 0.9), position(2, 0.6, profit=-300.0), position(3, 0.6, profit=200.0)]
    for age, row in zip((300, 200, 100), held, strict=True):
        row["time"], row["time_msc"] = row["time"] - age, row["time_msc"] - age * 1000
    where = desk(held, account=account(equity=9_900.0, margin=2310.0))
    rule = limit("effective_leverage", **LEVERAGE)
    assert plan(where, rule, {"kind": "reduce", "order": order}).wishes[0].ticket == first


def test_reduce_takes_the_uncovered_volume_of_the_larger_leg_only_for_net_limits() -> None:
    # 1.5 bought, 0.3 sold: 1.2 net are 13.2 times. 9.5 times are 0.8636 lots: 0.34 of the larger leg go.
    rule = limit("effective_leverage", measure="net", **LEVERAGE)
    where = desk([position(1, 1.5), position(2, 0.3, "sell")], account=account(margin=1320.0))
    assert short(plan(where, rule, "reduce").wishes) == [("close", 1, 0.34)]


def test_reduce_of_a_gross_limit_goes_on_with_pairs_by_close_by() -> None:
    # 0.6 bought and 0.6 sold: 13.2 times gross, nothing uncovered: one close-by of both legs.
    rule = limit("effective_leverage", **LEVERAGE)
    where = desk([position(1, 0.6), position(2, 0.6, "sell")], account=account(margin=0.0))
    assert short(plan(where, rule, "reduce").wishes) == [("close_by", 1, 0.6, 2)]


def test_reduce_never_closes_the_last_position_of_the_smallest_volume() -> None:
    rule = limit("effective_leverage", **LEVERAGE)
    where = desk([position(1, 0.01)], account=account(100.0, margin=11.0))
    assert rule.evaluate(where.m).utilization_pct == pytest.approx(110.0, abs=0.1)
    found = plan(where, rule, "reduce")
    assert found.wishes == ()
    assert "last position of the smallest volume" in found.why


def test_a_robots_positions_are_closed_together_unless_single_legs_are_allowed() -> None:
    rule = limit("position_volume", max=0.5)
    held = [position(1, 0.6, magic=7), position(2, 0.1, magic=7), position(3, 0.1)]
    where = desk(held, account=account(margin=880.0))
    assert short(plan(where, rule, "close_offending").wishes) == [("close", 1, 0.6), ("close", 2, 0.1)]
    single = {"kind": "close_offending", "single_legs": True}
    assert short(plan(where, rule, single).wishes) == [("close", 1, 0.6)]


def test_an_amount_that_cannot_be_told_closes_nothing() -> None:
    rule = limit("effective_leverage", **LEVERAGE)
    where = desk([position(1, 1.21)], account=account(margin=1331.0))
    found = plan(where, rule, "reduce", used=None)
    assert (found.wishes, "unknown" in found.why) == ((), True)


@pytest.mark.parametrize(
    "held,wanted,closed",
    [(1.0, 0.333, 0.34), (1.0, 1.0, 1.0), (0.02, 0.011, 0.02), (1.0, 0.001, 0.01), (0.3, 0.3, 0.3),
     (150.0, 150.0, 100.0), (100.005, 100.005, 99.99)],
)  # fmt: skip
def test_a_close_is_on_the_step_and_leaves_no_rest_that_could_not_be_held(
    held: float, wanted: float, closed: float
) -> None:
    row = read_snapshot(snapshot([position(1, held)])).positions
    assert row is not None
    spec = read_snapshot(snapshot()).symbols["EURUSD"]
    assert close_lots(row[0], spec, wanted) == closed


def test_steps_are_counted_in_decimals_not_in_binary() -> None:
    assert on_step(0.3, 0.1, up=False) == 0.3
    assert on_step(0.1 + 0.2, 0.1, up=True) == 0.3
    assert on_step(0.7000001, 0.1, up=False) == 0.7
    assert on_step(5.5, 1.0, up=False) == 5.0


def test_where_the_oldest_must_be_closed_first_no_pair_is_closed_by_each_other() -> None:
    held = [position(1, 0.2), position(2, 0.2, "sell")]
    found = Flatten().plan(desk(held, account=account(margin=0.0, fifo_close=True)).ask(Scope()))
    assert [wish[:2] for wish in short(found.wishes)] == [("close", 1), ("close", 2)]


def test_reduce_leaves_alone_what_the_limit_does_not_name() -> None:
    two = {"EURUSD": symbol(), "GBPUSD": symbol("GBPUSD", 1.3)}
    held = [position(1, 0.2), position(2, 0.4, symbol="GBPUSD", price_open=1.3, price_current=1.3)]
    where = desk(held, symbols=two)
    volume = plan(where, limit("position_volume", max=0.25), "reduce")
    exposure = plan(where, limit("symbol_exposure", max=400.0), "reduce")
    assert [wish.ticket for wish in (*volume.wishes, *exposure.wishes)] == [2, 2]
