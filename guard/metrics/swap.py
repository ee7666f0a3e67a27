"""Swap of a position over a number of nights. Volumes in lots, money in account currency, negative when it is paid.

``rate`` is the value of one unit of the swap's currency in account currency; ``nights`` counts a triple night as 3.
Source: MQL5 reference, ENUM_SYMBOL_SWAP_MODE.
"""

from __future__ import annotations


def swap_in_points(lots: float, contract_size: float, point: float, swap: float, nights: float, rate: float) -> float:
    """Swap given in points (not pips) of the price, also where the position is re-opened at a shifted price."""
    return lots * contract_size * point * swap * nights * rate


def swap_in_money(lots: float, swap: float, nights: float, rate: float) -> float:
    """Swap given as money per lot and night, in base, margin, profit or deposit currency (rate 1)."""
    return lots * swap * nights * rate


def swap_in_percent(
    lots: float, contract_size: float, price: float, swap: float, days_in_year: float, nights: float, rate: float
) -> float:
    """Swap given as percent a year of the position's value at ``price`` (the current or the opening one)."""
    return lots * contract_size * price * swap / 100.0 / days_in_year * nights * rate
