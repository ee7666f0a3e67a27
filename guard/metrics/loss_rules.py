"""Floors of loss rules: daily loss from an anchor, trailing drawdown from a peak.

Money in account currency, ``_pct`` in percent points. A floor is the equity at which the rule is broken; touching it
breaks it.
"""

from __future__ import annotations


def limit_money(limit_pct: float, basis: float) -> float:
    """The rule's limit in money: ``limit_pct`` percent of its basis (initial, anchor or current balance)."""
    return basis * limit_pct / 100.0


def loss_floor(anchor: float, limit: float) -> float:
    """The equity at which a loss of ``limit`` from ``anchor`` is reached."""
    return anchor - limit


def equity_now(anchor_balance: float, closed: float, floating: float) -> float:
    """Equity from the balance at the reset, the net result closed since then and the floating result now."""
    return anchor_balance + closed + floating


def room(equity: float, floor: float) -> float:
    """What equity may still lose until the floor; 0 at it, negative below it."""
    return equity - floor


def is_breached(equity: float, floor: float) -> bool:
    """Whether the floor is reached: touching it counts."""
    return equity <= floor


def locked_floor(floor: float, lock: float) -> float:
    """A trailing floor that stops rising once it has reached ``lock`` (usually the initial balance)."""
    return min(floor, lock)
