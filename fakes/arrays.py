"""Bars and ticks as the read-only NumPy arrays of the vendor's package. NumPy is loaded only when asked for."""

from __future__ import annotations

from typing import Any

from fakes.ledger import Quote
from fakes.rates import Bar
from fakes.records import VENDOR

_BID, _ASK, _LAST = 2, 4, 8


def _array(kind: str, rows: list[tuple[Any, ...]]) -> Any:
    import numpy as np  # noqa: PLC0415 (the worker must start without it)

    fields = VENDOR["dtypes"][kind]
    dtype = np.dtype({
        "names": [name for name, _, _ in fields], "formats": [form for _, form, _ in fields],
        "offsets": [offset for _, _, offset in fields], "itemsize": VENDOR["itemsize"],
    })  # fmt: skip
    made = np.array(rows, dtype=dtype)
    made.flags.writeable = False
    return made


def rates(bars: list[Bar], point: float) -> Any:
    """A ``copy_rates_*`` result."""
    return _array("rates", [(*bar[:6], round(bar[6] / point), 0) for bar in bars])


def ticks(quotes: list[Quote], before: Quote | None = None) -> Any:
    """A ``copy_ticks_*`` result; ``before`` is the quote that was there before the first one."""
    rows = []
    for quote in quotes:
        rows.append((
            quote.time_msc // 1000, quote.bid, quote.ask, quote.last, 0, quote.time_msc, _changed(quote, before), 0.0,
        ))  # fmt: skip
        before = quote
    return _array("ticks", rows)


def _changed(quote: Quote, before: Quote | None) -> int:
    """TICK_FLAG_* of what is new: bid 2, ask 4, last 8; a quote that repeats everything tells bid and ask."""
    if before is None:
        return _BID | _ASK | (_LAST if quote.last > 0 else 0)
    flags = (_BID if quote.bid != before.bid else 0) | (_ASK if quote.ask != before.ask else 0)
    flags |= _LAST if quote.last != before.last and quote.last > 0 else 0
    return flags if flags else _BID | _ASK
