"""Effective leverage and notional value. Money in account currency, leverage in times of equity."""

from __future__ import annotations

import math


def effective_leverage(notional: float, equity: float) -> float:
    """Notional over equity: 0.0 without notional, infinite when equity is 0 or less and something is held.

    Source: common definition; position value over account equity, not the account's leverage setting.
    """
    if notional == 0.0:
        return 0.0
    if equity <= 0.0:
        return math.inf
    return notional / equity


def notional(price: float, k: float, lots: float) -> float:
    """Value of ``lots`` at ``price``, where ``k`` is the account-currency value of a price move of 1.0 for 1.0 lot."""
    return abs(price * k * lots)


def notional_from_base(lots: float, contract_size: float, base_rate: float) -> float:
    """Value of an FX position from its base currency: lots x contract size x rate of base to account currency."""
    return abs(lots * contract_size * base_rate)
