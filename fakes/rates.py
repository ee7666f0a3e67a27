"""One-minute bars recorded from the simulated quotes, and longer ones made of them."""

from __future__ import annotations

from bisect import bisect_left
from operator import itemgetter

_SECONDS = {n: n * 60 for n in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)} | {
    0x4000 | n: n * 3600 for n in (1, 2, 3, 4, 6, 8, 12, 24)
}
_KEPT = 10_000

Bar = tuple[int, float, float, float, float, int, float]


class Bars:
    """Bars per symbol, oldest first: time (server s), open, high, low, close (bid), tick count, smallest spread."""

    def __init__(self) -> None:
        self._minutes: dict[str, list[Bar]] = {}

    def add(self, symbol: str, time_msc: int, bid: float, ask: float) -> None:
        """Record a quote."""
        bars = self._minutes.setdefault(symbol, [])
        minute = time_msc // 60_000 * 60
        spread = ask - bid
        at = len(bars) - 1
        if bars and minute < bars[at][0]:  # the server's clock went back an hour: the hour is written twice
            at = bisect_left(bars, minute, key=itemgetter(0))
        if bars and bars[at][0] == minute:
            _, first, high, low, _, ticks, narrow = bars[at]
            bars[at] = (minute, first, max(high, bid), min(low, bid), bid, ticks + 1, min(narrow, spread))
        else:
            bars.insert(at if bars and minute < bars[at][0] else len(bars), (minute, bid, bid, bid, bid, 1, spread))
            if len(bars) > _KEPT:
                del bars[: len(bars) - _KEPT]

    def read(self, symbol: str, timeframe: int) -> list[Bar] | None:
        """Bars of a TIMEFRAME_* value, oldest first; ``None`` for one that is not kept (weeks, months)."""
        seconds = _SECONDS.get(timeframe)
        minutes = self._minutes.get(symbol)
        if seconds is None or minutes is None:
            return None
        made: list[Bar] = []
        for time, first, high, low, last, ticks, spread in minutes:
            start = time // seconds * seconds
            if made and made[-1][0] == start:
                old = made[-1]
                made[-1] = (
                    start, old[1], max(old[2], high), min(old[3], low), last, old[5] + ticks, min(old[6], spread),
                )  # fmt: skip
            else:
                made.append((start, first, high, low, last, ticks, spread))
        return made
