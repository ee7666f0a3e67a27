"""Price files as terminals export them and people keep them, and their traps."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from fakes.playback import Feed, Tick, of_bars, of_file
from fakes.pricefile import PriceBar, PriceFile, PriceFileError, PriceTick, read
from fakes.symbols import STANDARD
from tests.desk import buy, desk

NATIVE = (
    "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
    "2026.02.16\t02:07:00\t5010.50\t5014.78\t5010.50\t5014.77\t271\t0\t19\n"
    "2026.02.16\t02:08:00\t5014.77\t5016.59\t5013.07\t5014.44\t407\t0\t0\n"
)
AT = 1_771_207_620  # 2026-02-16 02:07 on the server's clock


def file(tmp_path: Path, text: str, name: str = "prices.csv", encoding: str = "utf-8") -> PriceFile:
    path = tmp_path / name
    raw = text.encode(encoding)
    path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return read(path)


@pytest.mark.parametrize("name,encoding", [("x.csv", "utf-8"), ("x.csv", "utf-16"), ("x.csv.gz", "utf-8-sig"),
                                           ("x.csv.gz", "utf-16")])  # fmt: skip
def test_a_native_export_in_every_wrapping(tmp_path: Path, name: str, encoding: str) -> None:
    got = file(tmp_path, NATIVE, name, encoding)
    assert got.bars == {
        "": [
            PriceBar(AT, 5010.5, 5014.78, 5010.5, 5014.77, 271, 19),
            PriceBar(AT + 60, 5014.77, 5016.59, 5013.07, 5014.44, 407, 0),
        ]
    }
    assert not got.skipped


@pytest.mark.parametrize(
    "text,spread",
    [
        ("time,open,high,low,close,tick_volume\n2015-01-19 00:00:00,0.99,1.0,0.98,0.995,7955\n", None),
        ("time,open,high,low,close,volume\n2015.01.19 00:00,0.99,1.0,0.98,0.995,7955\n", None),
        ("time,open,high,low,close,tick_volume,real_volume,spread\n2015-01-19,0.99,1.0,0.98,0.995,7955,0,12\n", 12),
        (",time,open,high,low,close,tick_volume,spread,Symbol\n0,2015-01-19,0.99,1,0.98,0.995,7955,12,\n", 12),
        ("Time;Open;High;Low;Close;Volume\n19.01.2015 00:00;0.99;1.0;0.98;0.995;7955\n", None),
    ],
)  # fmt: skip
def test_the_other_formats(tmp_path: Path, text: str, spread: int | None) -> None:
    got = file(tmp_path, text)
    assert got.bars == {"": [PriceBar(1_421_625_600, 0.99, 1.0, 0.98, 0.995, 7955, spread)]}


def test_bars_of_zero_from_1970_and_other_impossible_ones_are_left_out_and_counted(tmp_path: Path) -> None:
    head = "time,open,high,low,close,volume\n"
    rows = (
        "1970.01.01 00:00,0.000000,0.000000,0.000000,0.000000,0\n" * 31
        + "2015-01-20,1.0,1.1,0.9,1.05,5\n2015-01-19,1.0,1.1,0.9,1.05,5\n2015-01-19,1.0,1.2,0.9,1.05,5\n"
        + "2015-01-21,1.0,0.95,0.9,1.05,5\n2015-01-22,nan,1.1,0.9,1.0,5\nyesterday,1,1,1,1,1\n\n"
    )
    got = file(tmp_path, head + rows)
    assert [(bar.time_s, bar.high) for bar in got.bars[""]] == [(1_421_625_600, 1.2), (1_421_712_000, 1.1)]
    assert got.skipped == {
        "a price of zero or below": 31, "the same time again": 1, "high and low do not hold open and close": 1,
        "no number": 1, "no time": 1,
    }  # fmt: skip


def test_several_symbols_in_one_file(tmp_path: Path) -> None:
    text = "time,open,high,low,close,Symbol\n2022-09-16,1,1,1,1,EURUSD\n2022-09-16,2,2,2,2,GBPUSD\n"
    got = file(tmp_path, text)
    assert {name: len(bars) for name, bars in got.bars.items()} == {"EURUSD": 1, "GBPUSD": 1}
    assert next(of_file("GBPUSD", STANDARD["GBPUSD"], got)).bid == 2
    with pytest.raises(PriceFileError, match="no prices of USDJPY, but of EURUSD, GBPUSD"):
        of_file("USDJPY", STANDARD["USDJPY"], got)


def test_ticks_whose_unchanged_side_is_empty(tmp_path: Path) -> None:
    text = (
        "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\n2026.02.16\t02:07:00.250\t1.0845\t1.0846\t\t\n"
        "2026.02.16\t02:07:01.500\t1.0844\t\t\t\n2026.02.16\t02:07:02.000\t0\t1.0846\t\t\n"
    )
    got = file(tmp_path, text)
    assert got.ticks == {"": [PriceTick(AT * 1000 + 250, 1.0845, 1.0846), PriceTick(AT * 1000 + 1500, 1.0844, 1.0846)]}
    assert sum(got.skipped.values()) == 1


def test_gaps_are_found(tmp_path: Path) -> None:
    rows = "".join(f"2026-01-01 {hour:02}:00:00,1,1,1,1\n" for hour in range(10)) + "2026-05-27 00:00:00,1,1,1,1\n"
    got = file(tmp_path, "time,open,high,low,close\n" + rows)
    assert got.gaps() == [(1_767_258_000, 1_779_840_000)]


@pytest.mark.parametrize(
    "text,said",
    [("", "is empty"), ("hello\n1\n", "does not name the columns"), ("time,open\n1,2\n", "name the columns")],
)
def test_what_is_no_price_file_says_so_and_names_itself(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(PriceFileError, match=f"prices.csv: .*{said}"):
        file(tmp_path, text)


def test_a_file_that_is_not_there_or_not_text_says_so(tmp_path: Path) -> None:
    with pytest.raises(PriceFileError, match="cannot be read"):
        read(tmp_path / "none.csv")
    (tmp_path / "x.csv.gz").write_bytes(b"not gzip")
    with pytest.raises(PriceFileError, match="cannot be read"):
        read(tmp_path / "x.csv.gz")
    (tmp_path / "x.csv").write_bytes(b"\x80\x81\x82")
    with pytest.raises(PriceFileError, match="cannot be read"):
        read(tmp_path / "x.csv")


def test_a_bar_is_four_ticks_with_the_nearer_extreme_first() -> None:
    gold = STANDARD["XAUUSD"]
    bars = [PriceBar(AT, 10.0, 14.0, 9.0, 13.0, 5, 19), PriceBar(AT + 60, 13.0, 13.5, 11.0, 12.0, 5, 0)]
    ticks = list(of_bars("XAUUSD", gold, bars))
    assert [tick.bid for tick in ticks] == [10.0, 9.0, 14.0, 13.0, 13.0, 13.5, 11.0, 12.0]
    assert [tick.time_msc - AT * 1000 for tick in ticks] == [0, 15_000, 30_000, 45_000, 60_000, 75_000, 90_000, 105_000]
    assert round(ticks[0].ask - ticks[0].bid, 2) == 0.19
    assert round(ticks[4].ask - ticks[4].bid, 2) == 0.25  # a spread of 0 is not told: the usual one


def test_a_feed_moves_the_clock_to_each_tick_and_quotes_one_instant_together() -> None:
    made = desk(STANDARD["EURUSD"], STANDARD["GBPUSD"])
    now = made.server_msc
    euros = [
        Tick(now - 1, "EURUSD", 0.5, 0.6),
        Tick(now + 1_000, "EURUSD", 1.08, 1.0801),
        Tick(now + 3_000, "EURUSD", 1.07, 1.0701),
    ]
    pounds = [Tick(now + 1_000, "GBPUSD", 1.25, 1.2502)]
    feed = Feed(made, {"EURUSD": euros, "GBPUSD": pounds})
    assert feed.step()  # the past is passed over
    assert made.quotes["EURUSD"].bid == 1.0845
    assert feed.step()
    assert [(made.quotes[name].bid, made.quotes[name].time_msc) for name in ("EURUSD", "GBPUSD")] == [
        (1.08, now + 1_000), (1.25, now + 1_000),
    ]  # fmt: skip
    assert feed.until(now + 10_000) == 1
    assert (made.quotes["EURUSD"].bid, made.server_msc) == (1.07, now + 10_000)
    assert feed.step() is False


def test_recorded_prices_set_off_stops(tmp_path: Path) -> None:
    rows = "2026-03-03 12:00:00,1.0845,1.0850,1.0840,1.0846\n2026-03-03 13:00:00,1.0700,1.0710,1.0690,1.0705\n"
    got = file(tmp_path, "time,open,high,low,close\n" + rows)
    made = desk()
    buy(made, sl=1.08)
    feed = Feed(made, {"EURUSD": of_file("EURUSD", STANDARD["EURUSD"], got)})
    while feed.step():
        pass
    assert (made.positions, made.deals[-1].price) == ([], 1.0700)
