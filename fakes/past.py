"""What the market did before the simulation began: one-minute bars that end at the first quote. Seeded."""

from __future__ import annotations

from math import sqrt
from random import Random

from fakes.broker import Broker

MINUTES = 1440
_HOUR_MINUTES, _QUOTES = 60.0, 4
_MINUTE_MSC = 60_000


def remember(broker: Broker, seed: int, minutes: int = MINUTES) -> None:
    """Write one-minute bars of every symbol up to the broker's present; minutes outside its hours have none.

    Args:
        broker: its clock and quotes stay as they are.
        seed: of the walk.
        minutes: how many.
    """
    now = broker.server_msc // _MINUTE_MSC * _MINUTE_MSC
    for name, spec in broker.specs.items():
        random = Random(f"{seed} past {name}")
        bid = broker.quotes[name].bid
        step = spec.volatility_pct / 100 / sqrt(_HOUR_MINUTES * _QUOTES)
        path = []
        for _ in range(minutes * _QUOTES):
            bid *= 1 - random.gauss(0.0, 1.0) * step
            path.append(bid)
        for minute in range(minutes, 0, -1):
            at = now - minute * _MINUTE_MSC
            if spec.hours is not None and not spec.hours.is_open(at):
                continue
            for price in reversed(path[(minute - 1) * _QUOTES : minute * _QUOTES]):
                told = spec.round(price)
                broker.bars.add(name, at, told, told + spec.spread)
