"""A market drawn from a seed: moves, jumps, spreads that widen, gaps over closed hours. Same seed: the same market."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fakes.broker import Broker

_HOUR_S, _DAY_S = 3600.0, 86_400
_MSC = 1000
_THIN_MSC = 5 * 60_000
_LONG_MSC = 3_600_000
_LOWEST = 0.2


@dataclass(frozen=True, slots=True)
class Temper:
    """How a market moves, for all its symbols.

    Attributes:
        volatility: multiplies every symbol's own volatility.
        gap_pct: usual size of the gap after hours that were closed for more than one hour, percent of the price.
        jumps_a_day: how many jumps a symbol makes in 24 open hours, on average.
        jump_pct: usual size of a jump, percent of the price.
        thin_spread: how many times the usual spread is quoted around the server's midnight and after an opening.
    """

    volatility: float = 1.0
    gap_pct: float = 0.25
    jumps_a_day: float = 0.0
    jump_pct: float = 0.5
    thin_spread: float = 4.0


class _Drawn:
    """One symbol's price as it is drawn."""

    def __init__(self, seed: int, name: str, bid: float) -> None:
        self.random = Random(f"{seed} market {name}")
        self.bid = bid
        self.closed_msc: int | None = None
        self.opened_msc = -_LONG_MSC


class Market:
    """Moves a broker's quotes by seeded steps. Each symbol is drawn by itself: another symbol does not disturb it.

    Args:
        broker: whose clock and quotes are moved; its symbols' ``volatility_pct``, ``drift_pct`` and ``hours`` count.
        seed: of everything drawn.
        step_s: seconds from one tick to the next.
        temper: how it moves.
    """

    def __init__(self, broker: Broker, seed: int, *, step_s: float = 1.0, temper: Temper | None = None) -> None:
        self._broker, self._step_s = broker, step_s
        self._temper = temper if temper is not None else Temper()
        self._drawn = {name: _Drawn(seed, name, quote.bid) for name, quote in broker.quotes.items()}

    def step(self) -> None:
        """One tick: the clock moves, then every symbol that trades is quoted. Closed markets draw nothing."""
        broker = self._broker
        broker.advance(self._step_s)
        now = broker.server_msc
        quotes: dict[str, tuple[float, float]] = {}
        for name, drawn in self._drawn.items():
            if broker.is_open(name):
                quotes[name] = self._draw(name, drawn, now)
            elif drawn.closed_msc is None:
                drawn.closed_msc = now
        broker.set_quotes(quotes)

    def run(self, seconds: float) -> None:
        """Steps for this long; while everything is closed the clock jumps to the next opening."""
        end = self._broker.server_msc + round(seconds * _MSC)
        while self._broker.server_msc < end:
            self.step()
            self._sleep(end)

    def _sleep(self, end: int) -> None:
        broker = self._broker
        hours = [broker.specs[name].hours for name in self._drawn]
        now = broker.server_msc
        opens = [now if known is None else known.next_open(now) for known in hours]
        wait = min([*opens, end]) - now if opens else 0
        if wait > self._step_s * _MSC:
            broker.advance(wait / _MSC)

    def _draw(self, name: str, drawn: _Drawn, now: int) -> tuple[float, float]:
        spec, temper, random = self._broker.specs[name], self._temper, drawn.random
        if drawn.closed_msc is not None:
            if now - drawn.closed_msc > _LONG_MSC:
                drawn.bid *= 1 + random.gauss(0.0, temper.gap_pct / 100)
            drawn.closed_msc, drawn.opened_msc = None, now
        hours = self._step_s / _HOUR_S
        move = random.gauss(0.0, 1.0) * spec.volatility_pct / 100 * temper.volatility * sqrt(hours)
        move += spec.drift_pct / 100 * hours
        if temper.jumps_a_day > 0 and random.random() < temper.jumps_a_day * self._step_s / _DAY_S:
            move += random.gauss(0.0, temper.jump_pct / 100)
        drawn.bid = max(spec.step * 10, drawn.bid * max(_LOWEST, 1 + move))
        of_day = now % (_DAY_S * _MSC)
        midnight = min(of_day, _DAY_S * _MSC - of_day) < _THIN_MSC
        thin = midnight or now - drawn.opened_msc < _THIN_MSC
        spread = spec.spread * (temper.thin_spread if thin else 1.0) * random.uniform(0.8, 1.3)
        return drawn.bid, drawn.bid + spread
