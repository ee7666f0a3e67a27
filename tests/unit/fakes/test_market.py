"""Markets drawn from a seed."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

from fakes.hours import FX_HOURS
from fakes.market import Market, Temper
from fakes.symbols import STANDARD
from tests.desk import desk, euro


def path(seed: int, *others: str, steps: int = 500, temper: Temper | None = None) -> list[tuple[float, float]]:
    made = desk(STANDARD["EURUSD"], *(STANDARD[name] for name in others))
    market = Market(made, seed, temper=temper)
    seen = []
    for _ in range(steps):
        market.step()
        quote = made.quotes["EURUSD"]
        seen.append((quote.bid, quote.ask))
    return seen


def test_the_same_seed_draws_the_same_and_another_symbol_does_not_disturb_it() -> None:
    assert path(1) == path(1) == path(1, "XAUUSD", "USDJPY") != path(2)


def test_prices_move_as_much_as_the_symbol_usually_does() -> None:
    hours = [path(seed, steps=3600)[-1][0] / 1.0845 - 1 for seed in range(12)]
    size = (sum(move * move for move in hours) / len(hours)) ** 0.5
    assert 0.0007 < size < 0.0030  # 0.15 % an hour, drawn twelve times


def test_ask_is_never_under_bid_and_jumps_are_jumps() -> None:
    drawn = path(3, steps=2_000, temper=Temper(jumps_a_day=800.0, jump_pct=1.0))
    assert all(ask >= bid for bid, ask in drawn)
    moves = [abs(after[0] / before[0] - 1) for before, after in pairwise(drawn)]
    assert 5 <= sum(1 for move in moves if move > 0.003) <= 40


def test_over_a_weekend_the_clock_jumps_prices_gap_and_spreads_are_wide_at_first() -> None:
    made = desk(euro(hours=FX_HOURS), start_utc=datetime(2026, 3, 6, 21, 54, tzinfo=UTC))
    market = Market(made, 5, temper=Temper(gap_pct=2.0, thin_spread=10.0))
    market.run(59)
    before = made.quotes["EURUSD"]
    market.run(48 * 3600 + 20 * 60)
    bars = made.bars.read("EURUSD", 1)
    assert bars is not None
    opening = next(bar for bar in bars if bar[0] * 1000 > before.time_msc + 3_600_000)
    assert abs(opening[1] / before.bid - 1) > 0.002
    assert opening[6] > 4 * 0.00008
    weekday = datetime.fromtimestamp(opening[0], tz=UTC)
    assert (weekday.weekday(), weekday.hour, weekday.minute) == (0, 0, 5)
    assert made.quotes["EURUSD"].time_msc > before.time_msc


def test_a_price_never_falls_to_zero() -> None:
    drawn = path(4, steps=300, temper=Temper(volatility=30_000.0))
    assert min(bid for bid, _ in drawn) > 0
