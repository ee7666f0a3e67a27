"""Fillings by execution mode, and what becomes of an order for which there is not enough volume."""

from __future__ import annotations

import pytest

from fakes.ledger import CANCELED, FILLED, PARTIAL
from tests.desk import ask, buy, desk, euro, sell

REQUEST, INSTANT, MARKET, EXCHANGE = range(4)
FOK, IOC, RETURN, BOC = range(4)
OK, NO = 10009, 10030


@pytest.mark.parametrize(
    "execution,flags,filling,code",
    [
        (REQUEST, 0, FOK, OK), (REQUEST, 0, IOC, OK), (REQUEST, 0, RETURN, OK),
        (INSTANT, 0, FOK, OK), (INSTANT, 0, IOC, OK), (INSTANT, 0, RETURN, OK),
        (MARKET, 1, FOK, OK), (MARKET, 2, FOK, NO), (MARKET, 0, FOK, NO),
        (MARKET, 1, IOC, NO), (MARKET, 2, IOC, OK), (MARKET, 3, IOC, OK),
        (MARKET, 3, RETURN, NO), (MARKET, 7, BOC, NO),
        (EXCHANGE, 1, FOK, OK), (EXCHANGE, 2, FOK, NO), (EXCHANGE, 2, IOC, OK), (EXCHANGE, 1, IOC, NO),
        (EXCHANGE, 0, RETURN, OK), (EXCHANGE, 7, BOC, NO),
    ],
)  # fmt: skip
def test_market_orders_take_the_fillings_of_their_execution(
    execution: int, flags: int, filling: int, code: int
) -> None:
    made = desk(euro(execution=execution, filling_mode=flags))
    assert buy(made, price=1.08458, type_filling=filling)["retcode"] == code


@pytest.mark.parametrize(
    "execution,flags,filling,order_type,code",
    [
        (MARKET, 1, RETURN, 2, OK), (MARKET, 0, RETURN, 4, OK), (INSTANT, 0, RETURN, 3, OK),
        (EXCHANGE, 0, RETURN, 5, OK),
        (MARKET, 1, FOK, 2, OK), (MARKET, 2, FOK, 2, NO),
        (EXCHANGE, 4, BOC, 2, OK), (EXCHANGE, 3, BOC, 2, NO), (EXCHANGE, 4, BOC, 4, NO), (MARKET, 4, BOC, 2, NO),
    ],
)  # fmt: skip
def test_pending_orders_take_return_always_and_book_or_cancel_only_as_limits_on_exchanges(
    execution: int, flags: int, filling: int, order_type: int, code: int
) -> None:
    made = desk(euro(execution=execution, filling_mode=flags))
    price = {2: 1.08, 3: 1.09, 4: 1.09, 5: 1.08}[order_type]
    assert ask(made, action=5, type=order_type, price=price, type_filling=filling)["retcode"] == code


def test_a_limit_order_through_the_market_of_an_exchange_is_filled_at_once_unless_it_is_book_or_cancel() -> None:
    made = desk(euro(execution=EXCHANGE, filling_mode=4))
    assert ask(made, action=5, type=2, price=1.09, type_filling=BOC)["retcode"] == 10006
    assert ask(made, action=5, type=2, price=1.09)["retcode"] == OK
    assert [(p.volume, p.price_open) for p in made.positions] == [(0.1, 1.08458)]
    assert not made.orders


def test_an_ioc_order_fills_what_there_is_and_its_rest_is_cancelled() -> None:
    made = desk()
    made.dealer.liquidity["EURUSD"] = 0.35
    result = buy(made, 1.0, type_filling=IOC)
    assert (result["retcode"], result["volume"]) == (10010, 0.35)
    (order,) = made.history
    assert (order.state, order.volume, order.volume_current) == (CANCELED, 1.0, 0.65)
    assert (made.positions[0].volume, made.orders) == (0.35, [])


def test_a_fill_keeps_to_the_volume_grid() -> None:
    made = desk(euro(volume_step=0.1, volume_min=0.1))
    made.dealer.liquidity["EURUSD"] = 0.37
    assert buy(made, 1.0, type_filling=IOC)["volume"] == 0.3


def test_a_return_order_goes_on_working_and_its_parts_are_one_position_at_the_mean_price() -> None:
    made = desk(euro(execution=INSTANT))
    made.dealer.liquidity["EURUSD"] = 0.4
    result = buy(made, 1.0, type_filling=RETURN, price=1.08458)
    assert (result["retcode"], result["volume"]) == (10010, 0.4)
    assert (made.orders[0].state, made.orders[0].volume_current) == (PARTIAL, 0.6)
    made.set_price("EURUSD", 1.08460, 1.08468)
    made.set_price("EURUSD", 1.08470, 1.08478)
    (position,) = made.positions
    assert position.volume == 1.0
    assert position.price_open == pytest.approx((0.4 * 1.08458 + 0.4 * 1.08468 + 0.2 * 1.08478) / 1.0)
    assert [(deal.volume, deal.order) for deal in made.deals[1:]] == [
        (0.4, result["order"]), (0.4, result["order"]), (0.2, result["order"]),
    ]  # fmt: skip
    assert (made.history[0].state, made.history[0].volume_current, made.orders) == (FILLED, 0.0, [])


def test_the_rest_of_a_return_order_can_be_deleted() -> None:
    made = desk(euro(execution=INSTANT))
    made.dealer.liquidity["EURUSD"] = 0.4
    ticket = buy(made, 1.0, type_filling=RETURN, price=1.08458)["order"]
    assert ask(made, action=8, order=ticket)["retcode"] == OK
    made.set_price("EURUSD", 1.08460)
    assert (made.positions[0].volume, made.history[0].volume_current) == (0.4, 0.6)


def test_an_emergency_close_of_which_only_a_part_is_filled_leaves_the_rest_of_the_position() -> None:
    made = desk()
    ticket = buy(made, 1.0)["order"]
    made.dealer.liquidity["EURUSD"] = 0.25
    result = sell(made, 1.0, position=ticket, type_filling=IOC)
    assert (result["retcode"], result["volume"], made.positions[0].volume) == (10010, 0.25, 0.75)


def test_an_order_for_which_there_is_no_volume_at_all_is_rejected_or_waits() -> None:
    made = desk(euro(execution=INSTANT))
    made.dealer.liquidity["EURUSD"] = 0.0
    assert buy(made, type_filling=IOC, price=1.08458)["retcode"] == 10006
    assert buy(made, type_filling=RETURN, price=1.08458)["retcode"] == 10008
    made.dealer.liquidity.clear()
    made.set_price("EURUSD", 1.0850)
    assert made.positions[0].price_open == 1.08508
