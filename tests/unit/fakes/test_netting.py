"""Netting and exchange accounts: one position a symbol, that grows, shrinks and turns round."""

from __future__ import annotations

import pytest

from fakes.symbols import STANDARD
from tests.desk import ask, buy, desk, euro, sell


def test_an_addition_has_the_mean_price_and_the_orders_stops_even_none() -> None:
    made = desk(hedging=False, leverage=500)
    first = buy(made, 1.0, sl=1.08, tp=1.09)["order"]
    made.set_price("EURUSD", 1.08600, 1.08608)
    buy(made, 3.0, tp=1.095)
    (held,) = made.positions
    assert held.price_open == pytest.approx((1.08458 + 3 * 1.08608) / 4)
    assert (held.ticket, held.identifier, held.volume, held.sl, held.tp) == (first, first, 4.0, 0.0, 1.095)
    assert [deal.entry for deal in made.deals[1:]] == [0, 0]


def test_a_partial_close_keeps_the_stops_and_the_price() -> None:
    made = desk(hedging=False)
    buy(made, 1.0, sl=1.08, tp=1.09)
    sell(made, 0.4, sl=1.0900, tp=1.07)
    (held,) = made.positions
    assert (held.volume, held.price_open, held.sl, held.tp) == (0.6, 1.08458, 1.08, 1.09)
    assert (made.deals[-1].entry, made.deals[-1].profit) == (1, -3.2)


def test_a_reversal_keeps_the_identifier_gets_a_new_ticket_and_the_orders_stops() -> None:
    made = desk(hedging=False)
    first = buy(made, 1.0, sl=1.08)["order"]
    second = sell(made, 1.5, sl=1.09, tp=1.07)["order"]
    (held,) = made.positions
    assert (held.side, held.volume, held.price_open, held.sl, held.tp) == (-1, 0.5, 1.08450, 1.09, 1.07)
    assert (held.identifier, held.ticket) == (first, second)
    deal = made.deals[-1]
    assert (deal.entry, deal.volume, deal.profit, deal.position_id) == (2, 1.5, -8.0, first)


def test_a_close_that_is_larger_than_the_position_reverses_it_even_when_it_names_it() -> None:
    made = desk(hedging=False)
    ticket = buy(made, 0.5)["order"]
    assert sell(made, 0.8, position=ticket)["retcode"] == 10009
    assert (made.positions[0].side, made.positions[0].volume) == (-1, 0.3)


def test_a_close_of_a_position_that_is_gone_is_refused_when_it_names_it_and_opens_one_when_it_does_not() -> None:
    made = desk(hedging=False)
    ticket = buy(made, 0.5)["order"]
    sell(made, 0.5)
    assert sell(made, 0.5, position=ticket)["retcode"] == 10036
    assert sell(made, 0.5)["retcode"] == 10009
    assert made.positions[0].side == -1


@pytest.mark.parametrize("lots,code", [(19.2, 10009), (19.4, 10019)])
def test_a_reversal_needs_the_margin_of_the_whole_order(lots: float, code: int) -> None:
    """Long 1 lot at 1:200, 10,492 of equity. A lot sold takes 542.25: the equity carries 19.34 lots in all."""
    made = desk(hedging=False, leverage=200, balance=10_500.0)
    buy(made, 1.0)
    assert made.equity == 10_492.0
    assert sell(made, lots)["retcode"] == code


def test_reducing_needs_no_margin_at_all() -> None:
    made = desk(hedging=False, balance=1_100.0, so_so=10.0)
    buy(made, 1.0)
    made.set_price("EURUSD", 1.0770)
    assert made.free_margin < 0
    assert sell(made, 0.4)["retcode"] == 10009


@pytest.mark.parametrize(
    "mode,lots,code", [(1, 0.5, 10009), (1, 1.0, 10009), (1, 1.1, 10042), (3, 1.0, 10009), (3, 1.1, 10044)]
)
def test_where_only_closing_or_longs_are_allowed_a_netting_account_may_reduce_but_not_turn(
    mode: int, lots: float, code: int
) -> None:
    made = desk(hedging=False)
    buy(made, 1.0)
    made.specs["EURUSD"] = euro(trade_mode=mode)
    assert sell(made, lots)["retcode"] == code


def test_stops_may_be_set_by_symbol_alone() -> None:
    made = desk(hedging=False)
    buy(made)
    assert ask(made, action=6, sl=1.08)["retcode"] == 10009
    assert made.positions[0].sl == 1.08


def test_a_pending_order_nets_when_it_fills() -> None:
    made = desk(hedging=False)
    buy(made, 1.0)
    ask(made, action=5, type=3, price=1.09, volume=1.0)
    made.set_price("EURUSD", 1.0901)
    assert (made.positions, made.deals[-1].entry) == ([], 1)
    assert made.deals[-1].profit == pytest.approx(552.0)


def test_close_by_is_for_hedging_accounts() -> None:
    made = desk(STANDARD["EURUSD"], STANDARD["GBPUSD"], hedging=False)
    one, other = buy(made)["order"], sell(made, symbol="GBPUSD")["order"]
    assert ask(made, action=10, position=one, position_by=other)["retcode"] == 10013


def test_an_exchange_account_values_positions_and_sets_off_stops_by_the_last_price() -> None:
    share = euro(name="SHARE", calc_mode=32, execution=3, currency_base="USD", contract_size=1.0, digits=2, spread=0.5)
    made = desk(share, hedging=False, exchange=True)
    made.set_price("SHARE", 99.5, 100.5, last=100.0)
    assert buy(made, 10.0, symbol="SHARE", sl=99.0, type_filling=2)["retcode"] == 10009
    assert (made.positions[0].price_current, made.positions[0].profit) == (100.0, -5.0)
    made.set_price("SHARE", 98.5, 100.5, last=99.5)
    assert made.positions
    made.set_price("SHARE", 98.5, 99.5, last=99.0)
    assert not made.positions
    assert (made.deals[-1].price, made.deals[-1].reason) == (98.5, 4)
