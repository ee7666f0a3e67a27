"""An account made of plain options, and what moves it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fakes.ledger import Rejected
from fakes.live import Live
from tests.desk import START

AT = START.isoformat()


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = START.timestamp()

    def __call__(self) -> float:
        return self.now


def live(clock: Clock | None = None, **options: Any) -> Live:
    """Through JSON, as options come in from outside."""
    return Live(json.loads(json.dumps({"start": AT} | options)), clock or Clock())


def test_rules_dealer_terms_and_specs_reach_the_broker() -> None:
    made = live(
        hedging=False, exchange=True, rules={"fifo_close": True, "limit_orders": 3}, dealer={"rejects": 1.0},
        terms={"free_margin": "loss"}, symbols=["EURUSD"],
        specs={"EURUSD": {"hours": {"Tue": ["12:00-13:00"]}, "tiers": [[5.0, 50], [10.0, 20]], "stops_level": 7}},
    ).broker  # fmt: skip
    assert (made.exchange_account, made.rules.fifo_close, made.rules.limit_orders) == (True, True, 3)
    assert (made.dealer.rejects, made.terms.free_margin) == (1.0, "loss")
    spec = made.specs["EURUSD"]
    assert (spec.stops_level, spec.tiers[1].leverage, made.is_open("EURUSD")) == (7, 20, False)
    with pytest.raises(Rejected, match="Market closed"):
        made.open("buy", "EURUSD", 0.1)


def test_a_symbol_of_ones_own() -> None:
    own = {
        "price": 10.0, "digits": 2, "contract_size": 1.0, "currency_base": "USD", "currency_profit": "USD",
        "spread": 0.02, "hours": "stock",
    }  # fmt: skip
    made = live(symbols=["EURUSD", "OWN"], specs={"OWN": own}).broker
    assert (made.quotes["OWN"].bid, made.is_open("OWN")) == (10.0, False)


def test_positions_and_orders_of_every_kind() -> None:
    made = live(
        positions=[{"symbol": "EURUSD", "side": "sell", "lots": 0.2, "by": 1, "magic": 4}],
        pendings=[{"type": 6, "symbol": "EURUSD", "lots": 0.1, "price": 1.09, "stoplimit": 1.089, "type_time": 1}],
    ).broker  # fmt: skip
    assert [(p.side, p.reason, p.magic) for p in made.positions] == [(-1, 1, 4)]
    assert [(o.type, o.stoplimit, o.type_time) for o in made.orders] == [(6, 1.089, 1)]


def test_a_closed_market_has_no_ticks_and_opens_where_it_has_gone_meanwhile() -> None:
    clock = Clock()
    made = live(clock, symbols=["EURUSD"], step_s=1.0, specs={"EURUSD": {"hours": {"Tue": ["11:10-12:00"]}}})
    first = made.broker.quotes["EURUSD"]
    clock.now += 599
    made.catch_up()
    assert made.broker.quotes["EURUSD"] == first
    clock.now += 1
    made.catch_up()
    assert made.broker.quotes["EURUSD"].time_msc == first.time_msc + 600_000


def test_a_drawn_market_moves_with_the_clock_and_its_seed() -> None:
    def quotes(seed: int) -> list[float]:
        clock = Clock()
        made = live(clock, seed=seed, market={"jumps_a_day": 50.0}, step_s=1.0)
        clock.now += 600
        made.catch_up()
        return [quote.bid for quote in made.broker.quotes.values()]

    assert quotes(1) == quotes(1) != quotes(2)


ROWS = "time,open,high,low,close\n2020-03-09 00:00:00,1.10,1.12,1.09,1.11\n2020-03-09 00:01:00,1.11,1.13,1.10,1.12\n"


def test_recorded_prices_are_moved_to_begin_with_the_account(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(ROWS, encoding="utf-8")
    clock = Clock()
    made = live(clock, prices={"EURUSD": str(tmp_path / "x.csv")}, symbols=["EURUSD"], step_s=1.0)
    assert (made.broker.quotes["EURUSD"].bid, made.broker.now_utc) == (1.10, START)
    clock.now += 30
    made.catch_up()
    assert (made.broker.quotes["EURUSD"].bid, made.broker.now_utc.timestamp()) == (1.12, clock.now)
    clock.now += 30
    made.catch_up()
    assert made.broker.quotes["EURUSD"].bid == 1.11


def test_or_the_accounts_clock_begins_with_them(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(ROWS, encoding="utf-8")
    made = live(prices={"EURUSD": str(tmp_path / "x.csv")}, recorded_times=True, speed=60.0)
    assert made.broker.server_now_s == 1_583_712_000
    assert made.broker.now_utc.isoformat() == "2020-03-08T22:00:00+00:00"


def test_what_is_held_at_the_beginning_was_traded_before_whatever_is_forbidden_now() -> None:
    made = live(
        positions=[{"symbol": "EURUSD", "side": "buy", "lots": 0.2}] * 2, dealer={"rejects": 1.0},
        rules={"trade_allowed": False, "limit_positions": 1, "positions_lag_s": 5.0},
        specs={"EURUSD": {"hours": {"Sun": ["12:00-13:00"]}}},
    ).broker  # fmt: skip
    assert len(made.positions) == len(made.shown.positions(made)) == 2
    assert (made.is_open("EURUSD"), made.rules.trade_allowed, made.dealer.rejects) == (False, False, 1.0)
