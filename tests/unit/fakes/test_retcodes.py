"""Every return code a trader meets, each brought about once: what was done before, the request, the code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from fakes import trading
from fakes.broker import Broker
from fakes.hours import Hours
from fakes.rules import Rules
from fakes.symbols import STANDARD
from tests.desk import ask, buy, desk, euro, sell

Case = tuple[int, Callable[[], dict[str, Any]]]

INSTANT = euro(execution=1)
NIGHT = Hours.of({"Tue": ["12:00-13:00"]})  # the desk opens at 11:00 on the server's clock
NAN = float("nan")


def scripted(code: int) -> dict[str, Any]:
    made = desk()
    made.dealer.script(code)
    return buy(made)


def requote() -> dict[str, Any]:
    made = desk(INSTANT)
    made.set_price("EURUSD", 1.08500)
    return buy(made, price=1.08458, deviation=40)  # the ask is 1.08508: 50 points away


def with_position(do: Callable[[Broker, int], dict[str, Any]], *specs: Any, **options: Any) -> dict[str, Any]:
    made = desk(*specs, **options)
    return do(made, buy(made, 0.5)["order"])


def with_order(do: Callable[[Broker, int], dict[str, Any]], *specs: Any, **options: Any) -> dict[str, Any]:
    made = desk(*specs, **options)
    return do(made, ask(made, action=5, type=2, price=1.08000)["order"])


def closed_already() -> dict[str, Any]:
    made = desk()
    ticket = buy(made)["order"]
    sell(made, position=ticket)
    return sell(made, position=ticket)


def many_requests() -> dict[str, Any]:
    made = desk(rules=Rules(requests_per_s=2))
    for _ in range(2):
        assert buy(made, 0.01)["retcode"] == 10009
    return buy(made, 0.01)


def no_prices() -> dict[str, Any]:
    made = desk()
    made.silent.add("EURUSD")
    return buy(made)


def working_close(then: Callable[[Broker, int], dict[str, Any]]) -> dict[str, Any]:
    made = desk()
    ticket = buy(made)["order"]
    made.dealer.script(delay_s=2.0)
    assert sell(made, position=ticket)["retcode"] == 10008
    return then(made, ticket)


def touch_a_working_order() -> dict[str, Any]:
    made = desk()
    made.dealer.script(delay_s=2.0)
    return ask(made, action=8, order=buy(made)["order"])


def too_many_orders() -> dict[str, Any]:
    made = desk(rules=Rules(limit_orders=1))
    assert ask(made, action=5, type=2, price=1.08)["retcode"] == 10009
    return ask(made, action=5, type=2, price=1.08)


def too_many_positions() -> dict[str, Any]:
    made = desk(rules=Rules(limit_positions=1))
    assert buy(made, 0.1)["retcode"] == 10009
    return buy(made, 0.1)


def too_much_of_a_side() -> dict[str, Any]:
    made = desk(euro(volume_limit=1.0))
    assert buy(made, 0.6)["retcode"] == 10009
    assert sell(made, 0.9)["retcode"] == 10009
    assert ask(made, action=5, type=2, price=1.08, volume=0.4)["retcode"] == 10009
    return buy(made, 0.01)


def younger_first() -> dict[str, Any]:
    made = desk(rules=Rules(fifo_close=True))
    buy(made)
    made.advance(1)
    return sell(made, position=buy(made)["order"])


def hedge() -> dict[str, Any]:
    made = desk(rules=Rules(hedge_prohibited=True))
    buy(made)
    return sell(made)


def near_its_stop(frozen: Callable[[Broker, int], dict[str, Any]]) -> dict[str, Any]:
    made = desk(euro(freeze_level=20))
    ticket = buy(made, sl=1.08400)["order"]
    made.set_price("EURUSD", 1.08415)
    return frozen(made, ticket)


def near_its_price(frozen: Callable[[Broker, int], dict[str, Any]]) -> dict[str, Any]:
    made = desk(euro(freeze_level=20))
    ticket = ask(made, action=5, type=2, price=1.08300)["order"]
    made.set_price("EURUSD", 1.08310)
    return frozen(made, ticket)


def partly(filling: int, spec: Any = None) -> dict[str, Any]:
    made = desk(*([] if spec is None else [spec]))
    made.dealer.liquidity["EURUSD"] = 0.3
    return buy(made, 1.0, type_filling=filling, price=1.08458)


CASES: dict[str, Case] = {
    "10004 the price moved beyond the deviation": (10004, requote),
    "10006 the dealer says no": (10006, lambda: scripted(10006)),
    "10006 all or nothing, and there is less": (10006, lambda: partly(0)),
    "10007 cancelled": (10007, lambda: scripted(10007)),
    "10008 taken, executed later": (10008, lambda: scripted(10008)),
    "10009 done": (10009, lambda: buy(desk())),
    "10010 a part is filled, the rest is cancelled": (10010, lambda: partly(1)),
    "10010 a part is filled, the rest stays": (10010, lambda: partly(2, INSTANT)),
    "10011 an error": (10011, lambda: scripted(10011)),
    "10012 no answer in time": (10012, lambda: scripted(10012)),
    "10013 an action there is not": (10013, lambda: ask(desk(), action=9)),
    "10013 a symbol there is not": (10013, lambda: buy(desk(), symbol="NOSUCH")),
    "10013 a market order of a pending type": (10013, lambda: ask(desk(), action=1, type=2)),
    "10013 a pending order of a market type": (10013, lambda: ask(desk(), action=5, type=0)),
    "10013 a position there never was": (10013, lambda: sell(desk(), position=12345)),
    "10013 stops of a position there never was": (10013, lambda: ask(desk(), action=6, position=12345, sl=1.0)),
    "10013 stops of no position at all": (
        10013, lambda: with_position(lambda b, _: ask(b, action=6, sl=1.08)),
    ),
    "10013 closing on the side of the position": (10013, lambda: with_position(lambda b, t: buy(b, 0.1, position=t))),
    "10014 off the grid": (10014, lambda: buy(desk(), 0.015)),
    "10014 below the minimum": (10014, lambda: buy(desk(), 0.001)),
    "10014 above the maximum": (10014, lambda: buy(desk(euro(volume_max=5.0)), 5.01)),
    "10014 nothing": (10014, lambda: buy(desk(), 0.0)),
    "10014 not a number": (10014, lambda: buy(desk(), NAN)),
    "10014 a partial close off the grid": (10014, lambda: with_position(lambda b, t: sell(b, 0.123, position=t))),
    "10014 a partial close that leaves less than the minimum": (
        10014, lambda: with_position(lambda b, t: sell(b, 0.45, position=t), euro(volume_min=0.1)),
    ),
    "10015 no price on instant execution": (10015, lambda: buy(desk(INSTANT), price=0.0)),
    "10015 a price that is no number on instant execution": (10015, lambda: buy(desk(INSTANT), price=NAN)),
    "10015 a buy limit above the market": (10015, lambda: ask(desk(), action=5, type=2, price=1.09)),
    "10015 a sell limit below the market": (10015, lambda: ask(desk(), action=5, type=3, price=1.08)),
    "10015 a buy stop below the market": (10015, lambda: ask(desk(), action=5, type=4, price=1.08)),
    "10015 a sell stop above the market": (10015, lambda: ask(desk(), action=5, type=5, price=1.09)),
    "10015 a buy limit at the market": (10015, lambda: ask(desk(), action=5, type=2, price=1.08458)),
    "10015 a sell stop at the market": (10015, lambda: ask(desk(), action=5, type=5, price=1.08450)),
    "10015 a stop limit whose limit is beyond its stop": (
        10015, lambda: ask(desk(), action=5, type=6, price=1.09, stoplimit=1.095),
    ),
    "10015 a pending order without a price": (10015, lambda: ask(desk(), action=5, type=2, price=0.0)),
    "10015 a price off the grid": (10015, lambda: ask(desk(), action=5, type=2, price=1.080005)),
    "10015 a changed price on the wrong side": (
        10015, lambda: with_order(lambda b, t: ask(b, action=7, order=t, price=1.09)),
    ),
    "10016 a stop above a buy": (10016, lambda: buy(desk(), sl=1.09)),
    "10016 a target below a buy": (10016, lambda: buy(desk(), tp=1.08)),
    "10016 a stop below a sell": (10016, lambda: sell(desk(), sl=1.08)),
    "10016 a stop inside the stops level": (10016, lambda: buy(desk(euro(stops_level=50)), sl=1.08401)),
    "10016 a pending order inside the stops level": (
        10016, lambda: ask(desk(euro(stops_level=50)), action=5, type=2, price=1.08410),
    ),
    "10016 a stop that is no number": (10016, lambda: buy(desk(), sl=NAN)),
    "10016 a negative target": (10016, lambda: buy(desk(), tp=-1.0)),
    "10016 stops of an open position": (
        10016, lambda: with_position(lambda b, t: ask(b, action=6, position=t, sl=1.2)),
    ),
    "10017 the symbol is disabled": (10017, lambda: buy(desk(euro(trade_mode=0)))),
    "10017 the account is disabled, or the investor logged in": (
        10017, lambda: buy(desk(rules=Rules(trade_allowed=False))),
    ),
    "10018 the market is closed": (10018, lambda: buy(desk(euro(hours=NIGHT)))),
    "10018 a pending order while closed": (
        10018, lambda: ask(desk(euro(hours=NIGHT)), action=5, type=2, price=1.08),
    ),
    "10019 not enough money": (10019, lambda: buy(desk(), 20.0)),
    "10019 a pending order that holds margin": (
        10019, lambda: ask(desk(euro(rate_pending=1.0)), action=5, type=2, price=1.08, volume=10.0),
    ),
    "10020 the price changed": (10020, lambda: scripted(10020)),
    "10021 no quotes": (10021, no_prices),
    "10022 a lifetime the symbol does not take": (
        10022, lambda: ask(desk(euro(expiration_mode=1)), action=5, type=2, price=1.08, type_time=1),
    ),
    "10022 an end in the past": (
        10022, lambda: ask(desk(), action=5, type=2, price=1.08, type_time=2, expiration=1_700_000_000),
    ),
    "10022 an end that is missing": (10022, lambda: ask(desk(), action=5, type=2, price=1.08, type_time=2)),
    "10022 a kind of lifetime there is not": (10022, lambda: ask(desk(), action=5, type=2, price=1.08, type_time=7)),
    "10023 an order that is being executed": (10023, touch_a_working_order),
    "10024 too many requests": (10024, many_requests),
    "10025 stops as they are": (10025, lambda: with_position(lambda b, t: ask(b, action=6, position=t))),
    "10025 a pending order as it is": (10025, lambda: with_order(lambda b, t: ask(b, action=7, order=t, price=1.08))),
    "10026 the broker forbids programs": (10026, lambda: buy(desk(rules=Rules(trade_expert=False)))),
    "10028 stops of a position that is being closed": (
        10028, lambda: working_close(lambda b, t: ask(b, action=6, position=t, sl=1.0)),
    ),
    "10028 the server is busy with it": (10028, lambda: scripted(10028)),
    "10029 changing a stop that is about to fill": (
        10029, lambda: near_its_stop(lambda b, t: ask(b, action=6, position=t, sl=1.083)),
    ),
    "10029 closing by hand at a stop that is about to fill": (
        10029, lambda: near_its_stop(lambda b, t: sell(b, 0.1, position=t)),
    ),
    "10029 changing an order that is about to fill": (
        10029, lambda: near_its_price(lambda b, t: ask(b, action=7, order=t, price=1.08)),
    ),
    "10029 deleting an order that is about to fill": (
        10029, lambda: near_its_price(lambda b, t: ask(b, action=8, order=t)),
    ),
    "10030 a filling the symbol does not take": (10030, lambda: buy(desk(euro(filling_mode=2)), type_filling=0)),
    "10030 a filling there is not": (10030, lambda: buy(desk(), type_filling=9)),
    "10032 real accounts only": (10032, lambda: buy(desk(rules=Rules(only_real=True)))),
    "10033 too many pending orders": (10033, too_many_orders),
    "10034 too much on one side, pending orders counted": (10034, too_much_of_a_side),
    "10035 the symbol takes no market orders": (10035, lambda: buy(desk(euro(order_mode=126)))),
    "10035 the symbol takes no stop orders": (
        10035, lambda: ask(desk(euro(order_mode=123)), action=5, type=4, price=1.1),
    ),
    "10035 the symbol takes no stop losses": (10035, lambda: buy(desk(euro(order_mode=111)), sl=1.08)),
    "10035 changing an order there is not": (10035, lambda: ask(desk(), action=7, order=1, price=1.0)),
    "10035 deleting an order there is not": (10035, lambda: ask(desk(), action=8, order=1)),
    "10036 closing what is gone": (10036, closed_already),
    "10038 closing more than there is": (10038, lambda: with_position(lambda b, t: sell(b, 0.6, position=t))),
    "10039 a second order to close": (10039, lambda: working_close(lambda b, t: sell(b, position=t))),
    "10040 too many positions": (10040, too_many_positions),
    "10041 said by the dealer": (10041, lambda: scripted(10041)),
    "10042 longs only": (10042, lambda: sell(desk(euro(trade_mode=1)))),
    "10043 shorts only": (10043, lambda: buy(desk(euro(trade_mode=2)))),
    "10044 closing only": (10044, lambda: buy(desk(euro(trade_mode=3)))),
    "10044 closing only, pending": (10044, lambda: ask(desk(euro(trade_mode=3)), action=5, type=2, price=1.08)),
    "10045 the oldest first": (10045, younger_first),
    "10046 no hedge": (10046, hedge),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_code_is_answered_where_it_belongs(name: str) -> None:
    code, bring_about = CASES[name]
    assert bring_about()["retcode"] == code == int(name.split(maxsplit=1)[0])


def test_there_is_a_case_for_every_code_of_the_server_but_the_terminals_own() -> None:
    theirs = {10027, 10031}  # said by the terminal: see test_permissions
    there_are = {10004, 10006, *range(10007, 10037), *range(10038, 10047)}
    assert {code for code, _ in CASES.values()} == there_are - theirs


def test_the_volume_limit_counts_one_side_of_one_symbol_without_orders_that_close() -> None:
    made = desk(euro(volume_limit=1.0), replace(STANDARD["GBPUSD"], volume_limit=1.0))
    ticket = sell(made, 1.0)["order"]
    made.dealer.script(delay_s=5.0)
    assert buy(made, 1.0, position=ticket)["retcode"] == 10008
    assert buy(made, 1.0, symbol="GBPUSD")["retcode"] == 10009
    assert ask(made, action=5, type=2, price=1.08, volume=0.4)["retcode"] == 10009
    assert buy(made, 0.6)["retcode"] == 10009
    assert buy(made, 0.01)["retcode"] == sell(made, 0.01)["retcode"] == 10034


def picture(broker: Broker) -> tuple[Any, ...]:
    rows = [(p.ticket, p.volume, p.sl, p.tp) for p in broker.positions]
    orders = [(o.ticket, o.volume_current, o.price, o.sl, o.tp, o.state) for o in broker.orders]
    return broker.balance, rows, orders, len(broker.deals), len(broker.history)


@pytest.mark.parametrize("name", [name for name, (code, _) in CASES.items() if code > 10012 or code < 10008])
def test_a_refused_request_changes_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    around: list[tuple[tuple[Any, ...], tuple[Any, ...], int]] = []
    really = trading.send

    def watched(broker: Broker, request: dict[str, Any]) -> dict[str, Any]:
        before = picture(broker)
        result = really(broker, request)
        around.append((before, picture(broker), result["retcode"]))
        return result

    monkeypatch.setattr(trading, "send", watched)
    code, bring_about = CASES[name]
    bring_about()
    before, after, answered = around[-1]
    assert answered == code
    assert before == after
