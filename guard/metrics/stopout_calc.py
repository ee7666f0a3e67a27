"""Distance to margin call and stop-out in pips, and stop-outs read off rounded statements.

Money in account currency, levels in percent points. Margin stays as charged: MetaTrader 5 freezes it at the open price.
"""

from __future__ import annotations

from guard.metrics.sizing import whole_steps

PRINTED_STEP = 0.1


def pips_to_loss(loss: float, pip_value: float) -> float:
    """Whole pips until ``loss`` is lost, rounded down; negative when the level is already passed."""
    return whole_steps(loss, pip_value)


def is_printed_to(value: float, step: float) -> bool:
    """Whether ``value`` lies on the grid of ``step``, so that it may have been rounded to it."""
    steps = value / step
    return abs(steps - round(steps)) <= 1e-9 * max(1.0, abs(steps))


def stopped_out_as_printed(equity: float, margin: float, so_pct: float) -> bool:
    """Whether a statement's printed equity and margin show a stop-out: margin level at ``so_pct`` or below.

    Statements print both to 0.1. Figures on that grid are given half of it, so that a level printed a hair above the
    stop-out level still counts; figures with more digits are taken as they are. Without margin there is no level.
    """
    if margin <= 0.0:
        return False
    half = PRINTED_STEP / 2.0 if is_printed_to(equity, PRINTED_STEP) and is_printed_to(margin, PRINTED_STEP) else 0.0
    return (equity - half) * 100.0 <= so_pct * (margin + half)
