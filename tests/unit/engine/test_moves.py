"""What-if moves against the simulated broker that makes them, and by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

import fakes.metatrader5 as mt5
from fakes.broker import Broker
from fakes.terms import Terms as Group
from guard.engine.moves import Add, Close, Leverage, Move, Pay, Prices, Projected, SetStop, hedge_of, project
from guard.engine.step import step
from guard.metrics.account import Context
from guard.metrics.compute import Metrics
from guard.model.snapshot import Snapshot
from guard.model.snapshot_json import read_snapshot
from guard.terminal.reader import Reader
from tests.books import account, limit, policy, position, run, snapshot, symbol

START = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _detached() -> Iterator[None]:
    yield
    mt5.detach()


def seen(broker: Broker) -> Snapshot:
    mt5.attach(broker)
    reader = Reader(mt5, lambda: (START, 0.0))
    document: Any = reader.snapshot()
    assert not reader.errors
    for name in broker.specs:  # a trader plans in symbols that are not held yet
        document["symbols"].setdefault(name, mt5.symbol_info(name)._asdict())
        document["ticks"].setdefault(name, mt5.symbol_info_tick(name)._asdict())
    return read_snapshot(document)


def book(currency: str = "USD", **over: Any) -> Broker:
    broker = Broker(balance=20_000.0, currency=currency, start_utc=START, **over).add_standard()
    broker.open("buy", "EURUSD", 0.5)
    broker.open("sell", "USDJPY", 0.7)
    broker.open("buy", "XAUUSD", 0.1)
    if broker.hedging:
        broker.open("sell", "EURUSD", 0.2)
    broker.set_prices({"EURUSD": 1.0901, "USDJPY": 150.42, "XAUUSD": 2641.1})
    return broker


def after(broker: Broker, *moves: Move, commission: float | None = None) -> Projected:
    return project(seen(broker), Context(), moves, commission)


def ticket(broker: Broker, name: str) -> int:
    return next(p.ticket for p in broker.positions if p.symbol == name)


def closed_gold(broker: Broker) -> None:
    broker.close(ticket(broker, "XAUUSD"))


def moved_prices(broker: Broker) -> None:
    broker.set_prices({"EURUSD": 1.0642, "USDJPY": 145.1, "GBPUSD": 1.30})


def paid(broker: Broker) -> None:
    broker.deposit(1500.0)


CASES: dict[str, tuple[Callable[[Broker], list[Move]], Callable[[Broker], object]]] = {
    "add to what is held": (lambda _: [Add("EURUSD", 1, 0.4)], lambda b: b.open("buy", "EURUSD", 0.4)),
    "a new symbol": (lambda _: [Add("GBPJPY", -1, 0.3)], lambda b: b.open("sell", "GBPJPY", 0.3)),
    "the other side": (lambda _: [Add("USDJPY", 1, 0.5)], lambda b: b.open("buy", "USDJPY", 0.5)),
    "close all of one": (lambda b: [Close(ticket(b, "XAUUSD"))], closed_gold),
    "close a part": (lambda b: [Close(ticket(b, "USDJPY"), 0.3)], lambda b: b.close(ticket(b, "USDJPY"), 0.3)),
    "pay in": (lambda _: [Pay(1500.0)], paid),
    "prices": (lambda _: [Prices({"EURUSD": 1.0642, "USDJPY": 145.1, "GBPUSD": 1.30})], moved_prices),
}


@pytest.mark.parametrize("currency", ["USD", "EUR"])
@pytest.mark.parametrize("hedging", [True, False], ids=["hedging", "netting"])
@pytest.mark.parametrize("name", CASES)
def test_the_simulated_broker_agrees_on_equity_and_margin(name: str, hedging: bool, currency: str) -> None:
    broker = book(currency, hedging=hedging)
    make, do = CASES[name]
    found = after(broker, *make(broker))
    twin = broker.twin()
    do(twin)
    a = found.snapshot.account
    assert a.balance == pytest.approx(twin.balance, abs=0.011)
    assert a.equity == pytest.approx(twin.equity, abs=0.06)
    # In euros a position's margin keeps the rate of its opening, which no terminal tells.
    assert a.margin == pytest.approx(twin.margin, rel=2e-4 if currency == "USD" else 1e-3)
    assert found.margin_how == "formula"


def test_a_leverage_cut_is_charged_as_the_simulated_broker_charges_it() -> None:
    broker = book()
    found = after(broker, Leverage(25)).snapshot.account
    broker.leverage = 25
    broker.changed()
    assert found.margin == pytest.approx(broker.margin, rel=1e-6)
    assert found.leverage == 25


def test_the_broker_s_own_margin_rates_scale_what_is_new_and_are_called_an_estimate() -> None:
    found = project(read_snapshot(snapshot([position(1, 0.1)], account=account(margin=330.0))), Context(),
                    [Add("EURUSD", 1, 0.1)])  # fmt: skip
    # The formula gives 110; 330 are charged: three times. The new one is bought at 1.1002: 110.02 x 3.
    assert found.margin_how == "estimate"
    assert found.snapshot.account.margin == pytest.approx(330.0 + 110.02 * 3)
    assert "3.00 times" in found.notes[0]


def test_yen_falling_on_a_dollar_account_converts_at_the_price_it_falls_to() -> None:
    held = position(1, 1.0, symbol="USDCHF", price_open=1.02, price_current=1.02)
    franc = symbol("USDCHF", bid=1.02, trade_tick_value=0.98, trade_tick_value_profit=0.98, trade_tick_value_loss=0.98)
    document = snapshot([held], symbols={"USDCHF": franc}, account=account(margin=1000.0))
    found = project(read_snapshot(document), Context(), [Prices({"USDCHF": 0.85})])
    assert found.snapshot.account.equity == pytest.approx(10_000 - 20_000)
    assert found.snapshot.account.margin == 1000.0
    assert Metrics(found.snapshot).by_symbol["USDCHF"].flagged is False  # type: ignore[index]


def test_what_is_closed_comes_into_the_balance_and_its_margin_goes_with_commission_named() -> None:
    document = snapshot([position(1, 0.1, profit=-40.0, swap=-2.0, price_current=1.096)],
                        account=account(10_000, equity=9_958.0, margin=110.0))  # fmt: skip
    found = project(read_snapshot(document), Context(), [Close(1)], commission=7.0).snapshot
    assert found.account.balance == pytest.approx(10_000 - 42 - 0.7)
    assert found.account.equity == pytest.approx(9_958 - 0.7)
    assert (found.account.margin, found.positions) == (0.0, ())
    assert found.deals is not None
    assert found.deals[-1].net == pytest.approx(-42.7)


@pytest.mark.parametrize("hedging", [True, False], ids=["hedging", "netting"])
@pytest.mark.parametrize("side,lots", [(1, 0.1), (-1, 0.25)])
def test_commission_of_an_entry_is_explained_by_a_deal_so_that_loss_rules_stay_known(
    hedging: bool, side: int, lots: float
) -> None:
    money = account(margin=110.0, margin_mode=2 if hedging else 0)
    document = snapshot([position(1, 0.1, profit=-5.0, price_current=1.0995)], account=money | {"equity": 9_995.0})
    before = run(document, limit("period_loss", limit={"value": 3.0, "unit": "pct", "basis": "anchor"}))
    found = project(read_snapshot(document), Context(), [Add("EURUSD", side, lots)], commission=7.0).snapshot
    assert found.account.balance == pytest.approx(10_000 - 7.0 * lots - (0.0 if hedging or side > 0 else 5.0))
    after = step(found, before.state, policy(limit("period_loss", limit={"value": 3.0, "unit": "pct",
                                                                         "basis": "anchor"})))  # fmt: skip
    assert after.verdicts[0].utilization_pct is not None


def test_closing_one_leg_of_a_free_hedge_raises_the_margin() -> None:
    broker = Broker(balance=5_000.0, start_utc=START, terms=Group()).add_standard(["EURUSD"])
    spec = broker.specs["EURUSD"]
    from dataclasses import replace  # noqa: PLC0415 - one test only

    broker.specs["EURUSD"] = replace(spec, margin_hedged=0.0)
    broker.open("buy", "EURUSD", 1.0)
    sold = broker.open("sell", "EURUSD", 1.0)
    assert broker.margin == 0.0
    found = after(broker, Close(sold)).snapshot.account
    broker.close(sold)
    assert found.margin == pytest.approx(broker.margin, rel=1e-6)
    assert found.margin is not None
    assert found.margin > 1000.0


def test_a_hedge_is_the_opposite_of_every_net_exposure() -> None:
    broker = book()
    m = Metrics(seen(broker))
    assert m.by_symbol is not None
    assert hedge_of(m.by_symbol.values()) == [
        Add("EURUSD", -1, 0.3), Add("USDJPY", 1, 0.7), Add("XAUUSD", -1, 0.1),
    ]  # fmt: skip


def test_a_stop_is_moved_and_nothing_else() -> None:
    before = read_snapshot(snapshot([position(1, 0.1)], account=account(margin=110.0)))
    found = project(before, Context(), [SetStop(1, 1.09)]).snapshot
    assert found.positions is not None
    assert found.positions[0].sl == 1.09
    assert found.account == before.account


@pytest.mark.parametrize("move,says", [
    (Close(9), "there is no position 9"),
    (Close(1, 0.2), "has 0.1 lots; 0.2 cannot be closed"),
    (SetStop(9, 1.0), "there is no position 9"),
    (Add("GBPUSD", 1, 1.0), "GBPUSD is not in this snapshot"),
])  # fmt: skip
def test_what_cannot_be_done_says_so(move: Move, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        project(read_snapshot(snapshot([position(1, 0.1)])), Context(), [move])


def test_unknown_stays_unknown() -> None:
    silent = symbol(trade_contract_size=0.0, trade_tick_value=0.0, trade_tick_value_loss=0.0)
    untold = read_snapshot(snapshot([position(1)], symbols={"EURUSD": silent}))
    found = project(untold, Context(), [Prices({"EURUSD": 1.05})]).snapshot
    assert found.account.equity is None
    assert any("position 1" in gap.sentence for gap in found.gaps)
    nothing = read_snapshot(snapshot([position(1)], account=account(margin=110.0, leverage=None)))
    found = project(nothing, Context(), [Add("EURUSD", 1, 0.1)]).snapshot
    assert found.account.margin is None
    assert any("margin" in gap.path for gap in found.gaps)
