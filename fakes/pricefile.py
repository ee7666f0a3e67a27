"""Prices from files: bars as MetaTrader 5 exports them, and as people keep them.

Read are native exports (tab separated, ``<DATE> <TIME> <OPEN> ...``), comma or semicolon separated bars with a ``time``
column, one or several symbols in a file, with or without a spread, plain or ``.gz``; and tick exports with ``<BID>``
and ``<ASK>``. Times are the server's. What cannot be a bar is left out and counted.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import NamedTuple

_FORMATS = (
    "%Y.%m.%d %H:%M:%S", "%Y.%m.%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y.%m.%d", "%Y-%m-%d",
    "%Y.%m.%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M",
)  # fmt: skip
_ALIASES = {"tickvol": "tick_volume", "vol": "real_volume", "volume": "tick_volume", "datetime": "time"}
_PRICES = ("open", "high", "low", "close")


class PriceBar(NamedTuple):
    """A bar: server time in seconds, bid prices, ticks in it, spread in points (``None`` where the file has none)."""

    time_s: int
    open: float
    high: float
    low: float
    close: float
    ticks: int = 0
    spread: int | None = None


class PriceTick(NamedTuple):
    """A tick of a tick export: server milliseconds, bid, ask."""

    time_msc: int
    bid: float
    ask: float


class PriceFile(NamedTuple):
    """What a file holds: bars or ticks by symbol (``""`` where none is named), and the rows left out by reason."""

    bars: dict[str, list[PriceBar]]
    ticks: dict[str, list[PriceTick]]
    skipped: Counter[str]

    def gaps(self, symbol: str = "", factor: int = 100) -> list[tuple[int, int]]:
        """Where the next bar is more than ``factor`` usual distances away: pairs of server seconds."""
        times = [bar.time_s for bar in self.bars.get(symbol, [])]
        if len(times) < 3:
            return []
        usual = Counter(after - before for before, after in pairwise(times)).most_common(1)[0][0]
        return [(before, after) for before, after in pairwise(times) if after - before > factor * usual]


class PriceFileError(ValueError):
    """A file that holds no prices; the text names it and says what is missing."""


def read(path: Path) -> PriceFile:
    """Read a price file.

    Raises:
        PriceFileError: it cannot be read, or has no columns of prices.
    """
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if path.suffix == ".gz" else raw
        text = raw.decode("utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as fault:
        raise PriceFileError(f"{path.name}: cannot be read ({fault}); give a CSV file of bars or ticks") from None
    lines = text.splitlines()
    if not lines:
        raise PriceFileError(f"{path.name}: is empty; export bars or ticks from the terminal again")
    mark = max("\t;,", key=lines[0].count)
    names = [_name(cell) for cell in next(csv.reader([lines[0]], delimiter=mark))]
    if "bid" in names:
        return _ticks(names, csv.reader(lines[1:], delimiter=mark))
    if not set(_PRICES) <= set(names) or not {"time", "date"} & set(names):
        wanted = "time, open, high, low, close (bars) or time, bid, ask (ticks)"
        raise PriceFileError(f"{path.name}: its first line does not name the columns {wanted}")
    return _bars(names, csv.reader(lines[1:], delimiter=mark))


def _name(cell: str) -> str:
    plain = cell.strip().strip("<>").lower()
    return _ALIASES.get(plain, plain)


def _when(row: dict[str, str]) -> datetime | None:
    text = f"{row['date']} {row['time']}" if "date" in row and "time" in row else row.get("time", row.get("date", ""))
    for form in _FORMATS:
        try:
            return datetime.strptime(text.strip(), form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def _number(text: str | None) -> float | None:
    try:
        value = float((text or "").replace("\u00a0", "").replace(" ", ""))
    except ValueError:
        return None
    return value if isfinite(value) else None


def _rows(names: list[str], table: Iterator[list[str]]) -> Iterator[dict[str, str]]:
    for cells in table:
        if any(cell.strip() for cell in cells):
            yield dict(zip(names, cells, strict=False))


def _bars(names: list[str], table: Iterator[list[str]]) -> PriceFile:
    found = PriceFile({}, {}, Counter())
    for row in _rows(names, table):
        bar = _bar(row)
        if isinstance(bar, str):
            found.skipped[bar] += 1
        else:
            found.bars.setdefault(row.get("symbol", "").strip(), []).append(bar)
    for symbol, bars in found.bars.items():
        bars.sort(key=lambda bar: bar.time_s)
        once = {bar.time_s: bar for bar in bars}
        found.skipped["the same time again"] += len(bars) - len(once)
        found.bars[symbol] = list(once.values())
    return found._replace(skipped=+found.skipped)


def _bar(row: dict[str, str]) -> PriceBar | str:
    at, prices = _when(row), [_number(row.get(name)) for name in _PRICES]
    if at is None:
        return "no time"
    first, high, low, last = prices
    if first is None or high is None or low is None or last is None:
        return "no number"
    if min(first, high, low, last) <= 0:
        return "a price of zero or below"
    if not low <= min(first, last) or not max(first, last) <= high:
        return "high and low do not hold open and close"
    spread, ticks = _number(row.get("spread")), _number(row.get("tick_volume"))
    return PriceBar(
        int(at.timestamp()), first, high, low, last, 0 if ticks is None else int(ticks),
        None if spread is None or spread < 0 else int(spread),
    )  # fmt: skip


def _ticks(names: list[str], table: Iterator[list[str]]) -> PriceFile:
    """Ticks; a side that is left empty has not changed."""
    found = PriceFile({}, {}, Counter())
    before: dict[str, PriceTick] = {}
    for row in _rows(names, table):
        at, symbol = _when(row), row.get("symbol", "").strip()
        old = before.get(symbol)
        bid, ask = _number(row.get("bid")), _number(row.get("ask"))
        bid = old.bid if bid is None and old else bid
        ask = old.ask if ask is None and old else ask
        if at is None or bid is None or ask is None:
            found.skipped["no time" if at is None else "no number"] += 1
        elif not 0 < bid <= ask:
            found.skipped["a price of zero or below, or ask under bid"] += 1
        else:
            before[symbol] = PriceTick(round(at.timestamp() * 1000), bid, ask)
            found.ticks.setdefault(symbol, []).append(before[symbol])
    for rows in found.ticks.values():
        rows.sort(key=lambda tick: tick.time_msc)
    return found
