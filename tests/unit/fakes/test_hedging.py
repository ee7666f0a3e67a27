"""Hedging accounts: positions side by side, closed one by one or by one another, first in first out where it is so."""

from __future__ import annotations

import pytest

from fakes.rules import Rules
from fakes.symbols import STANDARD
from tests.desk import ask, buy, desk, euro, sell


def test_an_opposite_deal_without_a_position_opens_another_one() -> None:
    made = desk()
    buy(made, 0.5)
    sell(made, 0.5)
    assert [(p.side, p.volume) for p in made.positions] == [(1, 0.5), (-1, 0.5)]
    assert [deal.entry for deal in made.deals[1:]] == [0, 0]


def test_a_partial_close_takes_its_share_of_swap_and_commission_and_keeps_ticket_and_stops() -> None:
    made = desk(commission_per_lot=3.0)
    ticket = buy(made, 1.0, sl=1.08, magic=7)["order"]
    made.position(ticket).swap = -5.0
    made.set_price("EURUSD", 1.08558)
    assert sell(made, 0.3, position=ticket, magic=9)["retcode"] == 10009
    deal, held = made.deals[-1], made.positions[0]
    assert (deal.entry, deal.profit, deal.swap, deal.commission, deal.magic) == (1, 30.0, -1.5, -0.9, 9)
    assert (held.ticket, held.volume, held.swap, held.sl, held.magic) == (ticket, 0.7, -3.5, 1.08, 7)


def test_commission_may_sit_on_the_entry_alone_and_is_by_volume() -> None:
    made = desk(commission_per_lot=4.0, rules=Rules(commission_on_entry=True))
    ticket = buy(made, 0.5)["order"]
    sell(made, 0.2, position=ticket)
    assert [deal.commission for deal in made.deals[1:]] == [-4.0, 0.0]


def test_close_by_closes_the_smaller_of_both_at_the_seconds_open_price_without_a_spread() -> None:
    made = desk(commission_per_lot=3.0)
    long = buy(made, 1.0)["order"]
    made.set_price("EURUSD", 1.0900)
    short = sell(made, 0.4)["order"]
    balance = made.balance
    result = ask(made, action=10, position=long, position_by=short)
    assert (result["retcode"], result["volume"], result["price"]) == (10009, 0.4, 1.09)
    first, second = made.deals[-2:]
    assert [(d.entry, d.type, d.price, d.position_id) for d in (first, second)] == [
        (3, 1, 1.09, long), (3, 0, 1.09, short),
    ]  # fmt: skip
    assert (first.profit, second.profit) == (round((1.09 - 1.08458) * 40_000, 2), 0.0)
    assert made.balance == pytest.approx(balance + first.profit)
    assert [(p.ticket, p.volume, p.price_open) for p in made.positions] == [(long, 0.6, 1.08458)]
    order = made.history[-1]
    assert (order.type, order.position_id, order.position_by_id, order.comment) == (
        8, long, short, f"#{long} by #{short}",
    )  # fmt: skip


def test_close_by_of_equal_volumes_leaves_nothing_and_takes_each_ones_swap() -> None:
    made = desk()
    long, short = buy(made)["order"], sell(made)["order"]
    made.position(long).swap, made.position(short).swap = -1.0, 0.4
    ask(made, action=10, position=short, position_by=long)
    assert not made.positions
    assert [deal.swap for deal in made.deals[-2:]] == [0.4, -1.0]
    assert made.balance == pytest.approx(10_000 - 0.8 - 0.6)


@pytest.mark.parametrize(
    "other,code", [("same side", 10013), ("another symbol", 10013), ("itself", 10013), ("none", 10013), ("gone", 10036)]
)
def test_close_by_wants_an_opposite_position_of_the_symbol(other: str, code: int) -> None:
    made = desk(STANDARD["EURUSD"], STANDARD["GBPUSD"])
    ticket, twin = buy(made)["order"], buy(made)["order"]
    foreign, gone = sell(made, symbol="GBPUSD")["order"], sell(made)["order"]
    made.close(gone)
    by = {"same side": twin, "another symbol": foreign, "itself": ticket, "none": 1, "gone": gone}[other]
    assert ask(made, action=10, position=ticket, position_by=by)["retcode"] == code


def test_a_symbol_may_not_take_close_by() -> None:
    made = desk(euro(order_mode=63))
    one, other = buy(made)["order"], sell(made)["order"]
    assert ask(made, action=10, position=one, position_by=other)["retcode"] == 10035


def test_under_fifo_the_oldest_of_the_symbol_goes_first_and_other_symbols_do_not_count() -> None:
    made = desk(STANDARD["EURUSD"], STANDARD["GBPUSD"], rules=Rules(fifo_close=True))
    old, young, other = buy(made)["order"], buy(made)["order"], buy(made, symbol="GBPUSD")["order"]
    assert sell(made, position=young)["retcode"] == 10045
    assert sell(made, symbol="GBPUSD", position=other)["retcode"] == 10009
    assert sell(made, 0.05, position=old)["retcode"] == 10009
    assert sell(made, position=young)["retcode"] == 10045
    assert sell(made, 0.05, position=old)["retcode"] == 10009
    assert sell(made, position=young)["retcode"] == 10009


def test_under_fifo_two_positions_close_one_another_only_with_the_oldest_among_them() -> None:
    made = desk(rules=Rules(fifo_close=True))
    old, young, short = buy(made)["order"], buy(made)["order"], sell(made)["order"]
    assert ask(made, action=10, position=young, position_by=short)["retcode"] == 10045
    assert ask(made, action=10, position=short, position_by=old)["retcode"] == 10009
    assert [position.ticket for position in made.positions] == [young]


def test_a_stop_out_too_keeps_to_fifo() -> None:
    made = desk(rules=Rules(fifo_close=True), leverage=100, balance=3_000.0)
    made.set_price("EURUSD", 1.0800)
    old = buy(made, 1.0)["order"]
    made.set_price("EURUSD", 1.0850)
    buy(made, 1.5)
    made.set_price("EURUSD", 1.0750)
    assert next(deal.position_id for deal in made.deals if deal.reason == 6) == old


def test_a_hedge_may_not_be_ordered_either_where_hedges_are_prohibited() -> None:
    made = desk(rules=Rules(hedge_prohibited=True))
    ticket = buy(made)["order"]
    assert ask(made, action=5, type=3, price=1.09)["retcode"] == 10046
    assert buy(made)["retcode"] == 10009
    assert sell(made, position=ticket)["retcode"] == 10009


@pytest.mark.parametrize("mode", [1, 2, 3])
def test_closing_is_allowed_whatever_side_may_be_opened(mode: int) -> None:
    made = desk()
    long, short = buy(made)["order"], sell(made)["order"]
    made.specs["EURUSD"] = euro(trade_mode=mode)
    assert sell(made, position=long)["retcode"] == buy(made, position=short)["retcode"] == 10009


def test_on_a_disabled_symbol_nothing_can_be_closed_and_no_stop_fills() -> None:
    made = desk()
    ticket = buy(made, sl=1.08)["order"]
    made.specs["EURUSD"] = euro(trade_mode=0)
    assert sell(made, position=ticket)["retcode"] == 10017
    made.set_price("EURUSD", 1.07)
    assert made.positions


def test_a_position_above_the_largest_order_is_closed_in_several() -> None:
    made = desk(euro(volume_max=1.0), hedging=False, leverage=500)
    buy(made, 1.0)
    buy(made, 0.5)
    assert sell(made, 1.5)["retcode"] == 10014
    assert sell(made, 1.0)["retcode"] == sell(made, 0.5)["retcode"] == 10009
    assert not made.positions
