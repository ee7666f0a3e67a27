"""order_check: the totals after the operation and the codes order_send would give, without doing anything."""

from __future__ import annotations

from typing import Any

import pytest

from fakes import trading
from fakes.broker import Broker
from fakes.dealer import Dealer
from fakes.symbols import STANDARD
from tests.desk import buy, desk, euro, sell


def check(made: Broker, **request: Any) -> dict[str, Any]:
    usual = {"action": 1, "symbol": "EURUSD", "volume": 0.1}
    return trading.check(made, trading.full(**(usual | request)))


def test_an_opening_shows_margin_and_level_on_the_equity_of_now() -> None:
    checked = check(desk(), volume=1.0)
    assert checked == {
        "retcode": 0, "comment": "Done", "balance": 10_000.0, "equity": 10_000.0, "profit": 0.0, "margin": 1084.58,
        "margin_free": 8915.42, "margin_level": 10_000.0 / 1084.58 * 100,
    }  # fmt: skip


def test_the_totals_are_the_whole_accounts() -> None:
    made = desk()
    buy(made, 1.0)
    made.set_price("EURUSD", 1.0800)
    checked = check(made, volume=0.5)
    assert (checked["balance"], checked["profit"], checked["equity"]) == (10_000.0, -458.0, 9_542.0)
    assert checked["margin"] == round(1084.58 + 0.5 * 1080.08, 2)
    assert checked["margin_level"] == pytest.approx(9_542.0 / 1624.62 * 100)


def test_too_little_money_is_said_with_the_totals_that_would_be() -> None:
    checked = check(desk(), volume=20.0)
    assert (checked["retcode"], checked["comment"], checked["margin"]) == (10019, "No money", 21_691.6)
    assert checked["margin_free"] == pytest.approx(10_000 - 21_691.6)


def test_a_pending_order_that_cannot_be_carried_shows_the_margin_it_would_take() -> None:
    made = desk(euro(rate_pending=0.5))
    buy(made, 1.0)
    checked = check(made, action=5, type=2, price=1.08, volume=20.0, type_filling=2)
    assert (checked["retcode"], checked["margin"]) == (10019, round(1084.58 + 20 * 0.5 * 1080.0, 2))
    assert check(made, action=5, type=2, price=1.08, volume=1.0, type_filling=2)["margin"] == 1624.58


def test_closing_frees_margin_and_turns_the_result_into_balance() -> None:
    made = desk()
    ticket = buy(made, 1.0)["order"]
    made.set_price("EURUSD", 1.0800)
    checked = check(made, type=1, position=ticket, volume=1.0)
    assert (checked["retcode"], checked["balance"], checked["equity"]) == (0, 9_542.0, 9_542.0)
    assert (checked["profit"], checked["margin"], checked["margin_level"]) == (0.0, 0.0, 0.0)


def test_closing_one_leg_of_a_hedge_shows_that_margin_rises() -> None:
    made = desk(euro(margin_hedged=0.0))
    buy(made, 1.0)
    short = sell(made, 1.0)["order"]
    assert made.margin == 0.0
    assert check(made, type=0, position=short, volume=1.0)["margin"] == 1084.58


@pytest.mark.parametrize(
    "request_,code",
    [
        ({"volume": 0.015}, 10014), ({"symbol": "NOSUCH"}, 10013), ({"type_filling": 2}, 10030), ({"sl": 2.0}, 10016),
        ({"action": 5, "type": 2, "price": 1.09, "type_filling": 2}, 10015), ({"action": 6, "position": 1}, 10013),
        ({"action": 8, "order": 1}, 10035), ({"action": 99}, 10013),
        ({"action": 5, "type": 2, "price": 1.08, "type_filling": 2}, 0),
    ],
)  # fmt: skip
def test_the_codes_are_those_of_sending(request_: dict[str, Any], code: int) -> None:
    made = desk()
    assert check(made, **request_)["retcode"] == code
    sent = trading.send(made, trading.full(**({"action": 1, "symbol": "EURUSD", "volume": 0.1} | request_)))
    assert sent["retcode"] == (code or 10009)


def test_checking_does_not_ask_the_dealer_and_does_nothing() -> None:
    made = desk(dealer=Dealer(rejects=1.0))
    ticket = made.ticket()
    assert check(made)["retcode"] == 0
    assert check(made, action=5, type=2, price=1.08, type_filling=2)["retcode"] == 0
    assert (made.positions, made.orders, made.history, len(made.deals), made.balance) == ([], [], [], 1, 10_000.0)
    assert (made.ticket(), made.margin, made.requests) == (ticket + 1, 0.0, 0)


def test_a_twin_goes_its_own_way() -> None:
    made = desk(euro(), STANDARD["GBPUSD"])
    ticket = buy(made, 1.0)["order"]
    twin = made.twin()
    assert (twin.equity, twin.margin) == (made.equity, made.margin)
    twin.set_price("EURUSD", 1.0)
    twin.advance(86_400)
    twin.deposit(5.0)
    assert made.equity == 9_992.0
    assert (made.quotes["EURUSD"].bid, made.position(ticket).profit, len(made.ticks["EURUSD"])) == (1.0845, -8.0, 1)
    bars = made.bars.read("EURUSD", 1)
    assert bars is not None
    assert len(bars) == 1
