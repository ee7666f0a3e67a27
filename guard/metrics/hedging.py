"""Hedged books: uncovered volume, volume-weighted prices and the margin of buys and sells of one symbol together.

Volumes in lots, money in account currency once ``rate`` converts.
Source: MetaQuotes client help, margin calculation for the hedging account type.
"""

from __future__ import annotations

import math

from guard.metrics.margin import maintenance_per_lot, position_margin

_DUST = 1e-9


def uncovered_lots(buy_lots: float, sell_lots: float) -> float:
    """Signed volume that no opposite position covers: above 0 more bought, below 0 more sold.

    Sums of lots carry float dust (0.1 + 0.2 against 0.3); a difference within a billionth of the larger leg is 0.0.
    """
    difference = buy_lots - sell_lots
    if abs(difference) <= _DUST * max(buy_lots, sell_lots):
        return 0.0
    return difference


def weighted_price(price_times_lots: float, lots: float) -> float:
    """Volume-weighted price from the sum of price x lots and the sum of lots; NaN without volume."""
    return price_times_lots / lots if lots > 0.0 else math.nan


def hedged_margin(
    mode: int,
    buy_lots: float,
    buy_price: float,
    sell_lots: float,
    sell_price: float,
    contract_size: float,
    leverage: float,
    margin_hedged: float,
    buy_rate: float = 1.0,
    sell_rate: float = 1.0,
    fixed: float = 0.0,
    tick_value: float = math.nan,
    tick_size: float = math.nan,
    face_value: float = math.nan,
) -> float:
    """Margin of all buys and sells of one symbol on a hedging account that charges pairs by ``margin_hedged``.

    The uncovered volume pays with the larger leg's price and rate. Each covered pair pays once, with the price
    weighted over all positions and the mean of both rates, and with ``margin_hedged`` in place of the contract size
    (or of the fixed amount, when there is one); 0 makes pairs free.

    Args:
        mode: SYMBOL_TRADE_CALC_MODE.
        buy_lots: Sum of the buys.
        buy_price: Their volume-weighted open price.
        sell_lots: Sum of the sells.
        sell_price: Their volume-weighted open price.
        contract_size: Units of one lot.
        leverage: The account's setting.
        margin_hedged: The symbol's hedged margin: contract size of a pair, or money a pair with a fixed margin.
        buy_rate: Margin rate of buys times the rate of margin currency to account currency.
        sell_rate: The same for sells.
        fixed: Fixed margin of one lot (of an open position: the maintenance amount); 0 when the symbol sets none.
        tick_value: Value of one tick, index mode only.
        tick_size: Size of one tick in the price, index mode only.
        face_value: Face value of one bond, bond modes only.

    Returns:
        Money in account currency; NaN where an input that is used is NaN.
    """
    net = uncovered_lots(buy_lots, sell_lots)
    covered = min(buy_lots, sell_lots)
    total = 0.0
    if net != 0.0:
        price, rate = (buy_price, buy_rate) if net > 0.0 else (sell_price, sell_rate)
        total += position_margin(
            mode, abs(net), contract_size, price, leverage, rate, fixed, tick_value, tick_size, face_value
        )
    if covered > 0.0 and margin_hedged != 0.0:
        price = weighted_price(buy_price * buy_lots + sell_price * sell_lots, buy_lots + sell_lots)
        rate = (buy_rate + sell_rate) / 2.0
        pair = margin_hedged if fixed > 0.0 else 0.0
        total += position_margin(
            mode, covered, margin_hedged, price, leverage, rate, pair, tick_value, tick_size, face_value
        )
    return total


def larger_leg_margin(buy_margin: float, sell_margin: float) -> float:
    """Margin where the symbol charges the larger leg only (SYMBOL_MARGIN_HEDGED_USE_LEG); ``margin_hedged`` is moot."""
    return max(buy_margin, sell_margin)


def fixed_margin_to_open_opposite(
    held_lots: float, new_lots: float, margin_initial: float, margin_maintenance: float, margin_hedged: float
) -> float:
    """What the server asks for while an opposite order is being opened, for a symbol with a fixed margin.

    The held side pays maintenance, each pair the hedged amount, and what the new order adds beyond the held volume
    the initial amount. Once it is open, ``hedged_margin`` with the maintenance amount is charged instead: an order
    can be refused for lack of money although the book would need less afterwards.

    Returns:
        Money per the symbol's fixed amounts, before margin rate, leverage and conversion.
    """
    held = held_lots * maintenance_per_lot(margin_initial, margin_maintenance)
    return held + min(held_lots, new_lots) * margin_hedged + max(0.0, new_lots - held_lots) * margin_initial
