"""Position size from risk. Volumes in lots, money in account currency.

Rounding is always down, on the volume step, and never loses a step to binary fractions (0.3 in steps of 0.1 is 3).
"""

from __future__ import annotations

import math

_DIGITS = 10
_SLACK = 1e-9
_RELATIVE_SLACK = 1e-12


def whole_steps(amount: float, step: float) -> float:
    """How many whole ``step`` fit into ``amount``, rounded down (also below 0).

    A quotient that misses the next whole number by float error only (a billionth of a step) counts as reaching it.
    """
    steps = amount / step
    return math.floor(steps + _SLACK + abs(steps) * _RELATIVE_SLACK)


def floor_to_step(lots: float, step: float) -> float:
    """``lots`` rounded down to a multiple of ``step``, printed without binary dust."""
    return round(whole_steps(lots, step) * step, _DIGITS)


def risk_money(base: float, risk_pct: float) -> float:
    """Money to risk: ``risk_pct`` percent of ``base`` (balance or equity)."""
    return base * risk_pct / 100.0


def position_size(money: float, loss_per_lot: float, volume_step: float, volume_min: float, volume_max: float) -> float:
    """The largest volume that loses at most ``money`` at its stop.

    Args:
        money: Money to risk.
        loss_per_lot: Stop distance x value of a move of 1.0 for one lot; above 0.
        volume_step: The symbol's volume step.
        volume_min: The symbol's smallest volume.
        volume_max: The symbol's largest volume; infinite when unknown.

    Returns:
        Lots on the volume step; 0.0 when even ``volume_min`` would lose more: no position, never the minimum.
    """
    lots = floor_to_step(min(money / loss_per_lot, volume_max), volume_step)
    if lots <= 0.0 or lots < volume_min * (1.0 - _RELATIVE_SLACK):
        return 0.0
    return lots
