"""``k``: the account-currency value of a price move of 1.0 for 1.0 lot, triangulated because broker metadata lies.

A real gold symbol reports a tick value ten times too small; tick values go stale or are 0 before the first quote.
"""

from __future__ import annotations

import math

TOLERANCE = 0.02
MIN_UNITS = 200.0
MIN_TICKS = 10.0
LARGEST_K = 1e15


def _sane(k: float) -> float | None:
    """A value of a move, or ``None`` when it is 0, negative, or so large that it can only come from broken data."""
    return k if 0.0 < k <= LARGEST_K else None


def k_by_profit(profit: float, move: float, lots: float, minor_unit: float, tick_size: float) -> float | None:
    """``k`` from a position's own profit over its own price move (signed in its favour).

    ``None`` when the move is too small to measure: less than 200 minor units of profit or 10 ticks.
    """
    moved = move * lots
    if moved == 0.0 or abs(profit) < MIN_UNITS * minor_unit or abs(move) < MIN_TICKS * tick_size:
        return None
    k = profit / moved
    return k if 0.0 < k <= LARGEST_K else None


def k_by_contract(contract_size: float, rate: float) -> float | None:
    """``k`` from contract size and the rate of the profit currency to the account currency. Not for futures modes."""
    return _sane(contract_size * rate)


def k_by_tick(tick_value: float, tick_size: float) -> float | None:
    """``k`` from tick value over tick size."""
    if tick_size <= 0.0:
        return None
    return _sane(tick_value / tick_size)


def k_by_calc(profit: float, distance: float, lots: float, *, minor_unit: float = 0.0) -> float | None:
    """``k`` from ``order_calc_profit`` asked over ``distance`` in the price for ``lots``.

    ``None`` when the answer, rounded to ``minor_unit`` as it is, is too small to measure by: less than 200 of them.
    """
    if lots <= 0.0 or distance * lots == 0.0 or abs(profit) < MIN_UNITS * minor_unit:
        return None
    return _sane(profit / (distance * lots))


def choose_k(
    own: float | None, contract: float | None, tick: float | None, calc: float | None
) -> tuple[float | None, bool]:
    """The value to use and whether the sources differ by more than 2 %.

    When they agree the most exact one is used (contract, calculation, tick, own profit); when they do not, the
    position's own profit if it can be measured, else the one with the larger risk. ``(None, False)``: none available.
    """
    if calc is None and contract is not None and tick is not None:
        low, high = (contract, tick) if contract < tick else (tick, contract)
        if own is not None and own > high:
            high = own
        elif own is not None and own < low:
            low = own
        if high - low <= TOLERANCE * high:
            return contract, False
    best: float | None = None
    low, high = math.inf, 0.0
    for value in (own, tick, calc, contract):
        if value is not None:
            best = value
            low = min(low, value)
            high = max(high, value)
    if best is None or high - low <= TOLERANCE * high:
        return best, False
    return (own if own is not None else high), True


def value_of_move(k: float, price_now: float, frm: float, to: float, *, inverse: bool) -> float:
    """Account-currency value, for 1.0 lot bought, of a move from ``frm`` to ``to``.

    With ``inverse`` (account currency is the base) the result converts at the shocked price ``to``: USDCHF
    1.02 to 0.85 on one lot of a USD account is 20,000, not 16,667.
    """
    if inverse and to > 0.0:
        return k * price_now * (to - frm) / to
    return k * (to - frm)
