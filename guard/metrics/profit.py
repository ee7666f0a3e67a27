"""Profit, pip value and loss at stop from prices and contract facts.

Prices in the symbol's quote, volumes in lots, money in account currency. ``rate`` is the value of one unit of the
profit currency in account currency. ``side`` is +1 for a buy and -1 for a sell.
Source: MQL5 reference, ENUM_SYMBOL_CALC_MODE (profit) and OrderCalcProfit.
"""

from __future__ import annotations


def profit_by_contract(
    side: float, lots: float, price_open: float, price_close: float, contract_size: float, rate: float
) -> float:
    """Profit of the linear modes (forex, CFD, shares): price difference x contract size x lots x rate."""
    return side * (price_close - price_open) * contract_size * lots * rate


def profit_by_ticks(
    side: float, lots: float, price_open: float, price_close: float, tick_value: float, tick_size: float
) -> float:
    """Profit of the futures modes: ticks moved x value of a tick of one lot (account currency) x lots."""
    return side * (price_close - price_open) / tick_size * tick_value * lots


def pip_value(units: float, pip: float, rate: float) -> float:
    """Value of a price move of one ``pip`` for ``units`` of the base (lots x contract size)."""
    return units * pip * rate


def loss_at_stop(price_profit: float, costs: float) -> float:
    """What is lost from the opening price if the stop fills at its price; 0 when it locks in a profit.

    Args:
        price_profit: Profit from open to stop, negative for a loss.
        costs: Commission of entry and exit less accrued swap, positive when it is paid.
    """
    return max(0.0, costs - price_profit)
