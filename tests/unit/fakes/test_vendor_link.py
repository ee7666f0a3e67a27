"""The simulated module's connection, filters and records, as the vendor's package has them when a terminal is there.

What the package did was seen by running it against a terminal's end of the pipe that we wrote.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from fakes import metatrader5
from fakes.arguments import in_group
from fakes.broker import Broker
from fakes.fault_kinds import CallError
from fakes.records import FIELDS

mt5: Any = metatrader5
NO_LINK = (-10004, "No IPC connection")
FINE = (1, "Success")
BUY = {"action": 1, "symbol": "EURUSD", "volume": 0.1, "type": 0, "price": 1.0845}
NAMES = ("EURUSD", "GBPUSD", "", "EUR", "EURUSD.r", "abc", " EURUSD", "EUR!USD", "!EURUSD", "abbc")


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    metatrader5.detach()
    yield
    metatrader5.detach()


@pytest.fixture
def broker() -> Broker:
    made = Broker(balance=10_000.0, start_utc=datetime(2026, 3, 3, 9, tzinfo=UTC)).add_standard()
    metatrader5.attach(made)
    return made


def script(monkeypatch: pytest.MonkeyPatch, **options: object) -> None:
    monkeypatch.setenv("GUARD_FAKE_OPTIONS", json.dumps(options))


def test_shutdown_is_true_whenever_it_is_called_and_ends_the_link(broker: Broker) -> None:
    assert mt5.version() == (500, mt5.terminal_info().build, mt5.version()[2])
    assert (mt5.shutdown(), mt5.last_error(), mt5.shutdown()) == (True, FINE, True)
    assert (mt5.account_info(), mt5.last_error()) == (None, NO_LINK)
    assert mt5.symbols_total() is None
    assert mt5.last_error() == NO_LINK  # the terminal's build was told: no longer -5
    assert mt5.version() == (0, 0, "")
    assert mt5.initialize() is True
    assert mt5.account_info().login == broker.login


def test_no_terminal_on_the_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    script(monkeypatch, installed=False)
    assert mt5.initialize() is False
    assert mt5.last_error() == (-10003, "IPC initialize failed, MetaTrader 5 x64 not found")
    assert mt5.initialize("", portable=True) is False
    assert mt5.last_error()[0] == -10003
    assert mt5.initialize("Z:\\a" * 60) is False
    assert mt5.last_error()[1].startswith("IPC initialize failed, Process create failed 'Z:")
    assert mt5.symbols_total() is None
    assert mt5.last_error()[0] == -5


@pytest.mark.parametrize("code,text", [(-6, "Terminal: Authorization failed"), (-10005, "IPC timeout")])
def test_a_refused_initialize_closes_the_link(monkeypatch: pytest.MonkeyPatch, code: int, text: str) -> None:
    script(monkeypatch, none={"call": "initialize", "code": code})
    assert mt5.initialize() is False
    assert mt5.last_error() == (code, text)
    assert (mt5.positions_get(), mt5.last_error()) == (None, NO_LINK)
    assert (mt5.symbols_get(), mt5.last_error()) == (None, NO_LINK)


def test_the_credentials_of_another_account_are_refused(broker: Broker) -> None:
    assert mt5.initialize(login=broker.login, server=broker.server) is True
    assert mt5.login(broker.login + 1) is False
    assert mt5.last_error() == (-6, "Terminal: Authorization failed")
    assert mt5.account_info() is not None  # a refused login() leaves the link open
    assert mt5.login(broker.login, "any", broker.server, timeout=1000) is True
    assert mt5.login(broker.login, server="Elsewhere") is False
    assert mt5.initialize(login=broker.login + 1) is False
    assert mt5.last_error()[0] == -6
    assert (mt5.account_info(), mt5.last_error()) == (None, NO_LINK)


def test_a_terminal_that_died_between_calls_fails_every_send_until_shutdown(monkeypatch: pytest.MonkeyPatch) -> None:
    script(monkeypatch, ipc={"call": "account_info", "code": -10001})
    mt5.initialize()
    for call in (mt5.account_info, mt5.positions_get, mt5.orders_total):
        assert (call(), mt5.last_error()) == (None, (-10001, "IPC send failed"))
    mt5.shutdown()
    assert (mt5.account_info(), mt5.last_error()) == (None, NO_LINK)


def test_a_terminal_that_died_during_a_call_leaves_no_link(monkeypatch: pytest.MonkeyPatch) -> None:
    script(monkeypatch, ipc={"call": "account_info", "code": -10002})
    mt5.initialize()
    assert (mt5.account_info(), mt5.last_error()) == (None, (-10002, "IPC recv failed"))
    assert (mt5.account_info(), mt5.last_error()) == (None, NO_LINK)


@pytest.mark.parametrize("code,text", [
    (-3, "Terminal: Out of memory"), (-4, "Terminal: Not found"), (-7, "Terminal: Unsupported function"),
    (-10000, "IPC call failed"), (-12345, "Terminal: Call failed"),
])  # fmt: skip
def test_an_error_code_has_the_packages_words(code: int, text: str) -> None:
    assert CallError(code).text == text


@pytest.mark.usefixtures("broker")
def test_the_last_error_is_of_the_process_and_of_the_newest_call_only() -> None:
    assert mt5.symbol_info("NOSUCH") is None
    assert mt5.last_error() == mt5.last_error() == (-4, "Terminal: Not found")
    with pytest.raises(TypeError):
        mt5.symbol_info(symbol="EURUSD")
    assert mt5.last_error()[0] == -4  # refused before the extension saw it
    assert mt5.symbol_info("EURUSD") is not None
    assert mt5.last_error() == FINE


@pytest.mark.usefixtures("broker")
@pytest.mark.parametrize("call,args", [
    ("history_deals_get", (2**31, 5)), ("history_orders_total", (1, -(2**31) - 1)),
    ("copy_rates_from", ("EURUSD", 1, 2**40, 3)),
])  # fmt: skip
def test_a_date_beyond_32_bits_is_an_error_although_the_call_went_through(call: str, args: tuple[Any, ...]) -> None:
    with pytest.raises(SystemError, match="returned a result with an exception set") as told:
        getattr(mt5, call)(*args)
    assert isinstance(told.value.__cause__, OverflowError)
    assert mt5.last_error() == FINE


@pytest.mark.usefixtures("broker")
def test_an_exception_pending_from_one_call_is_not_left_for_the_next() -> None:
    with pytest.raises(SystemError):
        mt5.history_deals_total(2**31, 5)
    assert mt5.history_deals_total(1, 2) == 0


def test_market_depth_needs_a_subscription_and_its_failures_leave_no_error(broker: Broker) -> None:
    assert (mt5.market_book_get("EURUSD"), mt5.last_error()[0]) == (None, -1)
    assert (mt5.market_book_add("NOSUCH"), mt5.last_error()) == (False, FINE)
    assert mt5.market_book_add("EURUSD") is True
    sell, buy = mt5.market_book_get("EURUSD")
    quote = broker.quotes["EURUSD"]
    assert [(sell.type, sell.price), (buy.type, buy.price)] == [(1, quote.ask), (2, quote.bid)]
    assert mt5.market_book_release("EURUSD") is True
    assert mt5.market_book_get("EURUSD") is None
    mt5.shutdown()
    assert (mt5.market_book_add("EURUSD"), mt5.last_error()) == (False, FINE)
    assert (mt5.market_book_add(5), mt5.last_error()) == (None, (-2, "Invalid arguments"))


@pytest.mark.parametrize("group,names", [
    ("*", NAMES), ("EUR", ["EUR"]), ("eurusd", []), ("", []), (",", []), ("!EURUSD", []), ("!X,!Y", []),
    ("EURUSD, GBPUSD", ["EURUSD", "GBPUSD"]), ("  EURUSD ", ["EURUSD"]), ("\tEURUSD", []), ("EUR USD", []),
    ("!EUR*,*", ["GBPUSD", "", "abc", " EURUSD", "!EURUSD", "abbc"]), ("EURUSD,,", ["EURUSD"]),
    ("*,!!EUR*", ["GBPUSD", "", "abc", " EURUSD", "!EURUSD", "abbc"]), ("*,!", []), ("EURUSD,!", []), ("*,!*", []),
    ("E?RUSD", []), ("[E]URUSD", []), ("EUR!USD", ["EUR!USD"]), ("*!EURUSD", ["!EURUSD"]), ("* *", [" EURUSD"]),
    ("ab*bc", ["abbc"]), ("EURU*USD", []), ("a**c", ["abc", "abbc"]), ("E*D", ["EURUSD", "EUR!USD"]),
    ("*,!EURUSD,EURUSD", ["GBPUSD", "", "EUR", "EURUSD.r", "abc", " EURUSD", "EUR!USD", "!EURUSD", "abbc"]),
    ("*,! EURUSD", ["EURUSD", "GBPUSD", "", "EUR", "EURUSD.r", "abc", "EUR!USD", "!EURUSD", "abbc"]),
])  # fmt: skip
def test_a_group_selects_what_the_extensions_filter_selects(group: str, names: list[str]) -> None:
    assert [name for name in NAMES if in_group(name, group)] == list(names)


def test_a_group_with_letters_drops_balance_deals(broker: Broker) -> None:
    broker.open("buy", "EURUSD", 0.1)
    symbols = {group: [deal.symbol for deal in mt5.history_deals_get(1, 2**31 - 1, group=group)] for group in
               ("*", "*USD*", "*,!EURUSD")}  # fmt: skip
    assert symbols == {"*": ["", "EURUSD"], "*USD*": ["EURUSD"], "*,!EURUSD": [""]}


def test_of_several_selections_ticket_wins_over_symbol_over_group(broker: Broker) -> None:
    first, second = broker.open("buy", "EURUSD", 0.1), broker.open("buy", "XAUUSD", 0.1)
    assert [p.ticket for p in mt5.positions_get(group="*", symbol="EURUSD", ticket=second)] == [second]
    assert [p.ticket for p in mt5.positions_get(group="XAU*", symbol="EURUSD")] == [first]
    assert mt5.positions_get(ticket=1) == ()
    assert mt5.last_error() == FINE
    assert len(mt5.history_deals_get(1, 2**31 - 1, ticket="ignored beside two dates")) == 3


def test_a_text_ends_where_c_code_ends_it_and_a_flag_is_a_number(broker: Broker) -> None:
    sent = mt5.order_send({**BUY, "symbol": "EURUSD\0junk", "comment": "a\0b", "magic": True})
    assert (sent.request.symbol, sent.request.comment, repr(sent.request.magic)) == ("EURUSD", "a", "1")
    assert broker.positions[0].comment == "a"


EXTREMES = (float("nan"), float("inf"), float("-inf"), 1e308, -1e308, 5e-324, -0.0)


@pytest.mark.parametrize("field", ["volume", "price", "sl", "tp", "stoplimit"])
def test_no_number_in_a_request_brings_the_broker_down(broker: Broker, field: str) -> None:
    ticket = broker.open("buy", "EURUSD", 0.1)
    for number, action, kind in itertools.product(EXTREMES, (1, 5, 6, 7), (0, 2, 4, 6)):
        request = {**BUY, "action": action, "type": kind, field: number, "position": ticket if action == 6 else 0}
        assert mt5.order_check(request) is not None
        assert mt5.order_send(request) is not None


def test_every_field_of_every_record_is_of_the_packages_kind(broker: Broker) -> None:
    sent = mt5.order_send({**BUY, "sl": 1.05})
    waiting = broker.pending(2, "EURUSD", 0.1, 1.05)
    assert mt5.market_book_add("EURUSD")
    records = [
        mt5.account_info(), mt5.terminal_info(), mt5.symbol_info("EURUSD"), mt5.symbol_info("GER40"), sent,
        mt5.symbol_info_tick("EURUSD"), *mt5.positions_get(), *mt5.orders_get(ticket=waiting), sent.request,
        *mt5.history_deals_get(1, 2**31 - 1), *mt5.history_orders_get(1, 2**31 - 1), mt5.order_check(BUY),
        *mt5.market_book_get("EURUSD"),
    ]  # fmt: skip
    assert {type(record).__name__ for record in records} == set(FIELDS)
    for record in records:
        kinds = [(name, type(value).__name__) for name, value in record._asdict().items()]
        assert kinds == list(FIELDS[type(record).__name__])


RATES = [
    ("time", "<i8"), ("open", "<f8"), ("high", "<f8"), ("low", "<f8"), ("close", "<f8"), ("tick_volume", "<u8"),
    ("spread", "<i4"), ("real_volume", "<u8"),
]  # fmt: skip
TICKS = [
    ("time", "<i8"), ("bid", "<f8"), ("ask", "<f8"), ("last", "<f8"), ("volume", "<u8"), ("time_msc", "<i8"),
    ("flags", "<u4"), ("volume_real", "<f8"),
]  # fmt: skip


@pytest.mark.usefixtures("broker")
@pytest.mark.parametrize("call,args,layout,rows", [
    ("copy_rates_from_pos", ("EURUSD", 1, 0, 5), RATES, 1), ("copy_rates_from_pos", ("EURUSD", 1, 10**6, 5), RATES, 0),
    ("copy_ticks_from", ("EURUSD", 5, 5, -1), TICKS, 1), ("copy_ticks_range", ("EURUSD", 5, 6, -1), TICKS, 0),
    ("copy_ticks_from", ("EURUSD", 5, 5, 2), TICKS, 0),
])  # fmt: skip
def test_bars_and_ticks_have_the_packages_packed_read_only_layout(
    call: str, args: tuple[Any, ...], layout: list[tuple[str, str]], rows: int
) -> None:
    made = getattr(mt5, call)(*args)
    assert (made.dtype.descr, made.dtype.itemsize, len(made)) == (layout, 60, rows)
    assert not made.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        made["time"] = 0


@pytest.mark.usefixtures("broker")
@pytest.mark.parametrize("call,args", [
    ("copy_rates_from_pos", ("EURUSD", 1, 0, 0)), ("copy_rates_from_pos", ("EURUSD", 1, -1, 5)),
    ("copy_rates_from", ("EURUSD", 1, 2_000_000_000, -5)), ("copy_ticks_from", ("EURUSD", 5, 0, -1)),
])  # fmt: skip
def test_no_bars_or_ticks_cannot_be_counted(call: str, args: tuple[Any, ...]) -> None:
    assert getattr(mt5, call)(*args) is None
    assert mt5.last_error() == (-2, "Terminal: Invalid params")
