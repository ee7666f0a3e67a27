"""Stops and targets: what sets them off, at what price they fill, what the records say."""

from __future__ import annotations

import pytest

from fakes.dealer import Dealer
from fakes.rules import Rules
from tests.desk import ask, buy, desk, euro, sell


@pytest.mark.parametrize(
    "side,sl,tp,before,hit,price,reason",
    [
        ("buy", 1.08, 0.0, 1.08001, 1.08000, 1.08000, 4),  # a buy closes at the bid
        ("buy", 0.0, 1.09, 1.08999, 1.09000, 1.09000, 5),
        ("sell", 1.09, 0.0, 1.08991, 1.08992, 1.09000, 4),  # a sell at the ask, 8 points above it
        ("sell", 0.0, 1.08, 1.07993, 1.07992, 1.08000, 5),
    ],
)
def test_stop_and_target_fill_when_the_closing_side_of_the_quote_reaches_them(
    side: str, sl: float, tp: float, before: float, hit: float, price: float, reason: int
) -> None:
    made = desk()
    made.open(side, "EURUSD", 0.1, sl=sl, tp=tp)
    made.set_price("EURUSD", before)
    assert made.positions
    made.set_price("EURUSD", hit)
    assert not made.positions
    assert (made.deals[-1].price, made.deals[-1].reason, made.deals[-1].entry) == (price, reason, 1)


def test_the_records_of_a_stop() -> None:
    made = desk(rules=Rules(stop_latency_msc=300))
    ticket = buy(made, sl=1.08, magic=7, comment="mine")["order"]
    made.advance(60)
    made.set_price("EURUSD", 1.0790)
    order, deal = made.history[-1], made.deals[-1]
    assert (order.reason, order.filling, order.price, order.comment) == (4, 1, 1.08, "[sl 1.08000]")
    assert (order.done_msc - order.setup_msc, order.position_id, order.magic) == (300, ticket, 7)
    assert (deal.reason, deal.comment, deal.price, deal.magic) == (4, "[sl 1.08000]", 1.0790, 7)


def test_the_comment_has_the_levels_own_decimals() -> None:
    made = desk(euro(digits=3, price=1.084, spread=0.002))
    buy(made, tp=1.09)
    made.set_price("EURUSD", 1.09)
    assert made.deals[-1].comment == "[tp 1.090]"


def test_slippage_makes_a_stop_worse_by_as_much_as_drawn_and_a_target_never_worse_than_its_level() -> None:
    losses = set()
    for seed in range(12):
        made = desk(dealer=Dealer(seed=seed, slippage=10))
        buy(made, sl=1.08)
        made.set_price("EURUSD", 1.08)
        losses.add(round((1.08 - made.deals[-1].price) / 0.00001))
        buy(made, tp=1.09)
        made.set_price("EURUSD", 1.09)
        assert made.deals[-1].price == 1.09
    assert losses <= set(range(11))
    assert len(losses) > 3


def test_a_gap_over_the_target_is_the_traders_gain() -> None:
    made = desk()
    sell(made, tp=1.08)
    made.set_price("EURUSD", 1.07)
    assert (made.deals[-1].price, made.deals[-1].comment) == (1.07008, "[tp 1.08000]")


def test_sltp_replaces_both_levels_and_one_left_out_is_deleted() -> None:
    made = desk()
    ticket = buy(made, sl=1.08, tp=1.09)["order"]
    result = ask(made, action=6, position=ticket, sl=1.0810)
    assert (result["retcode"], result["comment"]) == (10009, "Request executed")
    assert not {"deal", "order", "price", "volume", "bid"} & result.keys()
    assert (made.positions[0].sl, made.positions[0].tp) == (1.0810, 0.0)


def test_sltp_needs_no_symbol_and_dates_the_position() -> None:
    made = desk()
    ticket = buy(made)["order"]
    made.advance(10)
    assert ask(made, action=6, position=ticket, sl=1.08, symbol="")["retcode"] == 10009
    assert made.positions[0].update_msc - made.positions[0].time_msc == 10_000


def test_a_stop_may_be_moved_into_profit_but_not_to_the_other_side_of_the_price() -> None:
    made = desk()
    ticket = buy(made)["order"]
    made.set_price("EURUSD", 1.0900)
    assert ask(made, action=6, position=ticket, sl=1.0880)["retcode"] == 10009
    assert ask(made, action=6, position=ticket, sl=1.0901)["retcode"] == 10016


@pytest.mark.parametrize("level,sl,code", [(0, 1.08450, 10009), (50, 1.08400, 10009), (50, 1.08401, 10016)])
def test_the_stops_level_counts_from_the_closing_price(level: int, sl: float, code: int) -> None:
    assert buy(desk(euro(stops_level=level)), sl=sl)["retcode"] == code


def test_the_freeze_level_ends_where_the_price_is_far_enough() -> None:
    made = desk(euro(freeze_level=20))
    ticket = buy(made, sl=1.0830)["order"]
    made.set_price("EURUSD", 1.08319)
    assert sell(made, position=ticket)["retcode"] == 10029
    made.set_price("EURUSD", 1.08320)
    assert sell(made, position=ticket)["retcode"] == 10009


def test_two_stops_on_one_quote_both_fill() -> None:
    made = desk()
    buy(made, sl=1.08)
    buy(made, sl=1.0810)
    made.set_price("EURUSD", 1.0790)
    assert (made.positions, [deal.price for deal in made.deals[-2:]]) == ([], [1.0790, 1.0790])
