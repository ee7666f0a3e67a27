"""What the terminal shows of orders, deals and positions: by date, ticket and position, late when told so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import fakes.metatrader5 as module
from fakes.broker import Broker
from fakes.rules import Rules
from tests.desk import buy, desk, sell

mt5: Any = module


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    module.detach()
    yield
    module.detach()


def shown(made: Broker) -> Broker:
    module.attach(made)
    return made


def test_a_position_is_found_by_its_identifier_over_all_its_tickets() -> None:
    made = shown(desk(hedging=False))
    first = buy(made, 1.0)["order"]
    second = sell(made, 1.5)["order"]
    third = buy(made, 0.5)["order"]
    assert second != first
    assert [d.entry for d in mt5.history_deals_get(position=first)] == [0, 2, 1]
    assert [o.ticket for o in mt5.history_orders_get(position=first)] == [first, second, third]
    assert mt5.history_deals_get(position=second) == ()


def test_an_order_that_closed_two_by_one_another_is_in_the_history_of_both() -> None:
    made = shown(desk())
    long, short = buy(made)["order"], sell(made)["order"]
    made.close_by(long, short)
    for ticket in (long, short):
        assert [o.type for o in mt5.history_orders_get(position=ticket)][-1] == 8
        assert [d.entry for d in mt5.history_deals_get(position=ticket)] == [0, 3]


def test_a_ticket_is_at_most_one_deal() -> None:
    made = shown(desk())
    buy(made)
    deal = made.deals[-1]
    assert [d.ticket for d in mt5.history_deals_get(ticket=deal.ticket)] == [deal.ticket]
    assert mt5.history_deals_get(ticket=deal.order) == ()


def test_the_newest_deals_are_missing_when_the_end_is_behind_the_server() -> None:
    made = shown(desk())
    buy(made)
    utc = int(made.now_utc.timestamp())
    assert len(mt5.history_deals_get(86_400, utc)) == 1  # the server is two hours ahead: only the deposit
    assert len(mt5.history_deals_get(86_400, utc + 2 * 86_400)) == 2


def test_a_finished_order_keeps_the_price_of_its_end() -> None:
    made = shown(desk())
    buy(made)
    made.set_price("EURUSD", 1.2)
    (order,) = mt5.history_orders_get(86_400, 2_000_000_000)
    assert (order.price_current, order.volume_initial, order.volume_current, order.state) == (1.08458, 0.1, 0.0, 4)


def test_deals_and_orders_may_come_late_into_the_history() -> None:
    made = shown(desk(rules=Rules(history_lag_s=2.0)))
    ticket = buy(made)["order"]
    made.advance(5)
    sell(made, position=ticket)
    assert mt5.positions_get() == ()
    assert [d.entry for d in mt5.history_deals_get(position=ticket)] == [0]
    assert mt5.history_orders_total(86_400, 2_000_000_000) == 1
    made.advance(2)
    assert [d.entry for d in mt5.history_deals_get(position=ticket)] == [0, 1]
    assert mt5.history_orders_total(86_400, 2_000_000_000) == 2


def test_the_list_of_positions_may_be_behind_the_answer_to_an_order() -> None:
    made = shown(desk(rules=Rules(positions_lag_s=1.0)))
    ticket = buy(made)["order"]
    assert (mt5.positions_get(), mt5.positions_total()) == ((), 0)
    made.advance(1)
    assert [p.ticket for p in mt5.positions_get()] == [ticket]
    made.set_price("EURUSD", 1.0800)
    assert mt5.positions_get()[0].profit == -45.8  # the terminal values what it knows itself, at once
    sell(made, position=ticket)
    assert [p.ticket for p in mt5.positions_get()] == [ticket]
    assert mt5.positions_total() == 1
    made.advance(1)
    assert mt5.positions_get() == ()


def test_a_lag_that_begins_later_knows_what_was_there() -> None:
    made = shown(desk())
    ticket = buy(made)["order"]
    made.pending(2, "EURUSD", 0.1, 1.08)
    made.lag(positions_s=1.0)
    sell(made, 0.04, position=ticket)
    made.modify(ticket, sl=1.08, tp=0.0)
    made.remove(made.orders[0].ticket)
    (held,) = mt5.positions_get()
    assert (held.volume, held.sl, mt5.orders_total()) == (0.1, 0.0, 1)
    made.advance(1)
    (held,) = mt5.positions_get()
    assert (held.volume, held.sl, mt5.orders_get()) == (0.06, 1.08, ())


def test_a_lag_that_is_switched_on_by_its_rule_keeps_what_is_shown() -> None:
    made = shown(desk())
    ticket = buy(made)["order"]
    made.rules.positions_lag_s = 1.0
    assert [p.ticket for p in mt5.positions_get()] == [ticket]
    sell(made, position=ticket)
    assert [p.ticket for p in mt5.positions_get()] == [ticket]
    made.rules.positions_lag_s = 0.0
    assert mt5.positions_get() == ()


def test_ticks_are_kept_with_what_changed_in_each() -> None:
    made = shown(desk())
    began = int(made.server_now_s)
    for number, (bid, ask) in enumerate([(1.0850, 1.0852), (1.0850, 1.0853), (1.0849, 1.0853)], 1):
        made.advance(1)
        made.set_price("EURUSD", bid, ask, last=1.0851 if number == 3 else 0.0)
    ticks = mt5.copy_ticks_range("EURUSD", began + 1, began + 2, mt5.COPY_TICKS_ALL)
    assert [(tick["time"], tick["bid"], tick["ask"], tick["flags"]) for tick in ticks] == [
        (began + 1, 1.0850, 1.0852, 6), (began + 2, 1.0850, 1.0853, 4),
    ]  # fmt: skip
    newest = mt5.copy_ticks_from("EURUSD", began, 100, mt5.COPY_TICKS_INFO)
    assert (len(newest), newest[-1]["flags"], newest[-1]["last"]) == (4, 10, 1.0851)
    assert len(mt5.copy_ticks_from("EURUSD", began, 2, mt5.COPY_TICKS_ALL)) == 2
    assert len(mt5.copy_ticks_from("EURUSD", began, 2, mt5.COPY_TICKS_TRADE)) == 0


def test_after_a_login_the_history_grows_oldest_first() -> None:
    made = desk(rules=Rules(history_grows_s=10.0))
    for _ in range(9):
        buy(made, 0.01)
    shown(made)
    counts = []
    for _ in range(5):
        counts.append(mt5.history_deals_total(86_400, 2_000_000_000))
        made.advance(2.5)
    assert counts == [0, 2, 5, 7, 10]
    assert len(mt5.positions_get()) == 9
