"""Risk of a whole symbol at once, for the common case: every figure known and every position with a stop.

The same figures as those of ``trade_risk`` position by position, without making a record of each: this runs in every
cycle, and only a position near a limit has to be named. Money in account currency.
"""

from __future__ import annotations

from operator import mul, sub

from guard.metrics.block import NOW, OPENED, STOP
from guard.metrics.book import SymbolFigures


def loss_from_here(entry: SymbolFigures) -> float | None:
    """What the positions lose from current prices if every stop fills at its price; ``None`` without stops or ``k``."""
    columns, block, k = entry.columns, entry.block, entry.k
    if columns is None or block is None or not block.stopped:
        return None
    if entry.collateral:
        return 0.0
    if k is None:
        return None
    stops, prices, signed = columns[STOP], columns[NOW], block.signed
    if entry.inverse:
        # The profit already made converts anew too: contract x lots x open x (1 / now - 1 / stop).
        held = zip(signed, columns[OPENED], prices, stops, strict=True)
        losses = [lots * opened * (now / stop - 1.0) for lots, opened, now, stop in held]
    else:
        losses = list(map(mul, signed, map(sub, prices, stops)))
    total: float = sum(losses) if min(losses) >= 0.0 else sum([loss for loss in losses if loss > 0.0])
    return k * total
