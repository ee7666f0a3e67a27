"""Thousands of random requests on every kind of account: the books stay true, and the same seed gives them again."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from fakes import trading
from fakes.broker import Broker
from fakes.dealer import Dealer
from fakes.hours import METAL_HOURS
from fakes.ledger import WORDS
from fakes.market import Market, Temper
from fakes.rules import Rules
from fakes.symbols import STANDARD
from tests.desk import START

KINDS: dict[str, dict[str, Any]] = {
    "hedging": {},
    "netting": {"hedging": False},
    "exchange": {"hedging": False, "exchange": True},
    "fifo": {"rules": Rules(fifo_close=True, hedge_prohibited=True)},
}
SYMBOLS = ("EURUSD", "USDJPY", "XAUUSD")


def account(kind: str, seed: int) -> Broker:
    dealer = Dealer(
        seed=seed, slippage=5, requotes=0.1, rejects=0.05, liquidity={"EURUSD": 0.7, "XAUUSD": 0.3},
    )  # fmt: skip
    options = KINDS[kind] | ({"rules": replace(KINDS[kind]["rules"])} if "rules" in KINDS[kind] else {})
    made = Broker(balance=20_000.0, start_utc=START, commission_per_lot=3.0, seed=seed, dealer=dealer, **options)
    made.add_symbol(replace(STANDARD["EURUSD"], swap_long=-6.0, swap_short=2.0, freeze_level=5, stops_level=10))
    made.add_symbol(replace(STANDARD["USDJPY"], execution=1, volume_limit=3.0, swap_mode=7, swap_long=-3.0))
    made.add_symbol(replace(STANDARD["XAUUSD"], hours=METAL_HOURS, rate_pending=0.5))
    return made


def request(made: Broker, rng: Random) -> dict[str, Any]:
    """A request that is often right and sometimes not."""
    name = rng.choice(SYMBOLS)
    spec, quote = made.specs[name], made.quotes[name]
    away = rng.choice((-1, 1)) * quote.bid * rng.uniform(0.0, 0.004)
    level = spec.round(quote.bid + away)
    held, orders = made.positions, made.orders
    lots = round(rng.uniform(0.01, 1.5) if rng.random() < 0.95 else rng.uniform(10, 40), rng.choice((2, 2, 2, 3)))
    fields: dict[str, Any] = {"symbol": name, "volume": lots, "deviation": rng.randint(0, 30)}
    action = rng.choice((1, 1, 1, 5, 5, 6, 7, 8, 10))
    if action == 1:
        side = rng.choice((0, 1))
        fields |= {"type": side, "price": quote.opening(1 if side == 0 else -1)}
        fields["type_filling"] = rng.choice((0, 1, 1, 2))
        if held and rng.random() < 0.6:
            one = rng.choice(held)
            fields |= {"position": one.ticket, "symbol": one.symbol, "type": 1 if one.side > 0 else 0}
            fields["price"] = made.quotes[one.symbol].closing(one.side)
            fields["volume"] = rng.choice((one.volume, fields["volume"]))
        elif rng.random() < 0.4:
            fields |= {rng.choice(("sl", "tp")): level}
    elif action == 5:
        kind = rng.randint(2, 7)
        fields |= {"type": kind, "price": level, "type_filling": 2, "type_time": rng.choice((0, 0, 1))}
        fields["stoplimit"] = spec.round(level + quote.bid * 0.0005 * (-1 if kind == 6 else 1))
    elif action == 10 and len(held) > 1:
        one, other = rng.sample(held, 2)
        fields |= {"position": one.ticket, "position_by": other.ticket}
    if action in {6, 7} and (held if action == 6 else orders):
        fields |= {"position": rng.choice(held).ticket} if action == 6 else {"order": rng.choice(orders).ticket}
        fields |= {"sl": rng.choice((0.0, level)), "tp": 0.0, "price": level}
    if action == 8 and orders:
        fields["order"] = rng.choice(orders).ticket
    return trading.full(action=action, **fields)


def check_books(made: Broker) -> None:
    """What must be true of any books at any time."""
    booked = sum(d.profit + d.swap + d.commission for d in made.deals if d.type != 3)
    assert made.balance == pytest.approx(booked, abs=0.01)
    volume: dict[int, float] = defaultdict(float)
    for deal in made.deals:
        if deal.type in {0, 1}:
            volume[deal.position_id] += deal.volume if deal.type == 0 else -deal.volume
    open_now = {p.identifier: p.side * p.volume for p in made.positions}
    for identifier, lots in volume.items():
        assert lots == pytest.approx(open_now.get(identifier, 0.0), abs=1e-6)
    tickets = [o.ticket for o in (*made.history, *made.orders)]
    assert len(tickets) == len(set(tickets))
    assert all(order.state in {0, 1, 3} for order in made.orders)
    assert all(order.state in {2, 4, 5, 6} and order.done_msc for order in made.history)
    assert all(p.volume > 0 for p in made.positions)
    if not made.hedging:
        assert len({p.symbol for p in made.positions}) == len(made.positions)


def soak(kind: str, seed: int, requests: int = 700) -> tuple[Broker, list[int]]:
    made, rng = account(kind, seed), Random(seed)
    market = Market(made, seed, step_s=20.0, temper=Temper(volatility=3.0, jumps_a_day=20.0))
    codes = []
    for number in range(requests):
        market.step()
        asked = request(made, rng)
        if number % 17 == 0:
            made.dealer.script(delay_s=30.0, action=1)
        before = (made.balance, len(made.deals), [replace(p) for p in made.positions], len(made.orders), made.margin)
        checked = trading.check(made, asked)["retcode"]
        assert before == (made.balance, len(made.deals), made.positions, len(made.orders), made.margin)
        codes.append(trading.send(made, asked)["retcode"])
        if codes[-1] not in {10004, 10006, 10008, 10009, 10010}:  # the dealer was not asked: both answers agree
            assert checked in {codes[-1], 10019}
        if number % 50 == 0:
            made.advance(3_600)
            check_books(made)
        if made.equity < 5_000:
            made.deposit(20_000.0)
    check_books(made)
    return made, codes


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_the_books_stay_true(kind: str, seed: int) -> None:
    made, codes = soak(kind, seed)
    assert set(codes) <= set(WORDS)
    assert codes.count(10009) > 50
    assert len(made.deals) > 50


def test_the_soak_meets_most_of_what_there_is() -> None:
    runs = [soak(kind, 11, 1_500) for kind in KINDS]
    assert {code for _, codes in runs for code in codes} >= {
        10004, 10006, 10008, 10009, 10010, 10013, 10014, 10015, 10016, 10018, 10019, 10025, 10030,
        10034, 10045, 10046,
    }  # fmt: skip
    assert {deal.reason for made, _ in runs for deal in made.deals} >= {0, 3, 4, 5, 7}
    assert {deal.entry for made, _ in runs for deal in made.deals} == {0, 1, 2, 3}
    assert {order.state for made, _ in runs for order in made.history} == {2, 4, 5, 6}


def test_the_same_seed_gives_the_same_books_to_the_last_deal() -> None:
    first, second, other = soak("hedging", 7, 300), soak("hedging", 7, 300), soak("hedging", 8, 300)
    assert first[1] == second[1] != other[1]
    assert first[0].deals == second[0].deals
    assert first[0].positions == second[0].positions
