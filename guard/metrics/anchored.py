"""Loss against a reference: period loss and drawdown. Money in account currency; losses are positive numbers."""

from __future__ import annotations

from typing import NamedTuple


class Reference(NamedTuple):
    """An anchor as a limit reads it; ``flows`` are deposits less withdrawals since, ``why`` says why it is unknown.

    ``unseen`` is not empty when equity was not watched for a stretch, so that its peak may be higher. ``server_s`` is
    the anchor's instant by the server's clock, when that is known.
    """

    at: str
    balance: float | None
    equity: float | None
    peak_equity: float | None
    peak_balance: float | None
    flows: float | None
    source: str
    why: str
    unseen: str = ""
    server_s: float | None = None


class Room(NamedTuple):
    """Where a loss rule stands: reference, floor, the value compared, loss, utilization (percent points)."""

    reference: float
    floor: float
    value: float
    loss: float
    utilization_pct: float | None


def limit_money(value: float, base: float | None) -> float | None:
    """The limit as money: ``value`` percent of ``base``, or ``value`` itself when ``base`` is ``None``-free money."""
    return None if base is None else value * base / 100.0


def floor_utilization(reference: float, value: float, floor: float) -> float | None:
    """(reference - value) / (reference - floor) in percent points, not below 0; ``None`` when reference <= floor."""
    if reference <= floor:
        return None
    return max(0.0, (reference - value) / (reference - floor) * 100.0)


def room(reference: float, allowed: float, value: float) -> Room:
    """A loss rule with ``allowed`` money of loss below ``reference``."""
    floor = reference - allowed
    loss = max(0.0, reference - value)
    return Room(reference, floor, value, loss, floor_utilization(reference, value, floor))
