"""Pending orders: when they fill and at what price, how long they live, what rejects them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fakes.dealer import Dealer
from fakes.ledger import CANCELED, EXPIRED, FILLED, PLACED
from tests.desk import START, ask, buy, desk, euro

BUY_LIMIT, SELL_LIMIT, BUY_STOP, SELL_STOP, BUY_STOP_LIMIT, SELL_STOP_LIMIT = range(2, 8)


@pytest.mark.parametrize(
    "order_type,price,before,reached,filled_at",
    [
        (BUY_LIMIT, 1.0800, 1.07993, 1.07992, 1.0800),  # by the ask, 8 points above the bid
        (SELL_LIMIT, 1.0900, 1.08999, 1.09000, 1.0900),  # by the bid
        (BUY_STOP, 1.0900, 1.08991, 1.08992, 1.0900),
        (SELL_STOP, 1.0800, 1.08001, 1.08000, 1.0800),
    ],
)
def test_each_kind_fills_when_its_side_of_the_quote_reaches_its_price(
    order_type: int, price: float, before: float, reached: float, filled_at: float
) -> None:
    made = desk()
    ticket = ask(made, action=5, type=order_type, price=price, magic=5, comment="plan")["order"]
    made.set_price("EURUSD", before)
    assert (len(made.orders), made.positions) == (1, [])
    made.set_price("EURUSD", reached)
    (held,) = made.positions
    assert (held.ticket, held.price_open, held.magic, held.comment, held.reason) == (ticket, filled_at, 5, "plan", 3)
    assert held.side == (1 if order_type % 2 == 0 else -1)
    order = made.history[-1]
    assert (order.state, order.type, order.position_id) == (FILLED, order_type, ticket)


@pytest.mark.parametrize(
    "order_type,price,gap,filled_at",
    [(BUY_LIMIT, 1.08, 1.0750, 1.07508), (SELL_LIMIT, 1.09, 1.0950, 1.0950), (BUY_STOP, 1.09, 1.0950, 1.09508),
     (SELL_STOP, 1.08, 1.0750, 1.0750)],
)  # fmt: skip
def test_a_gap_fills_limits_better_and_stops_worse(order_type: int, price: float, gap: float, filled_at: float) -> None:
    made = desk()
    ask(made, action=5, type=order_type, price=price)
    made.set_price("EURUSD", gap)
    assert made.positions[0].price_open == filled_at


def test_slippage_makes_stops_worse_and_leaves_limits_alone() -> None:
    made = desk(dealer=Dealer(seed=1, slippage=20))
    ask(made, action=5, type=BUY_STOP, price=1.09)
    ask(made, action=5, type=SELL_LIMIT, price=1.09)
    made.set_price("EURUSD", 1.09)
    short, long = sorted(made.positions, key=lambda position: position.side)
    assert short.price_open == 1.09
    assert 1.09008 < long.price_open <= 1.09028


def test_a_stop_limit_becomes_a_limit_at_its_stop_and_then_fills() -> None:
    made = desk()
    ticket = ask(made, action=5, type=BUY_STOP_LIMIT, price=1.0900, stoplimit=1.0890)["order"]
    made.set_price("EURUSD", 1.0889)  # under the limit, but the stop was never reached
    assert not made.positions
    made.set_price("EURUSD", 1.0900)
    (order,) = made.orders
    assert (order.ticket, order.type, order.price, order.state) == (ticket, BUY_LIMIT, 1.0890, PLACED)
    made.set_price("EURUSD", 1.0888)
    assert made.positions[0].price_open == 1.08888


@pytest.mark.parametrize(
    "order_type,price,stoplimit,code",
    [
        (BUY_LIMIT, 1.08408, 0.0, 10009), (BUY_LIMIT, 1.08409, 0.0, 10016),  # 50 points from the ask
        (SELL_LIMIT, 1.08500, 0.0, 10009), (SELL_LIMIT, 1.08499, 0.0, 10016),  # and from the bid
        (BUY_STOP, 1.08508, 0.0, 10009), (BUY_STOP, 1.08507, 0.0, 10016),
        (BUY_STOP_LIMIT, 1.09, 1.0895, 10009), (BUY_STOP_LIMIT, 1.09, 1.08951, 10016),
    ],
)  # fmt: skip
def test_the_stops_level_counts_from_the_market_and_between_stop_and_limit(
    order_type: int, price: float, stoplimit: float, code: int
) -> None:
    made = desk(euro(stops_level=50))
    assert ask(made, action=5, type=order_type, price=price, stoplimit=stoplimit)["retcode"] == code


def test_a_sell_stop_limit_does_the_same_downwards() -> None:
    made = desk()
    ask(made, action=5, type=SELL_STOP_LIMIT, price=1.0800, stoplimit=1.0810)
    made.set_price("EURUSD", 1.0799)
    assert made.orders[0].type == SELL_LIMIT
    made.set_price("EURUSD", 1.0811)
    assert made.positions[0].price_open == 1.0811


def test_what_a_gap_opens_beyond_its_own_stop_is_stopped_at_once() -> None:
    made = desk()
    ask(made, action=5, type=BUY_LIMIT, price=1.08, sl=1.0780)
    made.set_price("EURUSD", 1.07)
    assert not made.positions
    assert [(d.entry, d.reason, d.price) for d in made.deals[-2:]] == [(0, 3, 1.07008), (1, 4, 1.07)]


def test_a_change_changes_everything_at_once_and_what_is_left_out_becomes_zero() -> None:
    made = desk()
    ticket = ask(made, action=5, type=BUY_LIMIT, price=1.08, sl=1.07, tp=1.09)["order"]
    assert ask(made, action=7, order=ticket, price=1.0810, sl=1.0750)["retcode"] == 10009
    (order,) = made.orders
    assert (order.price, order.sl, order.tp, order.volume) == (1.0810, 1.0750, 0.0, 0.1)


SERVER_MIDNIGHT = int(datetime(2026, 3, 4, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    "type_time,expiration,lives_until",
    [
        (1, 0, SERVER_MIDNIGHT),  # the day's end
        (2, SERVER_MIDNIGHT + 3_600, SERVER_MIDNIGHT + 3_600),
        (3, SERVER_MIDNIGHT + 3_600, SERVER_MIDNIGHT + 86_400),  # the end of the day named
    ],
)
def test_orders_end_on_the_servers_clock(type_time: int, expiration: int, lives_until: int) -> None:
    made = desk()
    result = ask(made, action=5, type=BUY_LIMIT, price=1.08, type_time=type_time, expiration=expiration)
    assert result["retcode"] == 10009
    made.advance(lives_until - made.server_now_s - 1)
    assert made.orders
    made.advance(1)
    assert (made.orders, made.history[-1].state, made.history[-1].done_msc) == ([], EXPIRED, lives_until * 1000)


def test_good_till_cancelled_orders_stay() -> None:
    made = desk()
    ask(made, action=5, type=BUY_LIMIT, price=1.08)
    made.advance(60 * 86_400)
    assert made.orders


@pytest.mark.parametrize("mode,orders,stop", [(0, 1, 1.08), (1, 0, 0.0), (2, 0, 1.08)])
def test_a_symbol_may_drop_orders_and_stops_at_the_end_of_the_day(mode: int, orders: int, stop: float) -> None:
    made = desk(euro(order_gtc_mode=mode))
    buy(made, sl=1.08)
    ask(made, action=5, type=BUY_LIMIT, price=1.08)
    made.advance(86_400)
    assert (len(made.orders), made.positions[0].sl) == (orders, stop)


def test_an_order_the_account_cannot_carry_when_its_price_comes_is_cancelled_and_said_so() -> None:
    made = desk()
    ask(made, action=5, type=BUY_LIMIT, price=1.08, volume=20.0)
    made.set_price("EURUSD", 1.0799)
    assert (made.positions, made.orders, made.history[-1].state) == ([], [], CANCELED)
    assert "10041" in made.events[-1].text
    assert made.events[-1].kind == "reject"


def test_a_pending_order_of_a_side_that_is_no_longer_allowed_is_cancelled_when_its_price_comes() -> None:
    made = desk()
    ask(made, action=5, type=BUY_LIMIT, price=1.08)
    made.specs["EURUSD"] = euro(trade_mode=3)
    made.set_price("EURUSD", 1.0799)
    assert (made.positions, made.history[-1].state) == ([], CANCELED)


def test_a_deleted_order_is_history_with_its_whole_volume() -> None:
    made = desk()
    ticket = ask(made, action=5, type=BUY_LIMIT, price=1.08)["order"]
    made.advance(5)
    result = ask(made, action=8, order=ticket)
    assert result == {
        "retcode": 10009, "comment": "Request executed", "order": ticket, "request_id": result["request_id"],
    }  # fmt: skip
    (order,) = made.history
    assert (order.state, order.volume_current, order.reason) == (CANCELED, 0.1, 3)
    assert order.done_msc - order.setup_msc == 5_000


def test_the_desk_opens_at_eleven_on_the_servers_clock() -> None:
    assert desk().server_now_s == START.timestamp() + 7_200
