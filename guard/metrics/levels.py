"""Margin level, margin call and stop-out: levels, distances and the prices at which they are reached.

Money in account currency, levels in percent points (percent mode) or money (money mode), prices in the symbol's.
Source: MetaQuotes client help, margin page; MQL5 reference, ACCOUNT_STOPOUT_MODE.
"""

from __future__ import annotations

import math

PERCENT, MONEY = 0, 1


def margin_level_pct(equity: float, margin: float) -> float | None:
    """Equity / margin x 100; ``None`` when no margin is in use (the terminal then shows 0.0, which is not a breach)."""
    if margin <= 0.0:
        return None
    return equity / margin * 100.0


def margin_usage_pct(equity: float, margin: float) -> float:
    """Used margin / equity x 100; infinite when margin is in use and equity is 0 or less."""
    if margin <= 0.0:
        return 0.0
    if equity <= 0.0:
        return math.inf
    return margin / equity * 100.0


def free_margin(equity: float, margin: float) -> float:
    """Equity - margin."""
    return equity - margin


def equity_at_level(level: float, margin: float, so_mode: int) -> float:
    """The equity at which the level is reached with margin as charged: margin x level / 100, or the amount itself."""
    if so_mode == MONEY:
        return level
    return margin * level / 100.0


def level_reached(level: float, equity: float, margin: float, so_mode: int) -> bool:
    """Whether the level is reached: at the value or below it. Percent mode without margin never reaches it."""
    if so_mode == MONEY:
        return equity <= level
    return margin > 0.0 and equity / margin * 100.0 <= level


def loss_to_level(level: float, equity: float, margin: float, so_mode: int) -> float:
    """How much equity may still fall until the level; 0 or negative when it is already reached.

    Without margin in percent mode the distance is to equity 0 (a fully hedged book has no level, but can lose all).
    """
    if so_mode == PERCENT and margin <= 0.0:
        return equity
    return equity - equity_at_level(level, margin, so_mode)


def price_at_loss(loss: float, k: float, net_lots: float, price: float, *, inverse: bool) -> float | None:
    """The price at which ``net_lots`` (signed) have lost ``loss`` from ``price``.

    Args:
        loss: Money to lose from here; negative when the level is already passed.
        k: Account-currency value of a move of 1.0 for 1.0 lot, at ``price``.
        net_lots: Signed net volume in lots.
        price: Current price.
        inverse: True when the account currency is the symbol's base, so that a shocked price converts at itself.

    Returns:
        The price, or ``None`` when no positive finite price gives that loss (nothing held, or out of reach).
    """
    slope = k * net_lots
    if slope == 0.0 or not math.isfinite(loss):
        return None
    if inverse:
        denominator = 1.0 + loss / (slope * price)
        target = price / denominator if denominator > 0.0 else math.inf
    else:
        target = price - loss / slope
    if target <= 0.0 or not math.isfinite(target):
        return None
    return target


def deposit_to_level(equity: float, margin: float, target_pct: float) -> float:
    """Money to pay in so that the margin level is ``target_pct``; 0 when it already is."""
    return max(0.0, margin * target_pct / 100.0 - equity)


def share_to_close_to_level(equity: float, margin: float, target_pct: float) -> float | None:
    """Share (0 to 1) of every position to close so that the margin level is ``target_pct``, costs left out.

    ``None`` when equity is 0 or less: no closing cures that.
    """
    if margin <= 0.0:
        return 0.0
    if equity <= 0.0:
        return None
    return max(0.0, 1.0 - equity * 100.0 / target_pct / margin)
