"""Everything in scope is closed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from guard.actions._closing import cancel, near_market, unwind
from guard.actions.base import Action, Ask, Plan
from guard.model.intent import TradingState
from guard.model.trading import Order


class Flatten(Action):
    """Close every position in scope, losers and winners alike, and delete its pending orders.

    In this order: pending orders near the market; pairs, by each other where the account allows it; then the symbol
    with the largest net exposure first, its legs alternating; other pending orders; protective ones last.
    """

    kind: ClassVar[str] = "flatten"
    title: ClassVar[str] = "Close everything"
    closes: ClassVar[bool] = True
    state: ClassVar[TradingState] = TradingState.HALTED

    def plan(self, ask: Ask) -> Plan:
        """The whole scope in order."""
        prices = {row.in_symbol.name: row.in_symbol.price for row in ask.rows}
        near = [order for order in ask.raising if near_market(_price(order, prices), order.price_open)]
        far = [order for order in ask.raising if order not in near]
        wishes = [cancel(order.ticket, order.symbol) for order in near]
        wishes += unwind(ask, ask.rows)
        wishes += [cancel(order.ticket, order.symbol) for order in (*far, *ask.protective)]
        return Plan(tuple(wishes))


def _price(order: Order, prices: Mapping[str, float | None]) -> float | None:
    return prices.get(order.symbol) if order.symbol is not None else None
