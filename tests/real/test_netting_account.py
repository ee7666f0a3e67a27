"""A real netting account, deal by deal through the simulated broker: the same entries, positions and results."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import pytest

from fakes.broker import Broker
from fakes.symbols import STANDARD
from tests.desk import ask, desk

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
GOLD = replace(STANDARD["XAUUSD"], name="GOLD", filling_mode=3)
# Their profit currency is the account's, or the account's is their base: no other pair's price is needed.
PLAIN = ("EURUSD", "GBPUSD", "AUDUSD", "GOLD", "USDJPY", "USDCHF", "USDCAD")


class Row(NamedTuple):
    """A deal of the report."""

    symbol: str
    side: str
    entry: str
    lots: float
    price: float
    profit: float


TWIN = [
    Row("GOLD", "buy", "in", 0.1, 2000.00, 0.0),
    Row("GOLD", "buy", "in", 0.3, 2010.00, 0.0),
    Row("USDJPY", "sell", "in", 1.0, 150.000, 0.0),
    Row("GOLD", "sell", "out", 0.4, 2011.00, 140.0),  # mean price 2007.50: 3.50 on 40 ounces
    Row("USDJPY", "buy", "out", 0.4, 150.300, -79.84),  # 12,000 yen at 150.300
    Row("USDJPY", "buy", "out", 0.6, 149.700, 120.24),  # 18,000 yen at 149.700
]


def cells(row: ET.Element, shared: list[str]) -> list[str]:
    found = []
    for cell in row:
        value, inline = cell.find(f"{_MAIN}v"), "".join(text.text or "" for text in cell.iter(f"{_MAIN}t"))
        plain = inline if value is None else value.text or ""
        found.append(shared[int(plain)] if cell.get("t") == "s" else plain)
    return [text for text in found if text]


def deals(path: Path) -> list[Row]:
    """The deals of an account report, by the words of its columns."""
    with ZipFile(path) as book:
        shared = []
        if "xl/sharedStrings.xml" in book.namelist():
            items = ET.fromstring(book.read("xl/sharedStrings.xml"))  # noqa: S314 (our own test data)
            shared = ["".join(text.text or "" for text in item.iter(f"{_MAIN}t")) for item in items]
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314
    rows = [cells(row, shared) for row in sheet.iter(f"{_MAIN}row")]
    start = next(number for number, row in enumerate(rows) if row and row[0] == "Deals")
    trades = [row for row in rows[start + 2 :] if len(row) >= 13 and row[3] in {"buy", "sell"}]
    return [Row(row[2], row[3], row[4], float(row[5]), round(float(row[6]), 5), float(row[11])) for row in trades]


def play(rows: list[Row]) -> Broker:
    """Each deal as a market order at its own price; result and entry must be those of the report."""
    made = desk(*(STANDARD[name] for name in PLAIN if name != "GOLD"), GOLD, hedging=False, balance=100_000.0)
    for row in rows:
        spread = made.specs[row.symbol].spread
        made.set_price(row.symbol, row.price - spread if row.side == "buy" else row.price)
        sent = ask(made, action=1, symbol=row.symbol, volume=row.lots, type=0 if row.side == "buy" else 1)
        assert (sent["retcode"], sent["price"]) == (10009, pytest.approx(row.price))
        deal = made.deals[-1]
        assert {0: "in", 1: "out"}[deal.entry] == row.entry
        assert deal.profit == pytest.approx(row.profit, abs=0.011)
    return made


def test_a_twin_of_our_own() -> None:
    made = play(TWIN)
    assert made.positions == []
    assert made.balance == pytest.approx(100_180.40)


def test_the_real_account(real_data: Path) -> None:
    report = real_data / "accounts_mt5" / "mt5_fxpro_demo_netting_usd_en.xlsx"
    rows = [row for row in deals(report) if row.symbol in PLAIN]
    assert len(rows) == 68
    made = play(rows)
    assert made.positions == []
    assert made.balance == pytest.approx(100_000 + sum(row.profit for row in rows), abs=0.5)
