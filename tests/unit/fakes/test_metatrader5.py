"""The simulated module answers and fails as the vendor's package does."""

from __future__ import annotations

import copy
import json
import pickle
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import fakes.metatrader5 as module
from fakes.broker import Broker
from fakes.records import CONSTANTS, FIELDS, RECORD_TYPES

mt5: Any = module
NO_LINK = (-10004, "No IPC connection")
BUY = {"action": 1, "symbol": "EURUSD", "volume": 0.1, "type": 0, "price": 1.0845}


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("GUARD_FAKE_OPTIONS", raising=False)
    module.detach()
    yield
    module.detach()


@pytest.fixture
def attached() -> Broker:
    broker = Broker(balance=10_000.0, start_utc=datetime(2026, 3, 3, 9, tzinfo=UTC)).add_standard()
    module.attach(broker)
    return broker


def test_before_initialize_every_getter_says_there_is_no_connection() -> None:
    assert mt5.last_error() == (0, "")
    for name in ("account_info", "terminal_info", "positions_get", "orders_get", "positions_total"):
        assert getattr(mt5, name)() is None
        assert mt5.last_error() == NO_LINK
    assert mt5.version() == (0, 0, "")
    assert mt5.symbols_get() is None
    assert mt5.last_error()[0] == -5
    assert mt5.symbol_select("EURUSD") is False
    assert mt5.market_book_add("EURUSD") is False
    assert mt5.last_error() == (1, "Success")
    assert mt5.shutdown() is True


@pytest.mark.usefixtures("attached")
def test_it_says_that_it_is_simulated_wherever_a_name_is_shown() -> None:
    assert mt5.SIMULATED is True
    terminal, account = mt5.terminal_info(), mt5.account_info()
    assert all("SIMULATED" in name for name in (terminal.name, terminal.company, account.server, account.company))


def test_all_constants_have_their_values_and_the_missing_ones_are_missing() -> None:
    assert len(CONSTANTS) == 223
    assert all(getattr(mt5, name) == value for name, value in CONSTANTS.items())
    assert (mt5.COPY_TICKS_ALL, mt5.TRADE_ACTION_SLTP, mt5.RES_E_INTERNAL_FAIL_CONNECT) == (-1, 6, -10004)
    with pytest.raises(AttributeError):
        _ = mt5.SYMBOL_FILLING_FOK


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_records_are_tuples_with_names_that_cannot_be_pickled(name: str) -> None:
    kind = RECORD_TYPES[name]
    made = kind(range(len(FIELDS[name])))
    assert isinstance(made, tuple)
    assert list(made._asdict()) == [field for field, _ in FIELDS[name]]
    assert copy.copy(made) == made
    assert not hasattr(made, "_fields")
    assert not hasattr(made, "_replace")
    with pytest.raises(AttributeError):
        setattr(made, FIELDS[name][0][0], 1)
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(made)
    with pytest.raises(TypeError, match="takes a"):
        kind((1,))


@pytest.mark.usefixtures("attached")
def test_nothing_there_is_an_empty_tuple_and_no_error() -> None:
    assert mt5.positions_get() == () == mt5.orders_get() == mt5.positions_get(ticket=5)
    assert mt5.last_error() == (1, "Success")
    assert mt5.positions_total() == 0


@pytest.mark.parametrize(
    "field,value,named",
    [("volume", 1, "volume"), ("price", "1", "price"), ("magic", 1.0, "magic"), ("comment", "x" * 30, "comment"),
     ("symbol", None, "symbol"), ("expiration", datetime(2026, 1, 1, tzinfo=UTC), "expiration")],
)  # fmt: skip
def test_a_request_of_wrong_types_is_refused_by_the_fields_name_and_nothing_is_sent(
    attached: Broker, field: str, value: object, named: str
) -> None:
    assert mt5.order_send({**BUY, field: value}) is None
    assert mt5.last_error() == (-2, f'Invalid "{named}" argument')
    assert not attached.positions


@pytest.mark.usefixtures("attached")
def test_a_number_outside_its_range_is_a_system_error() -> None:
    with pytest.raises(SystemError, match="returned a result with an exception set"):
        mt5.order_send({**BUY, "magic": -1})
    assert mt5.last_error() == (-2, 'Invalid "magic" argument')


@pytest.mark.usefixtures("attached")
def test_the_argument_families_hold() -> None:
    with pytest.raises(TypeError, match="takes no keyword arguments"):
        mt5.symbol_info(symbol="EURUSD")
    with pytest.raises(TypeError, match=r"takes no arguments \(1 given\)"):
        mt5.account_info(1)
    assert mt5.positions_get("EURUSD") is None
    assert mt5.last_error() == (-2, "Unnamed arguments not allowed")
    assert mt5.symbol_info("NOSUCH") is None
    assert mt5.last_error() == (-4, "Terminal: Not found")
    assert mt5.history_deals_get(date_from=86_400, date_to=90_000) is None


@pytest.mark.usefixtures("attached")
def test_a_trade_goes_through_all_its_stations() -> None:
    sent = mt5.order_send(dict(BUY))
    assert (sent.retcode, sent.comment, sent.request.symbol) == (10009, "Request executed", "EURUSD")
    (position,) = mt5.positions_get(symbol="EURUSD")
    assert (position.ticket, position.reason) == (sent.order, 3)
    stops = {"action": 6, "symbol": "EURUSD", "position": position.ticket, "sl": 1.0, "tp": 1.2}
    assert mt5.order_send(stops).retcode == 10009
    assert mt5.order_send(stops).retcode == 10025
    half = {**BUY, "volume": 0.05, "type": 1, "position": position.ticket}
    assert mt5.order_send(half).retcode == 10009
    assert mt5.positions_get()[0].volume == 0.05
    assert mt5.order_send({**half, "volume": 0.06}).retcode == 10038
    assert mt5.order_send(half).retcode == 10009
    assert mt5.order_send(half).retcode == 10036
    deals = mt5.history_deals_get(position=position.identifier)
    assert [deal.entry for deal in deals] == [0, 1, 1]
    assert len(mt5.history_orders_get(86_400, 2_000_000_000)) == 3


def test_a_pending_order_is_placed_filled_or_removed(attached: Broker) -> None:
    pending = {"action": 5, "symbol": "EURUSD", "volume": 0.1, "type": 2, "price": 1.0800, "type_filling": 2}
    first, second = mt5.order_send(pending), mt5.order_send({**pending, "price": 1.0700})
    assert (first.deal, first.price, mt5.orders_total()) == (0, 0.0, 2)
    attached.set_price("EURUSD", 1.0799)
    assert (len(mt5.positions_get()), mt5.orders_total()) == (1, 1)
    removed = mt5.order_send({"action": 8, "order": second.order})
    assert (removed.retcode, removed.order) == (10009, second.order)
    assert mt5.orders_get() == ()
    assert mt5.order_send({"action": 8, "order": 1}).retcode == 10035


def test_order_check_answers_with_the_accounts_totals_afterwards(attached: Broker) -> None:
    checked = mt5.order_check({**BUY, "volume": 1.0})
    assert (checked.retcode, checked.comment, checked.margin) == (0, "Done", 1084.58)
    assert checked.margin_free == pytest.approx(10_000 - 1084.58)
    assert mt5.order_check({**BUY, "type_filling": 2}).retcode == 10030
    assert not attached.positions


def test_calculations_convert_and_fail_without_a_path(attached: Broker) -> None:
    assert mt5.order_calc_profit(0, "EURUSD", 1.0, 1.1, 1.2) == 10_000.0
    assert mt5.order_calc_margin(0, "XAUUSD", 1.0, 2650.0) == 2650.0
    assert mt5.order_calc_profit(0, "GER40", 1.0, 100.0, 110.0) == 10.85  # to the cent
    attached.currency = "SEK"
    assert mt5.order_calc_profit(0, "EURUSD", 1.0, 1.1, 1.2) is None
    assert mt5.last_error()[0] == -1


def test_bars_are_read_only_arrays_of_the_vendors_layout(attached: Broker) -> None:
    for minute in range(5):
        attached.advance(60)
        attached.set_price("EURUSD", 1.0845 + minute * 0.0001)
    bars = mt5.copy_rates_from_pos("EURUSD", mt5.TIMEFRAME_M1, 0, 3)
    assert (len(bars), bars.dtype.itemsize, bars.flags.writeable) == (3, 60, False)
    assert bars["close"][-1] == pytest.approx(1.0849)
    assert mt5.copy_rates_from_pos("EURUSD", mt5.TIMEFRAME_D1, 0, 1)["open"][0] == 1.0845


@pytest.mark.usefixtures("attached")
def test_a_symbol_outside_market_watch_has_no_tick_until_selected() -> None:
    assert mt5.symbol_select("GBPJPY", False) is True
    assert mt5.symbol_info_tick("GBPJPY") is None
    assert mt5.symbol_info("GBPJPY").trade_tick_value == 0.0
    mt5.symbol_select("GBPJPY", True)
    assert mt5.symbol_info_tick("GBPJPY").bid > 0


@pytest.mark.usefixtures("attached")
def test_groups_are_exact_case_sensitive_and_exclude() -> None:
    names = [row.name for row in mt5.symbols_get("*USD*,!XAU*,!BTC*")]
    assert "EURUSD" in names
    assert "XAUUSD" not in names
    assert mt5.symbols_get(group="eurusd") == ()


def options(monkeypatch: pytest.MonkeyPatch, **given: object) -> None:
    monkeypatch.setenv("GUARD_FAKE_OPTIONS", json.dumps(given))


def test_initialize_builds_an_account_from_the_environment_that_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    held = [{"symbol": "EURUSD", "side": "buy", "lots": 0.5, "sl": 1.05}]
    options(monkeypatch, balance=5_000, currency="USD", login=77, positions=held, step_s=0.01)
    assert mt5.initialize() is True
    assert (mt5.account_info().login, mt5.account_info().balance, len(mt5.positions_get())) == (77, 5_000, 1)
    before = mt5.symbol_info_tick("EURUSD").time_msc
    time.sleep(0.05)
    assert mt5.symbol_info_tick("EURUSD").time_msc > before


def test_a_path_that_does_not_exist_cannot_be_started() -> None:
    assert mt5.initialize("/nowhere/terminal64.exe") is False
    assert mt5.last_error()[0] == -10003


def test_faults_fire_on_exactly_the_call_they_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hang = {"call": "positions_get", "nth": 2, "seconds": 0.3, "once": str(tmp_path / "hung")}
    options(monkeypatch, none={"call": "account_info", "nth": 2, "code": -1}, hang=hang)
    mt5.initialize()
    assert [mt5.account_info() is None for _ in range(3)] == [False, True, False]
    took = []
    for _ in range(3):
        began = time.monotonic()
        mt5.positions_get()
        took.append(time.monotonic() - began >= 0.3)
    assert took == [False, True, False]


def test_a_broken_link_stays_broken_until_initialize(monkeypatch: pytest.MonkeyPatch) -> None:
    options(monkeypatch, ipc={"call": "account_info", "nth": 1, "code": -10001})
    mt5.initialize()
    assert mt5.account_info() is None
    assert mt5.last_error() == (-10001, "IPC send failed")
    assert mt5.positions_get() is None
    assert mt5.last_error()[0] == -10001
    monkeypatch.setenv("GUARD_FAKE_OPTIONS", "{}")
    mt5.initialize()
    assert mt5.positions_get() == ()


def test_a_disconnected_terminal_shows_no_positions_and_a_switched_account_another_login(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = [{"symbol": "EURUSD", "side": "buy", "lots": 0.5}]
    options(monkeypatch, positions=held, disconnected=True, switch_login_after_s=0, switch_login=99)
    mt5.initialize()
    assert mt5.terminal_info().connected is False
    assert mt5.positions_get() == ()
    assert mt5.account_info().login == 99
