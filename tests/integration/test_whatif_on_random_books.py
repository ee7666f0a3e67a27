"""Prices and closes of random accounts, in every calculation mode: what-if against the simulated broker."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

import fakes.metatrader5 as mt5
from fakes.broker import Broker
from fakes.ledger import Rejected
from guard.engine.moves import Close, Prices, project
from guard.metrics.account import Context
from tests.books_vs_broker import _snapshot
from tests.our_figures import our_rate
from tests.random_books import draw

BOOKS = 60


@pytest.fixture(autouse=True)
def _detached() -> Iterator[None]:
    yield
    mt5.detach()


def drawn(number: int) -> Broker:
    def convert(broker: Broker, name: str, side: int) -> float:
        mt5.attach(broker)
        return our_rate(name, side)

    mt5.detach()
    broker = draw(7, number, convert).broker
    mt5.attach(broker)
    return broker


def test_equity_at_other_prices_is_the_broker_s_in_every_mode() -> None:
    compared = told = 0
    for number in range(BOOKS):
        broker = drawn(number)
        snapshot, chance = _snapshot(), random.Random(number)
        names = [name for name in broker.specs if name in snapshot.symbols]
        bids = {
            name: broker.specs[name].round(broker.quotes[name].bid * (1 + chance.uniform(-0.02, 0.02)))
            for name in chance.sample(names, min(3, len(names)))
        }
        twin = broker.twin()
        spreads = {name: broker.quotes[name].ask - broker.quotes[name].bid for name in bids}
        twin.set_quotes({name: (bid, bid + spreads[name]) for name, bid in bids.items()})
        if len(twin.positions) != len(broker.positions):
            continue  # a stop, a pending order or the stop-out came on the way: what-if leaves them alone
        compared += 1
        found = project(snapshot, Context(), [Prices(bids)]).snapshot
        if found.account.equity is None:
            assert any("collateral" in gap.sentence for gap in found.gaps)
            continue
        told += 1
        assert snapshot.account.equity is not None
        ours, theirs = found.account.equity - snapshot.account.equity, twin.equity - broker.equity
        cents = 10.0**-broker.digits * 2 * (len(broker.positions) + 1)
        assert ours == pytest.approx(theirs, rel=1e-3, abs=cents), number
    assert compared > 0.8 * BOOKS
    assert told > 0.8 * compared


def test_margin_after_a_close_is_the_broker_s_where_it_is_not_called_an_estimate() -> None:
    by_formula = 0
    for number in range(BOOKS):
        broker = drawn(number)
        snapshot, chance = _snapshot(), random.Random(number)
        if not broker.positions:
            continue
        ticket = chance.choice(broker.positions).ticket
        twin = broker.twin()
        try:
            twin.close(ticket)
        except Rejected:
            continue
        found = project(snapshot, Context(), [Close(ticket)])
        if found.snapshot.account.margin is None or found.margin_how != "formula":
            assert found.notes or found.snapshot.gaps
            continue
        by_formula += 1
        assert found.snapshot.account.margin == pytest.approx(twin.margin, rel=0.02, abs=0.02 * broker.margin), number
    assert by_formula >= 5
