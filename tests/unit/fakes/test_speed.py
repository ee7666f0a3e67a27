"""A simulation campaign needs many ticks: what one costs, with a bound far above what is usual."""

from __future__ import annotations

import time

from fakes.market import Market
from fakes.symbols import STANDARD
from tests.desk import ask, buy, desk

TICKS = 5_000
LEAST_A_SECOND = 2_000  # 25,000 is usual on two slow cores


def test_ticks_with_a_few_positions_are_cheap() -> None:
    made = desk(*(STANDARD[name] for name in ("EURUSD", "GBPUSD", "USDJPY", "XAUUSD")), balance=100_000.0)
    for name in ("EURUSD", "GBPUSD", "USDJPY", "XAUUSD"):
        buy(made, 0.1, symbol=name)
    ask(made, action=5, type=2, price=1.05)
    began = time.perf_counter()
    for number in range(TICKS):
        made.advance(0.1)
        made.set_price("EURUSD", 1.0845 + number % 50 * 1e-5)
    assert TICKS / (time.perf_counter() - began) > LEAST_A_SECOND


def test_a_quiet_year_of_days_with_orders_in_the_history_does_not_slow_down() -> None:
    """Trades in the history cost nothing when the next one is made: 2,000 trades, early and late ones compared."""
    made = desk(balance=1_000_000.0)
    market = Market(made, 1, step_s=60.0)

    def trades(count: int) -> float:
        began = time.perf_counter()
        for _ in range(count):
            market.step()
            made.close(made.open("buy", "EURUSD", 0.01))
        return time.perf_counter() - began

    early, _, late = trades(400), trades(1_200), trades(400)
    assert late < 5 * early + 0.2
