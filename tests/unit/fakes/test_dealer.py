"""The dealer: scripted answers on exactly the n-th request, late and lost executions, the same seed the same temper."""

from __future__ import annotations

from typing import Any

import pytest

from fakes.broker import Broker
from fakes.dealer import Dealer
from fakes.ledger import REFUSED, Rejected
from fakes.rules import Rules
from tests.desk import ask, buy, desk, euro, sell

INSTANT = euro(execution=1)


def test_a_script_hits_exactly_the_requests_it_names() -> None:
    made = desk()
    made.dealer.script(10004, nth=2, times=2)
    assert [buy(made, 0.01)["retcode"] for _ in range(5)] == [10009, 10004, 10004, 10009, 10009]


def test_a_script_may_wait_for_an_action_and_a_symbol() -> None:
    made = desk()
    made.dealer.script(10006, action=6)
    made.dealer.script(10021, symbol="GBPUSD")
    ticket = buy(made)["order"]
    assert ask(made, action=6, position=ticket, sl=1.08)["retcode"] == 10006
    assert ask(made, action=6, position=ticket, sl=1.08)["retcode"] == 10009


def test_every_kind_of_request_is_put_before_the_dealer_once_and_a_refusal_stops_it() -> None:
    made = desk()
    long, short = buy(made)["order"], sell(made)["order"]
    waiting = ask(made, action=5, type=2, price=1.08)["order"]
    asked = made.requests
    requests: tuple[dict[str, Any], ...] = (
        {"action": 1, "type": 0}, {"action": 5, "type": 2, "price": 1.08}, {"action": 6, "position": long, "sl": 1.0},
        {"action": 7, "order": waiting, "price": 1.07}, {"action": 8, "order": waiting},
        {"action": 10, "position": long, "position_by": short},
    )  # fmt: skip
    for number, request in enumerate(requests, 1):
        made.dealer.script(10011)
        assert ask(made, **request)["retcode"] == 10011
        assert made.requests == asked + number
    for request in requests:
        assert ask(made, **request)["retcode"] == 10009
    assert made.requests == asked + 2 * len(requests)


def test_requests_refused_before_the_dealer_do_not_count_and_have_no_number() -> None:
    made = desk()
    made.dealer.script(10006)
    assert buy(made, 0.015) == {"retcode": 10014, "comment": "Invalid volume"}
    assert buy(made) == {"retcode": 10006, "comment": "Request rejected", "request_id": 1}
    assert buy(made)["request_id"] == 2


def test_a_requote_tells_the_new_prices() -> None:
    made = desk(INSTANT)
    made.set_price("EURUSD", 1.0850)
    result = buy(made, 0.2, price=1.08458, deviation=10)
    assert result == {
        "retcode": 10004, "comment": "Requote", "request_id": 1, "volume": 0.2, "price": 1.08508, "bid": 1.0850,
        "ask": 1.08508,
    }  # fmt: skip


@pytest.mark.parametrize("deviation,code", [(49, 10004), (50, 10009), (60, 10009)])
def test_within_the_deviation_the_order_is_filled_at_the_market(deviation: int, code: int) -> None:
    made = desk(INSTANT)
    made.set_price("EURUSD", 1.0850)
    result = buy(made, price=1.08458, deviation=deviation)
    assert result["retcode"] == code
    if code == 10009:
        assert result["price"] == 1.08508


def test_price_and_deviation_mean_nothing_on_market_execution() -> None:
    made = desk()
    made.set_price("EURUSD", 1.0850)
    assert buy(made, price=0.5, deviation=0)["price"] == 1.08508
    assert buy(made, price=0.0)["retcode"] == 10009


def test_slippage_on_market_execution_is_never_better_than_the_market() -> None:
    made = desk(dealer=Dealer(seed=3, slippage=15))
    prices = [buy(made, 0.01)["price"] for _ in range(30)]
    assert min(prices) >= 1.08458
    assert max(prices) <= 1.08473
    assert len(set(prices)) > 5


def test_slippage_beyond_the_deviation_is_a_requote_on_instant_execution() -> None:
    made = desk(INSTANT)
    made.dealer.script(slip=11)
    assert buy(made, price=1.08458, deviation=10)["retcode"] == 10004


def test_an_order_taken_is_executed_later_at_the_market_of_that_moment() -> None:
    made = desk()
    made.dealer.script(delay_s=3.0)
    result = buy(made, 0.2)
    assert (result["retcode"], result["comment"]) == (10008, "Order placed")
    assert "deal" not in result
    assert [(order.ticket, order.type, order.state) for order in made.orders] == [(result["order"], 0, 0)]
    made.set_price("EURUSD", 1.0860)
    made.advance(2)
    assert not made.positions
    made.advance(1)
    assert [(p.ticket, p.volume, p.price_open) for p in made.positions] == [(result["order"], 0.2, 1.08608)]
    assert not made.orders


def test_late_executions_slip_against_the_trader() -> None:
    made = desk(dealer=Dealer(seed=2, slippage=20, delay_s=1.0))
    for _ in range(10):
        buy(made, 0.01)
        sell(made, 0.01)
    made.advance(1)
    assert len(made.positions) == 20
    bought = [p.price_open for p in made.positions if p.side > 0]
    sold = [p.price_open for p in made.positions if p.side < 0]
    assert 1.08458 <= min(bought) < max(bought) <= 1.08478
    assert 1.08430 <= min(sold) < max(sold) <= 1.08450


def test_a_late_close_finds_the_position_gone_and_is_rejected() -> None:
    made = desk()
    ticket = buy(made, sl=1.08)["order"]
    made.dealer.script(delay_s=3.0)
    closing = sell(made, position=ticket)["order"]
    made.set_price("EURUSD", 1.0790)
    made.advance(3)
    assert (made.positions, made.orders) == ([], [])
    assert [(o.ticket, o.state) for o in made.history if o.ticket == closing] == [(closing, REFUSED)]


def test_a_late_instant_order_is_refused_when_the_market_has_left_its_price() -> None:
    made = desk(INSTANT)
    made.dealer.script(delay_s=3.0)
    buy(made, price=1.08458, deviation=10)
    made.set_price("EURUSD", 1.0860)
    made.advance(3)
    assert (made.positions, made.orders, made.history[-1].state) == ([], [], REFUSED)


def test_a_late_order_waits_for_a_closed_market() -> None:
    made = desk()
    made.dealer.script(delay_s=3.0)
    buy(made)
    made.silent.add("EURUSD")
    made.advance(10)
    assert made.orders
    made.silent.clear()
    made.advance(1)
    assert made.positions


@pytest.mark.parametrize("code", [10012, 10006, 10031])
def test_an_execution_may_be_followed_by_a_bad_answer(code: int) -> None:
    made = desk()
    made.dealer.script(code, executed=True)
    result = buy(made)
    assert (result["retcode"], result.get("order", 0)) == (code, 0)
    assert len(made.positions) == 1


def temper(seed: int) -> list[int]:
    made = desk(INSTANT, dealer=Dealer(seed=seed, requotes=0.3, rejects=0.2))
    return [buy(made, 0.01, price=1.08458)["retcode"] for _ in range(60)]


def test_the_same_seed_is_the_same_temper() -> None:
    assert temper(5) == temper(5) != temper(6)
    assert set(temper(5)) == {10004, 10006, 10009}
    assert 5 < temper(5).count(10006) < 22


def test_requests_are_counted_by_the_second() -> None:
    made = desk(rules=Rules(requests_per_s=2))
    codes = []
    for _ in range(8):
        codes.append(buy(made, 0.01)["retcode"])
        made.advance(0.25)
    assert codes == [10009, 10009, 10024, 10024, 10009, 10009, 10024, 10024]


def test_a_hand_is_refused_with_the_same_codes_as_a_program() -> None:
    made = desk(rules=Rules(trade_expert=False))
    assert buy(made)["retcode"] == 10026
    ticket = made.open("buy", "EURUSD", 0.1)
    assert (made.position(ticket).reason, made.deals[-1].reason) == (0, 0)
    made.dealer.script(10006)
    with pytest.raises(Rejected) as refusal:
        made.close(ticket)
    assert refusal.value.retcode == 10006


@pytest.mark.parametrize("by", [0, 1, 2, 3])
def test_records_say_who_traded(by: int) -> None:
    made: Broker = desk()
    ticket = made.open("buy", "EURUSD", 0.1, by=by)
    assert made.position(ticket).reason == by
    made.close(ticket, by=by)
    assert [deal.reason for deal in made.deals[1:]] == [by, by]
    assert [order.reason for order in made.history] == [by, by]
