"""What the simulated terminal answers through its pipe is what the simulated module answers."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from fakes import metatrader5
from fakes.pipe_codec import COMMANDS
from fakes.pipe_desk import refuse
from fakes.session import SESSION
from fakes.terminal_house import loud, opening
from tests.pipes import Caller, World

mt5: Any = metatrader5
FOR_EVER = {"from": 0, "to": 2**31 - 1}
EMPTY = {"action": 0, "magic": 0, "order": 0, "symbol": "", "volume": 0.0, "price": 0.0, "stoplimit": 0.0, "sl": 0.0,
         "tp": 0.0, "deviation": 0, "type": 0, "type_filling": 0, "type_time": 0, "expiration": 0, "comment": "",
         "position": 0, "position_by": 0}  # fmt: skip
BOOK: dict[str, Any] = {
    "positions": [
        {"symbol": "EURUSD", "side": 1, "lots": 0.3, "sl": 1.0, "comment": "Ωé"},
        {"symbol": "XAUUSD", "side": -1, "lots": 0.02, "magic": 7},
    ],
    "pendings": [{"type": 2, "symbol": "GBPUSD", "lots": 0.1, "price": 1.2}],
}


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    metatrader5.detach()
    yield
    metatrader5.detach()


def plain(record: Any) -> dict[str, Any]:
    return {name: value for name, value in record._asdict().items() if name != "request"}


def test_without_more_it_is_a_flat_account_whose_history_is_one_deposit() -> None:
    world = World()
    account = world.caller.ask(190).record()
    assert (account["balance"], account["equity"], account["currency"], account["leverage"]) == (
        10000,
        10000,
        "USD",
        100,
    )
    assert account["margin_mode"] == mt5.ACCOUNT_MARGIN_MODE_RETAIL_HEDGING
    assert world.caller.ask(120).number == 0
    (deal,) = world.caller.ask(151, **FOR_EVER).rows()
    assert (deal["type"], deal["profit"]) == (mt5.DEAL_TYPE_BALANCE, 10_000.0)
    symbol = world.caller.ask(170, symbol="EURUSD").record()
    assert symbol["trade_contract_size"] == 100_000
    assert symbol["filling_mode"] & 3 == 3


def test_every_name_says_that_it_is_simulated() -> None:
    world = World(server="Broker-Live")
    account, terminal = world.caller.ask(190).record(), world.caller.ask(180).record()
    names = (terminal["name"], terminal["company"], account["name"], account["server"], account["company"])
    assert all("SIMULATED" in name for name in names), names
    assert loud("X-simulated") == "X-simulated"


@pytest.mark.parametrize("day", range(15, 23))
def test_the_servers_clock_begins_on_a_tuesday_morning_whatever_the_day_is(day: int) -> None:
    now = datetime(2026, 11, day, 3, 59, tzinfo=UTC)
    began = opening(now, 7200)
    assert (began.weekday(), began.hour, began.minute) == (1, 8, 0)
    assert 0 <= (now - began).total_seconds() < 7 * 86_400
    tick = World().caller.ask(172, symbol="EURUSD").record()
    at = datetime.fromtimestamp(tick["time"], tz=UTC)
    assert (at.strftime("%A"), at.hour, at.minute) == ("Tuesday", 10, 0)


def test_prices_move_in_real_time_and_at_another_speed() -> None:
    slow, fast = World(), None
    slow.now_s = 10.0
    first = slow.caller.ask(172, symbol="EURUSD").record()
    metatrader5.detach()
    fast = World(speed=60)
    fast.now_s = 10.0
    second = fast.caller.ask(172, symbol="EURUSD").record()
    assert second["time"] - first["time"] == 590
    assert second["bid"] != first["bid"]


def test_there_are_minute_bars_before_the_start_and_they_meet_the_first_price() -> None:
    world = World()
    bars = world.caller.ask(108, symbol="EURUSD", timeframe=1, start=0, count=500).rows()
    assert len(bars) == 500
    assert [b["time"] - a["time"] for a, b in pairwise(bars)] == [60] * 499
    assert all(
        bar["low"] <= min(bar["open"], bar["close"]) <= max(bar["open"], bar["close"]) <= bar["high"] for bar in bars
    )
    assert abs(bars[-2]["close"] - bars[-1]["open"]) < 0.005
    assert len({bar["close"] for bar in bars}) > 100
    hours = world.caller.ask(108, symbol="EURUSD", timeframe=mt5.TIMEFRAME_H1, start=0, count=500).rows()
    assert len(hours) == 25


def test_every_call_answers_what_the_module_answers() -> None:
    world = World(**BOOK, speed=0)
    ask, held = world.caller.ask, mt5.positions_get()
    assert len(held) == 2
    ticket, order = held[0].ticket, mt5.orders_get()[0].ticket
    deal = mt5.history_deals_get(0, 2**31 - 1)[-1]
    past = mt5.history_orders_get(0, 2**31 - 1)[-1]
    records: list[tuple[dict[str, Any], Any]] = [
        (ask(190).record(), mt5.account_info()), (ask(180).record(), mt5.terminal_info()),
        (ask(170, symbol="XAUUSD").record(), mt5.symbol_info("XAUUSD")),
        (ask(172, symbol="EURUSD").record(), mt5.symbol_info_tick("EURUSD")),
        (ask(123, ticket=ticket).record(), held[0]), (ask(133, ticket=order).record(), mt5.orders_get()[0]),
        (ask(143, ticket=past.ticket).record(), past), (ask(153, ticket=deal.ticket).record(), deal),
    ]  # fmt: skip
    lists: list[tuple[list[dict[str, Any]], Any]] = [
        (ask(121).rows(), held), (ask(122, symbol="XAUUSD").rows(), mt5.positions_get(symbol="XAUUSD")),
        (ask(131).rows(), mt5.orders_get()), (ask(132, symbol="GBPUSD").rows(), mt5.orders_get(symbol="GBPUSD")),
        (ask(141, **FOR_EVER).rows(), mt5.history_orders_get(0, 2**31 - 1)),
        (ask(142, position=ticket).rows(), mt5.history_orders_get(position=ticket)),
        (ask(151, **FOR_EVER).rows(), mt5.history_deals_get(0, 2**31 - 1)),
        (ask(152, position=ticket).rows(), mt5.history_deals_get(position=ticket)),
        (ask(174).rows(), mt5.symbols_get()), (ask(175, group="*USD,!XAU*").rows(), mt5.symbols_get("*USD,!XAU*")),
    ]  # fmt: skip
    for got, want in records:
        assert got == plain(want)
    for rows, wanted in lists:
        assert wanted
        assert rows == [plain(row) for row in wanted]
    totals = (ask(120), ask(130), ask(173), ask(140, **FOR_EVER), ask(150, **FOR_EVER))
    assert [total.number for total in totals] == [
        mt5.positions_total(), mt5.orders_total(), mt5.symbols_total(), mt5.history_orders_total(0, 2**31 - 1),
        mt5.history_deals_total(0, 2**31 - 1),
    ]  # fmt: skip
    (margin,) = struct.unpack("<d", ask(162, action=0, symbol="EURUSD", volume=0.5, price=1.1).data)
    assert margin == mt5.order_calc_margin(0, "EURUSD", 0.5, 1.1)
    prices = {"price_open": 1.1, "price_close": 1.2}
    (profit,) = struct.unpack("<d", ask(163, action=1, symbol="EURUSD", volume=0.5, **prices).data)
    assert profit == mt5.order_calc_profit(1, "EURUSD", 0.5, 1.1, 1.2)
    rates = ask(106, symbol="EURUSD", timeframe=1, **{"from": 2**31 - 1}, count=9)
    assert rates.data[4:] == mt5.copy_rates_from("EURUSD", 1, 2**31 - 1, 9).tobytes()
    rates = ask(107, symbol="EURUSD", timeframe=5, **FOR_EVER)
    assert rates.data[4:] == mt5.copy_rates_range("EURUSD", 5, 0, 2**31 - 1).tobytes()
    ticks = ask(104, symbol="EURUSD", from_ms=0, count=9, flags=-1)
    assert ticks.data[4:] == mt5.copy_ticks_from("EURUSD", 0, 9, -1).tobytes()
    ticks = ask(105, symbol="EURUSD", from_ms=0, to_ms=(2**31 - 1) * 1000, flags=-1)
    assert ticks.data[4:] == mt5.copy_ticks_range("EURUSD", 0, 2**31 - 1, -1).tobytes()
    assert len(ticks.rows()) == len(mt5.copy_ticks_range("EURUSD", 0, 2**31 - 1, -1)) > 0
    request = EMPTY | {"action": 1, "symbol": "EURUSD", "volume": 0.1, "price": 1.0846, "type_filling": 1}
    assert ask(160, request=request).record() == plain(mt5.order_check(request))


def test_an_order_sent_is_in_the_books_once_and_told_once() -> None:
    world = World(speed=0)
    tick = world.caller.ask(172, symbol="EURUSD").record()
    request = EMPTY | {"action": 1, "symbol": "EURUSD", "volume": 0.1, "price": tick["ask"], "type_filling": 1}
    sent = world.caller.ask(161, request=request).record()
    assert (sent["retcode"], sent["volume"], sent["price"]) == (mt5.TRADE_RETCODE_DONE, 0.1, tick["ask"])
    assert [row["ticket"] for row in world.caller.ask(121).rows()] == [sent["order"]]
    assert world.kinds() == ["request", "deal"]
    assert world.told[0]["retcode"] == mt5.TRADE_RETCODE_DONE
    refused = world.caller.ask(161, request=request | {"volume": 0.015})
    assert (refused.status, refused.record()["retcode"]) == (1, mt5.TRADE_RETCODE_INVALID_VOLUME)
    assert world.kinds() == ["request", "deal", "request"]


def test_a_margin_call_and_a_stop_out_are_told() -> None:
    world = World(speed=0, balance=1000.0, positions=[{"symbol": "EURUSD", "side": 1, "lots": 0.9}])
    world.house.broker.set_price("EURUSD", 1.0840)
    world.house.broker.set_price("EURUSD", 1.0700)
    world.house.catch_up()
    assert [kind for kind in world.kinds() if kind != "request"] == ["stop-out", "margin-call"]
    assert world.caller.ask(120).number == 0


def test_errors_are_the_terminals_numbers_without_data() -> None:
    world = World(speed=0)
    ask = world.caller.ask
    failures = {
        "no such ticket": (ask(123, ticket=1), -4), "no such symbol": (ask(170, symbol="NONE"), -4),
        "depth nobody asked for": (ask(193, symbol="EURUSD"), -1), "no such mode": (ask(162, action=2**32 - 1,
        symbol="EURUSD", volume=1.0, price=1.0), -2), "no such frame": (ask(108, symbol="EURUSD", timeframe=77,
        start=0, count=1), -2),
    }  # fmt: skip
    for why, (reply, status) in failures.items():
        assert (reply.status, reply.data) == (status, b""), why


def test_depth_is_each_clients_own() -> None:
    world = World(speed=0)
    other = Caller(world.house, 2)
    assert world.caller.ask(191, symbol="EURUSD").status == 1
    assert len(world.caller.ask(193, symbol="EURUSD").rows()) == 2
    assert other.ask(193, symbol="EURUSD").status == -1
    assert world.caller.ask(192, symbol="EURUSD").status == 1
    assert world.caller.ask(193, symbol="EURUSD").status == -1


@pytest.mark.parametrize(
    "login,password,server,status",
    [
        (77, "right", "Broker-Live", 1), (77, "right", "Broker-Live-SIMULATED", 1), (0, "", "", 1), (77, "", "", 1),
        (77, "wrong", "Broker-Live", -6), (78, "right", "Broker-Live", -6), (77, "right", "Another", -6),
    ],
)  # fmt: skip
def test_only_the_accounts_own_credentials_are_taken(login: int, password: str, server: str, status: int) -> None:
    world = World(login=77, password="right", server="Broker-Live")  # noqa: S106 (a made-up one)
    assert world.caller.ask(5, zero=0, login=login, password=password, server=server).status == status
    assert all("password" not in str(line) for line in world.logged)


def test_the_build_is_told_everywhere_and_an_old_one_answers_as_the_old_did() -> None:
    world = World(build=2363)
    assert world.caller.ask(4, api=3, client="Python").number == 2363
    assert world.caller.ask(180).record()["build"] == 2363
    assert world.caller.ask(1, zero=0).data[4:8] == struct.pack("<I", 2363)
    assert len(world.caller.ask(170, symbol="EURUSD").data) == 2929
    assert world.caller.ask(109).number == 2


def test_bytes_that_are_no_request_are_answered_with_an_error() -> None:
    assert refuse(struct.pack("<I", 9999)) == struct.pack("<IIi", 8, 9999, -7)
    assert refuse(struct.pack("<IB", 123, 1)) == struct.pack("<IIi", 8, 123, -2)


def test_every_command_is_answered_and_written_into_the_log() -> None:
    world = World(**BOOK, speed=0)
    usual: dict[str, Any] = {"u32": 1, "i32": 1, "u64": 1, "i64": 1, "u8": 1, "f64": 1.0, "str": "EURUSD",
                             "TradeRequest": EMPTY}  # fmt: skip
    for number, command in COMMANDS.items():
        reply = world.caller.send(number, {name: usual[kind] for name, kind in command.fields})
        assert reply.command == number
    assert {line["call"] for line in world.logged} == {command.call for command in COMMANDS.values()}
    assert SESSION.path == "C:\\Ghost"
