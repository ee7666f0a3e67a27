"""Volumes of closes: on the symbol's step, never more than is open, no remainder that could not be held."""

from __future__ import annotations

import math
from typing import Final

from guard.model.trading import Position, Symbol

EPS: Final = 1e-9


def digits_of(step: float) -> int:
    """Decimals of a volume step: 0.01 has two."""
    for digits in range(9):
        if abs(step * 10**digits - round(step * 10**digits)) < 1e-6:
            return digits
    return 8


def on_step(lots: float, step: float, *, up: bool) -> float:
    """``lots`` on the step, upwards or downwards; a billionth off the step counts as on it."""
    count = lots / step
    steps = math.ceil(count - 1e-6) if up else math.floor(count + 1e-6)
    return round(steps * step, digits_of(step))


def close_lots(position: Position, symbol: Symbol | None, wanted: float) -> float:
    """What can be closed of a position so that at least ``wanted`` lots go, in lots; all of it where less cannot.

    Above the symbol's largest volume of one order it is that volume: the rest follows.
    """
    held = position.volume if position.volume is not None else 0.0
    step = symbol.volume_step if symbol is not None else None
    least = symbol.volume_min if symbol is not None else None
    most = symbol.volume_max if symbol is not None else None
    lots = held
    if step is not None and wanted < held - EPS:
        lots = max(on_step(wanted, step, up=True), least if least is not None else 0.0)
        if least is not None and EPS < held - lots < least - EPS:
            lots = held
        lots = min(lots, held)
    if most is not None and lots > most + EPS:
        lots = most if step is None else on_step(most, step, up=False)
        if least is not None and EPS < held - lots < least - EPS and step is not None:
            lots = on_step(held - least, step, up=False)
    return lots
