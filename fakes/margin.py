"""The broker's margin arithmetic, by the published rules (MetaQuotes help, "Margin calculation: retail forex")."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fakes.symbols import SymbolSpec

_LEVERAGED = frozenset({0, 4})
_COLLATERAL = 64


class Leg(NamedTuple):
    """One open position as margin sees it: frozen open price, frozen conversion into the account currency."""

    side: int
    volume: float
    price: float
    conversion: float


def lot_margin(spec: SymbolSpec, price: float, leverage: int, *, held: bool) -> float:
    """Margin of one lot in the margin currency, before the margin rate.

    Args:
        spec: the symbol.
        price: price it is charged at.
        leverage: the account's leverage.
        held: ``True`` for an open position (maintenance margin), ``False`` for a new order (initial margin).
    """
    mode, size = spec.calc_mode, spec.contract_size
    divisor = leverage if mode in _LEVERAGED else 1
    fixed = spec.margin_maintenance if held and spec.margin_maintenance > 0 else spec.margin_initial
    if mode == _COLLATERAL:
        return 0.0
    if spec.margin_initial > 0 or mode in {1, 33, 34}:
        return fixed / divisor
    if mode in {0, 5}:
        return size / divisor
    if mode == 3:
        return size * price * spec.tick_value / spec.step
    if mode in {37, 39}:
        return size * spec.face_value * price / 100
    return size * price / divisor


def hedged_lot_margin(spec: SymbolSpec, price: float, leverage: int) -> float:
    """Margin of one covered (hedged) lot pair in the margin currency, before the margin rate."""
    if spec.margin_initial > 0:
        return spec.hedged_size / (leverage if spec.calc_mode in _LEVERAGED else 1)
    return lot_margin(spec, price, leverage, held=True) * spec.hedged_size / spec.contract_size


def _weighted(legs: Sequence[Leg]) -> tuple[float, float, float]:
    """Volume, and the volume-weighted price and conversion."""
    volume = sum(leg.volume for leg in legs)
    if volume <= 0:
        return 0.0, 0.0, 0.0
    price = sum(leg.volume * leg.price for leg in legs) / volume
    conversion = sum(leg.volume * leg.conversion for leg in legs) / volume
    return volume, price, conversion


def symbol_margin(spec: SymbolSpec, legs: Sequence[Leg], leverage: int) -> float:
    """Margin of all positions of one symbol in account currency, unrounded.

    With ``hedged_use_leg`` the larger side is charged. Otherwise the uncovered volume is charged at the larger side's
    weighted open price and rate, and each covered lot once by ``margin_hedged`` at the price weighted over all of them.
    """
    buys = [leg for leg in legs if leg.side > 0]
    sells = [leg for leg in legs if leg.side < 0]
    if spec.hedged_use_leg:
        return max(_side_margin(spec, buys, leverage), _side_margin(spec, sells, leverage))
    bought, sold = sum(leg.volume for leg in buys), sum(leg.volume for leg in sells)
    covered = min(bought, sold)
    larger = buys if bought >= sold else sells
    total = 0.0
    uncovered = round(abs(bought - sold), 8)
    if uncovered > 0:
        _, price, conversion = _weighted(larger)
        rate = spec.rate(larger[0].side)
        total += uncovered * lot_margin(spec, price, leverage, held=True) * conversion * rate
    if covered > 0:
        _, price, conversion = _weighted(legs)
        rate = (spec.rate_buy + spec.rate_sell) / 2
        total += covered * hedged_lot_margin(spec, price, leverage) * conversion * rate
    return total


def _side_margin(spec: SymbolSpec, legs: Sequence[Leg], leverage: int) -> float:
    return sum(
        leg.volume * lot_margin(spec, leg.price, leverage, held=True) * leg.conversion * spec.rate(leg.side)
        for leg in legs
    )
