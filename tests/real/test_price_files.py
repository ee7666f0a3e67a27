"""Real price files: each is read, its traps are seen, and a market is played from them."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from fakes.playback import Feed, of_file
from fakes.pricefile import read
from fakes.symbols import STANDARD
from tests.desk import buy, desk

# The synthetic twins of these files are in tests/unit/fakes/test_pricefile.py.


def test_every_file_is_read_in_order_and_every_bar_is_one(real_data: Path) -> None:
    paths = sorted((real_data / "prices").rglob("*.csv*"))
    assert len(paths) > 25
    for path in paths:
        got = read(path)
        assert got.bars, path.name
        for bars in got.bars.values():
            assert len(bars) >= 10, path.name
            assert all(before.time_s < after.time_s for before, after in pairwise(bars))
            assert all(bar.low <= bar.open <= bar.high and bar.low <= bar.close <= bar.high for bar in bars)


def test_rows_of_zeros_are_left_out_and_a_jump_of_months_is_seen(real_data: Path) -> None:
    assert read(real_data / "prices" / "bad_rows_EURCHF_H1_zero_1970.csv").skipped["a price of zero or below"] == 31
    ((before, after),) = read(real_data / "prices" / "gap_5months_BTCUSD_H1.csv").gaps()
    assert (after - before) // 86_400 == 146


@pytest.mark.parametrize(
    "name,symbol,sl_under",
    [
        ("2016-06-24_brexit_GBPUSD_H1.csv", "GBPUSD", 0.0200),
        ("2021-08-09_gold_flash_XAUUSD_H1_with_spread.csv", "XAUUSD", 20.0),
        ("2020-03-12_btc_crash_BTCUSD_H1_with_spread.csv", "BTCUSD", 300.0),
    ],
)
def test_a_stop_is_filled_at_or_under_its_level_in_real_crashes(
    real_data: Path, name: str, symbol: str, sl_under: float
) -> None:
    got = read(real_data / "prices" / "events" / name)
    first = got.bars[""][0]
    start = datetime.fromtimestamp(first.time_s - 7_200, tz=UTC)
    made = desk(STANDARD[symbol], start_utc=start)
    made.set_price(symbol, first.open)
    level = STANDARD[symbol].round(first.open - sl_under)
    buy(made, 0.1, symbol=symbol, sl=level)
    feed = Feed(made, {symbol: of_file(symbol, STANDARD[symbol], got)})
    while made.positions and feed.step():
        pass
    deal = made.deals[-1]
    assert (deal.reason, deal.comment.startswith("[sl ")) == (4, True)
    assert deal.price <= level
