"""The broker's margin arithmetic, by the published rules (MQL5 reference and MetaQuotes help on margin).

Written apart from the guard's own formulas, which are checked against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fakes.symbols import BOND_MODES, CFDINDEX, COLLATERAL, FORTS, FUTURES_MODES, FX_MODES, SymbolSpec, Tier

LEVERAGED = frozenset({0, 4})
_STOPS = frozenset({4, 5, 6, 7})


class Leg(NamedTuple):
    """One open position as margin sees it.

    Its open price and its conversion into the account currency are frozen; ``factor`` is what tiers and scheduled
    changes multiply its margin by.
    """

    side: int
    volume: float
    price: float
    conversion: float
    factor: float = 1.0


class Resting(NamedTuple):
    """One pending order as margin sees it; ``kind`` is its ORDER_TYPE_* value."""

    kind: int
    volume: float
    price: float
    conversion: float
    factor: float = 1.0

    @property
    def side(self) -> int:
        """+1 for buy orders, -1 for sell orders."""
        return 1 if self.kind % 2 == 0 else -1


def _ticks_worth(spec: SymbolSpec) -> float:
    """Tick value over tick size; an index without a tick value of its own counts 1."""
    return spec.tick_value / spec.step if spec.tick_value > 0 else 1.0


def _value(spec: SymbolSpec, price: float) -> float:
    """What the margin of one lot is taken of: units, their value, or the value of bonds in percent of the face."""
    if spec.calc_mode in FX_MODES:
        return spec.contract_size
    worth = spec.contract_size * price
    if spec.calc_mode == CFDINDEX:
        return worth * _ticks_worth(spec)
    return worth * spec.face_value / 100 if spec.calc_mode in BOND_MODES else worth


def _fixed(spec: SymbolSpec, side: int, *, held: bool) -> float:
    """The fixed margin of one lot; on the derivatives market one field is the buyer's, the other the seller's."""
    other = spec.margin_maintenance if spec.margin_maintenance > 0 else spec.margin_initial
    if spec.calc_mode == FORTS:
        return spec.margin_initial if side > 0 else other
    return other if held else spec.margin_initial


def lot_margin(spec: SymbolSpec, side: int, price: float, leverage: int, *, held: bool) -> float:
    """Margin of one lot in the margin currency, before margin rate, tiers and conversion.

    Args:
        spec: the symbol.
        side: +1 for a buy, -1 for a sell.
        price: price it is charged at.
        leverage: the account's leverage.
        held: ``True`` for an open position (maintenance margin), ``False`` for a new order (initial margin).
    """
    if spec.calc_mode == COLLATERAL:
        return 0.0
    divisor = leverage if spec.calc_mode in LEVERAGED else 1
    if spec.margin_initial <= 0 and spec.calc_mode not in FUTURES_MODES:
        return _value(spec, price) / divisor
    amount = _fixed(spec, side, held=held) / divisor
    if spec.calc_mode == FORTS and spec.settlement > 0:
        better = max(0.0, (spec.settlement - price) * side)
        amount = max(0.0, amount - better * spec.tick_value / spec.step)
    return amount


def pair_margin(spec: SymbolSpec, price: float, leverage: int) -> float:
    """Margin of one covered (hedged) pair of lots in the margin currency, before the margin rate.

    The symbol's hedged margin takes the place of the contract size, or of the fixed amount where there is one.
    """
    if spec.calc_mode == COLLATERAL:
        return 0.0
    divisor = leverage if spec.calc_mode in LEVERAGED else 1
    if spec.margin_initial > 0 or spec.calc_mode in FUTURES_MODES:
        return spec.hedged_size / divisor
    return _value(spec, price) / spec.contract_size * spec.hedged_size / divisor


def tier_factor(tiers: Sequence[Tier], before: float, amount: float, leverage: int, *, leveraged: bool) -> float:
    """What the tiers multiply the margin of ``amount`` by, when ``before`` is already held: each part by its own step.

    Beyond the last step, the last step goes on.
    """
    if not tiers or amount <= 0:
        return 1.0
    total, at, end = 0.0, before, before + amount
    for number, tier in enumerate(tiers):
        top = end if number == len(tiers) - 1 else min(end, tier.up_to)
        if top > at:
            cap = leverage / tier.leverage if leveraged and 0 < tier.leverage < leverage else 1.0
            total += (top - at) * cap * tier.factor
            at = top
    return total / amount


def symbol_margin(
    spec: SymbolSpec, legs: Iterable[Leg], leverage: int, resting: Iterable[Resting] = (), *, hedging: bool = True
) -> float:
    """Margin of all positions and pending orders of one symbol in account currency, unrounded.

    Args:
        spec: the symbol.
        legs: its open positions.
        leverage: the account's leverage.
        resting: its pending orders.
        hedging: ``False`` for netting and exchange accounts.
    """
    legs = list(legs)
    orders = [(order, _resting_margin(spec, order, leverage)) for order in resting]
    if not hedging:
        sides = [sum(_leg_margin(spec, leg, leverage) for leg in legs if leg.side == side) for side in (1, -1)]
        for number, side in enumerate((1, -1)):
            sides[number] += sum(money for order, money in orders if order.side == side and order.kind not in _STOPS)
        return max(sides) + sum(money for order, money in orders if order.kind in _STOPS)
    if spec.hedged_use_leg:
        return max(
            sum(_leg_margin(spec, leg, leverage) for leg in legs if leg.side == side)
            + sum(money for order, money in orders if order.side == side)
            for side in (1, -1)
        )
    return _hedged(spec, legs, leverage) + sum(money for _, money in orders)


def _hedged(spec: SymbolSpec, legs: list[Leg], leverage: int) -> float:
    """Uncovered volume at the larger side's mean price and rate; each covered pair once, at the mean of all.

    Means are by volume, of what each position was charged in account currency: price times its own conversion.
    """
    lots = {side: sum(leg.volume for leg in legs if leg.side == side) for side in (1, -1)}
    larger = 1 if lots[1] > lots[-1] else -1
    total, uncovered, covered = 0.0, round(abs(lots[1] - lots[-1]), 8), min(lots.values())
    if uncovered > 0:
        whole = sum(_leg_margin(spec, leg, leverage) for leg in legs if leg.side == larger)
        total += whole * (uncovered / lots[larger])
    if covered > 0:
        rate = (spec.held_rate(1) + spec.held_rate(-1)) / 2
        charged = [leg.volume * pair_margin(spec, leg.price, leverage) * leg.conversion * leg.factor for leg in legs]
        total += sum(charged) * (covered / sum(lots.values())) * rate
    return total


def _leg_margin(spec: SymbolSpec, leg: Leg, leverage: int) -> float:
    unit = lot_margin(spec, leg.side, leg.price, leverage, held=True)
    return leg.volume * unit * leg.conversion * leg.factor * spec.held_rate(leg.side)


def _resting_margin(spec: SymbolSpec, order: Resting, leverage: int) -> float:
    unit = lot_margin(spec, order.side, order.price, leverage, held=False)
    return order.volume * unit * order.conversion * order.factor * spec.rate_of(order.kind)


def opening_margin(spec: SymbolSpec, legs: Sequence[Leg], new: Leg, leverage: int) -> float:
    """What is asked for a symbol with a fixed margin while a new position opens on a hedging account.

    What is held goes on paying; each new pair pays the hedged amount, the rest of the new volume the initial one. Once
    open, the book may need less.
    """
    other = sum(leg.volume for leg in legs if leg.side != new.side)
    own = sum(leg.volume for leg in legs if leg.side == new.side)
    pairs = min(new.volume, max(0.0, other - own))
    mean = (spec.rate(1) + spec.rate(-1)) / 2
    unit = lot_margin(spec, new.side, new.price, leverage, held=False)
    asked = pairs * pair_margin(spec, new.price, leverage) * mean + (new.volume - pairs) * unit * spec.rate(new.side)
    return symbol_margin(spec, legs, leverage) + asked * new.conversion * new.factor
