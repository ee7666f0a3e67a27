"""Who may trade at all: the terminal's switches, the broker's, the login's, the link; in the order they are asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import fakes.metatrader5 as module
from fakes.rules import Rules
from fakes.session import SESSION
from tests.desk import desk, euro

mt5: Any = module
BUY = {"action": 1, "symbol": "EURUSD", "volume": 0.1, "type": 0, "price": 1.0845}
ALL_OFF: dict[str, Any] = {"algo_trading": False, "investor": True, "disconnected": True}


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    module.detach()
    yield
    module.detach()


def attached(rules: Rules | None = None, trade_mode: int = 4, **options: Any) -> None:
    module.attach(desk(euro(trade_mode=trade_mode), rules=rules or Rules()))
    SESSION.options = options


@pytest.mark.parametrize(
    "rules,options,code",
    [
        (Rules(trade_expert=False, trade_allowed=False), ALL_OFF, 10027),
        (Rules(trade_expert=False, trade_allowed=False), {**ALL_OFF, "algo_trading": True}, 10026),
        (Rules(), {"investor": True, "disconnected": True}, 10017),
        (Rules(trade_allowed=False), {"disconnected": True}, 10017),
        (Rules(), {"disconnected": True}, 10031),
        (Rules(), {}, 10009),
    ],
)
def test_the_first_that_forbids_answers(rules: Rules, options: dict[str, Any], code: int) -> None:
    attached(rules, **options)
    result = mt5.order_send(BUY)
    assert result.retcode == code
    if code != 10009:
        assert (result.deal, result.order, result.volume, result.price, result.request_id) == (0, 0, 0.0, 0.0, 0)
    checked = mt5.order_check(BUY)
    assert checked.retcode == (0 if code == 10009 else code)


def test_with_python_disabled_sending_is_no_result_and_checking_goes_on() -> None:
    attached(tradeapi_disabled=True)
    assert mt5.order_send(BUY) is None
    assert mt5.last_error() == (-8, "Auto-Trading using Python API disabled in Terminal")
    assert mt5.order_check(BUY).retcode == 0
    assert mt5.terminal_info().tradeapi_disabled is True


def test_a_symbol_that_is_closing_only_is_asked_before_the_link() -> None:
    attached(trade_mode=3, disconnected=True)
    assert mt5.order_send(BUY).retcode == 10044


def test_the_account_tells_what_forbids() -> None:
    attached(Rules(trade_expert=False, trade_allowed=False, fifo_close=True, trade_mode=2, limit_orders=7))
    account = mt5.account_info()
    assert (account.trade_expert, account.trade_allowed, account.fifo_close) == (False, False, True)
    assert (account.trade_mode, account.limit_orders, account.margin_mode) == (2, 7, 2)


@pytest.mark.parametrize("hedging,exchange,mode", [(False, False, 0), (False, True, 1), (True, False, 2)])
def test_the_account_tells_how_positions_are_counted(hedging: bool, exchange: bool, mode: int) -> None:
    module.attach(desk(hedging=hedging, exchange=exchange))
    assert mt5.account_info().margin_mode == mode


def test_the_investor_reads_everything() -> None:
    attached(investor=True)
    assert mt5.account_info().trade_allowed is False
    assert mt5.positions_get() == ()
    assert mt5.symbol_info("EURUSD").bid == 1.0845


def test_blanks_by_action_are_those_of_real_answers() -> None:
    """SLTP answers hold no numbers but the request's own, pending ones the order, deletions its echo."""
    attached()
    opened = mt5.order_send(BUY)
    assert opened.deal > 0
    assert (opened.volume, opened.price, opened.bid, opened.ask) == (0.1, 1.08458, 1.0845, 1.08458)
    stops = mt5.order_send({"action": 6, "symbol": "EURUSD", "position": opened.order, "sl": 1.08})
    assert (stops.deal, stops.order, stops.volume, stops.price, stops.bid, stops.ask) == (0, 0, 0.0, 0.0, 0.0, 0.0)
    assert stops.request_id == opened.request_id + 1
    limit = {"action": 5, "symbol": "EURUSD", "volume": 1.0, "type": 2, "price": 1.08, "type_filling": 2}
    placed = mt5.order_send(limit)
    assert (placed.deal, placed.volume, placed.price, placed.bid, placed.ask) == (0, 1.0, 0.0, 0.0, 0.0)
    removed = mt5.order_send({"action": 8, "order": placed.order})
    assert (removed.order, removed.deal, removed.volume, removed.price) == (placed.order, 0, 0.0, 0.0)
