"""Margin of one position or order, for every calculation mode.

Volumes in lots, prices in the symbol's quote, results in margin currency unless ``rate`` already converts. Inputs a
mode does not use are passed as NaN: should a formula use one after all, the result is NaN and never a wrong number.
Source: MQL5 reference, ENUM_SYMBOL_CALC_MODE; MetaQuotes client help, margin calculation pages.
"""

from __future__ import annotations

import math
from typing import Final

from guard.model.trading import (
    BOND_MODES,
    CFD,
    CFDINDEX,
    CFDLEVERAGE,
    COLLATERAL,
    EXCH_STOCKS,
    EXCH_STOCKS_MOEX,
    FOREX,
    FOREX_NO_LEVERAGE,
    FUTURES_MODES,
    OPTION_MODES,
)

LEVERAGED_MODES: Final = frozenset({FOREX, CFDLEVERAGE})
"""Only these divide by the account's leverage, the fixed margin included."""

_CONTRACT: Final = ("contract_size",)
_PRICED: Final = ("contract_size", "price")
MARGIN_INPUTS: Final[dict[int, tuple[str, ...]]] = {
    FOREX: ("contract_size", "leverage"),
    FOREX_NO_LEVERAGE: _CONTRACT,
    CFD: _PRICED,
    CFDINDEX: ("contract_size", "price", "tick_value", "tick_size"),
    CFDLEVERAGE: ("contract_size", "price", "leverage"),
    EXCH_STOCKS: _PRICED,
    EXCH_STOCKS_MOEX: _PRICED,
    **dict.fromkeys(FUTURES_MODES, ("margin_initial",)),
    **dict.fromkeys(OPTION_MODES, _PRICED),
    **dict.fromkeys(BOND_MODES, ("contract_size", "price", "face_value")),
    COLLATERAL: (),
}
"""What each mode's formula needs besides lots and the margin rate, when no fixed margin replaces it."""


def margin_inputs(mode: int, fixed: float) -> tuple[str, ...]:
    """The inputs ``position_margin`` uses for this mode and fixed margin (0: none), besides lots and rate.

    Raises:
        ValueError: The mode is not one MetaTrader 5 has.
    """
    if mode not in MARGIN_INPUTS:
        raise ValueError(f"calculation mode {mode} is not one MetaTrader 5 has")
    if mode == COLLATERAL:
        return ()
    if fixed > 0.0:
        return ("margin_initial", "leverage") if mode in LEVERAGED_MODES else ("margin_initial",)
    return MARGIN_INPUTS[mode]


def formula_margin(
    mode: int,
    lots: float,
    contract_size: float,
    price: float,
    leverage: float,
    tick_value: float = math.nan,
    tick_size: float = math.nan,
    face_value: float = math.nan,
) -> float:
    """Margin by the mode's formula, before margin rate and conversion.

    Returns:
        Money in margin currency; 0.0 for collateral, which needs no margin; NaN for futures modes, whose margin is
        always a fixed amount, and where an input that the mode uses is NaN.

    Raises:
        ValueError: The mode is not one MetaTrader 5 has.
    """
    if mode == FOREX:
        return lots * contract_size / leverage
    if mode == FOREX_NO_LEVERAGE:
        return lots * contract_size
    if mode == CFDLEVERAGE:
        return lots * contract_size * price / leverage
    if mode == CFDINDEX:
        return lots * contract_size * price * tick_value / tick_size
    if mode in (CFD, EXCH_STOCKS, EXCH_STOCKS_MOEX) or mode in OPTION_MODES:
        return lots * contract_size * price
    if mode in BOND_MODES:
        return lots * contract_size * face_value * price / 100.0
    if mode == COLLATERAL:
        return 0.0
    if mode in FUTURES_MODES:
        return math.nan
    raise ValueError("calculation mode is not one MetaTrader 5 has")


def fixed_margin(mode: int, lots: float, per_lot: float, leverage: float) -> float:
    """Margin where the symbol sets a fixed amount per lot (``margin_initial`` above 0), before rate and conversion.

    FOREX and CFDLEVERAGE still divide it by the leverage, the other modes do not; collateral stays free.
    """
    if mode == COLLATERAL:
        return 0.0
    if mode in LEVERAGED_MODES:
        return lots * per_lot / leverage
    return lots * per_lot


def maintenance_per_lot(margin_initial: float, margin_maintenance: float) -> float:
    """The fixed amount per lot of an open position: maintenance, where 0 means the same as initial."""
    return margin_maintenance if margin_maintenance > 0.0 else margin_initial


def position_margin(
    mode: int,
    lots: float,
    contract_size: float,
    price: float,
    leverage: float,
    rate: float = 1.0,
    fixed: float = 0.0,
    tick_value: float = math.nan,
    tick_size: float = math.nan,
    face_value: float = math.nan,
) -> float:
    """Margin of one position or order.

    Args:
        mode: SYMBOL_TRADE_CALC_MODE.
        lots: Volume.
        contract_size: Units of one lot.
        price: Ask for a buy and bid for a sell at opening; the open price afterwards.
        leverage: The account's setting, for example 100.
        rate: Margin rate of the order type times the rate of margin currency to account currency.
        fixed: Fixed margin of one lot; 0 when the symbol sets none, and the mode's formula then applies.
        tick_value: Value of one tick, index mode only.
        tick_size: Size of one tick in the price, index mode only.
        face_value: Face value of one bond, bond modes only.

    Returns:
        Money in account currency; NaN where an input that the mode uses is NaN.

    Raises:
        ValueError: The mode is not one MetaTrader 5 has.
    """
    if fixed > 0.0:
        return fixed_margin(mode, lots, fixed, leverage) * rate
    return formula_margin(mode, lots, contract_size, price, leverage, tick_value, tick_size, face_value) * rate
