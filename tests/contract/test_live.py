"""The contract over a real terminal, and the open questions about it (marker ``live``, never run by itself).

It reads. With ``--may-trade`` and on a demo account it also places one pending order far from the market, deletes it,
and asks for changes of orders that do not exist. docs/guide/live-contract.md says how to run it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from guard.terminal.client import WorkerTerminal
from guard.terminal.examine import examine
from tests.contract import live
from tests.contract.promises import keeps_its_promises

pytestmark = pytest.mark.live
DAY_S = 86_400
SPELL_S = 3.0


@pytest.fixture(scope="module")
def answers() -> Iterator[live.Answers]:
    made = live.Answers()
    yield made
    made.write()


@pytest.fixture
def terminal() -> Iterator[WorkerTerminal]:
    made = live.worker()
    made.connect()
    yield made
    made.close()


@pytest.fixture
def mt5() -> Iterator[Any]:
    live.told()
    yield from live.connected_module()


@pytest.fixture
def trading(request: pytest.FixtureRequest, mt5: Any) -> Any:
    """The module, where orders may be sent: asked for, and on a demo account."""
    if not request.config.getoption("--may-trade"):
        pytest.skip("reads only: --may-trade was not given")
    account, info = mt5.account_info(), mt5.terminal_info()
    if account.trade_mode != live.DEMO:
        pytest.fail("--may-trade is for demo accounts only: this account is none, nothing was sent")
    if not (info.trade_allowed and account.trade_allowed and account.trade_expert) or info.tradeapi_disabled:
        pytest.skip("this terminal or account does not allow orders from Python")
    return mt5


def until() -> int:
    return int(time.time()) + 2 * DAY_S


def settled(terminal: WorkerTerminal, within_s: float = 15.0) -> dict[str, Any]:
    """A reading with a confirmed clock, or the last one: a closed market confirms nothing."""
    deadline = time.monotonic() + within_s
    document = terminal.read_snapshot()
    while not document["offset_confirmed"] and time.monotonic() < deadline:
        time.sleep(0.25)
        document = terminal.read_snapshot()
    return document


def quoted(mt5: Any) -> Any:
    """A symbol of Market Watch with a price, the best known first."""
    rows = [row for row in mt5.symbols_get() if row.select and row.bid > 0.0 and row.trade_mode == 4]
    if not rows:
        pytest.skip("no symbol in Market Watch has a price")
    return min(rows, key=lambda row: (not row.name.startswith("EURUSD"), row.name))


# ------------------------------------------------------------------------------------------------------- the contract
def test_every_reading_keeps_its_promises(terminal: WorkerTerminal) -> None:
    keeps_its_promises(settled(terminal))
    end = time.monotonic() + SPELL_S
    while time.monotonic() < end:
        keeps_its_promises(terminal.read_snapshot())
        time.sleep(0.2)
    assert terminal.restarts == 0


def test_the_servers_clock_is_confirmed_while_a_market_is_open(terminal: WorkerTerminal, answers: live.Answers) -> None:
    document = settled(terminal)
    answers.note("clock", confirmed=document["offset_confirmed"], offset_s=document.get("server_utc_offset_s"))
    if not document["offset_confirmed"]:
        pytest.skip("nothing ticked: the market is closed")
    assert document["server_utc_offset_s"] % 900 == 0


def test_a_second_reading_through_a_new_worker_is_of_the_same_account(terminal: WorkerTerminal) -> None:
    first = terminal.read_snapshot()["account"]
    terminal.close()
    terminal.connect()
    second = terminal.read_snapshot()["account"]
    assert (first["login"], first["server"]) == (second["login"], second["server"])


# ------------------------------------------------------------------------- open questions, by their number in the page
def test_question_1_does_the_accounts_profit_hold_swap(mt5: Any, answers: live.Answers) -> None:
    rows = mt5.positions_get()
    swap = sum(row.swap for row in rows)
    if abs(swap) < 0.05:
        pytest.skip("no position carries swap: hold some over night")
    profit, shown = sum(row.profit for row in rows), mt5.account_info().profit
    answers.note("1 account.profit holds swap", holds=abs(shown - profit - swap) < abs(shown - profit))
    assert min(abs(shown - profit), abs(shown - profit - swap)) <= 0.01 * (len(rows) + 1) + abs(profit) * 0.01


def test_question_2_two_processes_read_one_terminal(terminal: WorkerTerminal, answers: live.Answers) -> None:
    other = live.worker()
    other.connect()
    took: dict[str, list[float]] = {"first": [], "second": []}
    end = time.monotonic() + SPELL_S
    try:
        while time.monotonic() < end:
            for name, one in (("first", terminal), ("second", other)):
                began = time.monotonic()
                one.read_snapshot()
                took[name].append(time.monotonic() - began)
    finally:
        other.close()
    answers.note("2 two processes", readings={name: len(times) for name, times in took.items()},
                 longest_ms={name: round(max(times) * 1000, 1) for name, times in took.items()})  # fmt: skip
    assert terminal.restarts == other.restarts == 0


def test_question_3_how_a_stop_out_is_recorded(mt5: Any, answers: live.Answers) -> None:
    deals = [deal for deal in mt5.history_deals_get(DAY_S, until()) if deal.reason == 6]
    if not deals:
        pytest.skip("this account never had a stop-out")
    comments, entries = sorted({deal.comment for deal in deals}), [deal.entry for deal in deals]
    answers.note("3 stop-out", comments=comments, entries=entries)
    assert all(deal.entry in {1, 2, 3} for deal in deals)


def test_question_4_what_history_deals_get_takes_as_ticket(mt5: Any, answers: live.Answers) -> None:
    deals = [deal for deal in mt5.history_deals_get(DAY_S, until()) if deal.order not in {0, deal.ticket}]
    if not deals:
        pytest.skip("no deal in the history belongs to an order")
    deal = deals[-1]
    by_deal = [row.ticket for row in mt5.history_deals_get(ticket=deal.ticket)]
    by_order = [row.ticket for row in mt5.history_deals_get(ticket=deal.order)]
    answers.note("4 ticket", by_deal=by_deal == [deal.ticket], by_order=deal.ticket in by_order, found=len(by_deal))
    assert deal.ticket in {*by_deal, *by_order}
    assert max(len(by_deal), len(by_order)) >= 1


def test_question_5_order_calc_margin_under_tiers(mt5: Any, answers: live.Answers) -> None:
    row = quoted(mt5)
    most = min(row.volume_max, 1000.0 * row.volume_min)
    least = mt5.order_calc_margin(0, row.name, row.volume_min, row.ask)
    large = mt5.order_calc_margin(0, row.name, most, row.ask)
    assert least is not None
    assert large is not None
    linear = least * most / row.volume_min
    answers.note("5 margin", lots=most, of_linear=round(large / linear, 4) if linear else None,
                 held=sum(held.volume for held in mt5.positions_get(symbol=row.name)))  # fmt: skip
    assert large >= least


def test_question_7_how_long_calls_take_and_what_symbols_get_costs(mt5: Any, answers: live.Answers) -> None:
    began = time.perf_counter()
    count = len(mt5.symbols_get())
    seconds = time.perf_counter() - began
    told = examine(mt5, live.module_name(), [quoted(mt5).name], time.time())
    answers.note("7 latency", symbols=count, symbols_get_ms=round(seconds * 1000, 1), build=told["terminal"],
                 calls={call["call"]: [call["p50_ms"], call["p99_ms"]] for call in told["calls"]})  # fmt: skip
    assert all(call["failed"] == 0 for call in told["calls"])


def test_question_10_which_side_converts_profit(mt5: Any, answers: live.Answers) -> None:
    currency = mt5.account_info().currency
    rows = [r for r in mt5.symbols_get() if r.select and r.bid > 0.0 and r.currency_profit != currency]
    rows = [r for r in rows if r.trade_tick_value_loss != r.trade_tick_value_profit]
    if not rows:
        pytest.skip("no symbol in Market Watch converts with a spread")
    row = rows[0]
    ticks = 1000
    for side in (0, 1):
        sign = 1.0 if side == 0 else -1.0
        for name, direction in (("gain", sign), ("loss", -sign)):
            end = row.bid + direction * ticks * row.trade_tick_size
            value = mt5.order_calc_profit(side, row.name, 1.0, row.bid, end)
            assert value is not None
            profit, loss = ticks * row.trade_tick_value_profit, ticks * row.trade_tick_value_loss
            nearer = "profit" if abs(abs(value) - profit) <= abs(abs(value) - loss) else "loss"
            answers.note("10 conversion side", **{f"{'buy' if side == 0 else 'sell'} {name}": nearer})
            assert abs(value) == pytest.approx((profit + loss) / 2, rel=0.05)


def test_question_11_what_the_date_0_does(mt5: Any, answers: live.Answers) -> None:
    from_one = mt5.history_deals_total(DAY_S, until())
    from_zero = [mt5.history_deals_total(0, until()) for _ in range(3)]
    answers.note("11 date 0", from_day_one=from_one, from_zero=from_zero)
    assert from_one is not None


def test_question_12_whether_a_positions_profit_holds_its_entry_commission(mt5: Any, answers: live.Answers) -> None:
    for held in mt5.positions_get():
        deals = mt5.history_deals_get(position=held.identifier)
        cost = sum(deal.commission for deal in deals if deal.entry == 0) if deals else 0.0
        bare = mt5.order_calc_profit(held.type, held.symbol, held.volume, held.price_open, held.price_current)
        if abs(cost) >= 0.05 and bare is not None:
            answers.note("12 commission in profit", holds=abs(held.profit - bare - cost) < abs(held.profit - bare))
            return
    pytest.skip("no open position was charged a commission when it was opened")


# --------------------------------------------------------------------------------------- only with --may-trade, on demo
def test_question_6_how_long_a_comment_may_be(trading: Any, answers: live.Answers) -> None:
    row = quoted(trading)
    price = round(row.bid * 0.5 / row.trade_tick_size) * row.trade_tick_size
    for length in (29, 30):
        request = {
            "action": 5, "symbol": row.name, "volume": row.volume_min, "type": 2, "price": round(price, row.digits),
            "type_filling": 2, "type_time": 0, "comment": "x" * length, "magic": 7009,
        }  # fmt: skip
        sent = trading.order_send(request)
        if sent is None:
            answers.note("6 comment", **{str(length): str(trading.last_error())})
            assert length == 30, trading.last_error()
            continue
        kept = [order.comment for order in trading.orders_get(ticket=sent.order)] if sent.order else []
        answers.note("6 comment", **{str(length): {"retcode": sent.retcode, "kept": [len(text) for text in kept]}})
        if sent.order:
            removed = trading.order_send({"action": 8, "order": sent.order})
            assert removed is not None
            assert removed.retcode == 10009, "delete the order at half the price by hand"


def test_question_9_what_unknown_tickets_are_answered(trading: Any, answers: live.Answers) -> None:
    for name, request in (
        ("remove", {"action": 8, "order": 1}),
        ("stops", {"action": 6, "position": 1, "symbol": quoted(trading).name, "sl": 0.0, "tp": 0.0}),
    ):
        sent = trading.order_send(request)
        answers.note("9 unknown tickets", **{name: None if sent is None else sent.retcode})
        assert sent is None or sent.retcode not in {10008, 10009, 10010}
