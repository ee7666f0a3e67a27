"""M1 bars of a span from the terminal, for equity that nobody saw. Read once after a gap, never in the hot loop."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from guard.terminal.plain import ReadError, call

M1: Final = 1  # TIMEFRAME_M1
LONGEST_S: Final = 10 * 86_400.0
_FIELDS: Final = ("time", "open", "high", "low", "close", "spread")


def read_bars(module: Any, symbols: Sequence[str], begin_s: float, end_s: float) -> dict[str, list[dict[str, float]]]:
    """Bars by symbol, the oldest first; a symbol whose bars cannot be read is absent.

    Args:
        module: Shaped like MetaTrader5.
        symbols: As the terminal writes them.
        begin_s: Server seconds; at most ten days before ``end_s`` are read.
        end_s: Server seconds.

    Raises:
        ReadError: The link failed.
    """
    out: dict[str, list[dict[str, float]]] = {}
    begin = max(begin_s, end_s - LONGEST_S)
    for name in symbols:
        try:
            rows = call(module, "copy_rates_range", name, M1, int(begin), math.ceil(end_s))
            out[name] = [{field: _number(row[field]) for field in _FIELDS} for row in rows]
        except ReadError as error:
            if error.ipc:
                raise
        except (IndexError, KeyError, TypeError, ValueError):
            continue  # a module of another hand: what it gives is no list of bars
    return out


def _number(value: Any) -> float:
    found = float(value)
    if not math.isfinite(found):
        raise ValueError("a bar holds no number")
    return found
