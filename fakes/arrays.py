"""Bars and ticks as the read-only NumPy arrays of the vendor's package. NumPy is loaded only when asked for."""

from __future__ import annotations

from typing import Any

from fakes.ledger import Quote
from fakes.rates import Bar
from fakes.records import VENDOR


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


def ticks(quotes: list[Quote]) -> Any:
    """A ``copy_ticks_*`` result."""
    return _array("ticks", [(q.time_msc // 1000, q.bid, q.ask, 0.0, 0, q.time_msc, 6, 0.0) for q in quotes])
