"""What scripted markets are made of: a price path, cues for the trader, and a run that plays both on a broker."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import NamedTuple

from fakes.broker import Broker
from fakes.ledger import Rejected

# Things the broker does by itself; what the trader does is told in the script's own words.
_TOLD = frozenset({"sl", "tp", "stop_out", "margin_call", "reject"})
_WORDS = {"sl": "stop filled", "tp": "target filled", "stop_out": "STOP-OUT", "reject": "refused"}


class Path:
    """The bid of one symbol: straight lines through given points, plus noise that returns to them.

    The noise moves in steps of one second whatever the caller's own step is, so that a path does not depend on how
    often it is read.

    Args:
        rng: Where the noise comes from; a run of its own, so that two paths do not disturb each other.
        points: Seconds since the start with the price there, ascending.
        fast: Usual size of the noise that is forgotten within two minutes, in price units.
        slow: Usual size of the noise that is forgotten within half an hour, in price units.
    """

    def __init__(self, rng: Random, points: Sequence[tuple[float, float]], *, fast: float, slow: float) -> None:
        if not points or any(later[0] < earlier[0] for earlier, later in pairwise(points)):
            raise ValueError("a path needs points in ascending order of time")
        self._rng, self._points = rng, points
        self._noise = [_Noise(rng, fast, 120.0), _Noise(rng, slow, 1800.0)]
        self._second = 0

    def at(self, t_s: float) -> float:
        """The bid at ``t_s`` seconds; time does not go back."""
        while self._second < int(t_s):
            self._second += 1
            for noise in self._noise:
                noise.step()
        return self._line(t_s) + sum(noise.value for noise in self._noise)

    def _line(self, t_s: float) -> float:
        times = [time for time, _ in self._points]
        index = bisect_right(times, t_s)
        if index == 0:
            return self._points[0][1]
        if index == len(times):
            return self._points[-1][1]
        (before, low), (after, high) = self._points[index - 1], self._points[index]
        return low + (high - low) * (t_s - before) / (after - before)


class _Noise:
    def __init__(self, rng: Random, size: float, memory_s: float) -> None:
        self.value = 0.0
        self._rng, self._keep = rng, 1.0 - 1.0 / memory_s
        self._push = size * (2.0 / memory_s) ** 0.5

    def step(self) -> None:
        self.value = self.value * self._keep + self._rng.gauss(0.0, self._push)


class Cue(NamedTuple):
    """``who`` does something at ``at_s``, give or take ``jitter_s``; ``do`` returns the line of the story."""

    at_s: float
    jitter_s: float
    do: Callable[[], str]
    who: str = "trader"


class Run:
    """One play of a scenario: the broker, its prices and what the trader still has to do."""

    def __init__(self, broker: Broker, paths: Mapping[str, Path], cues: Sequence[Cue], rng: Random) -> None:
        self.broker, self._paths, self._start = broker, paths, broker.now_utc
        times = sorted((cue.at_s + rng.uniform(-cue.jitter_s, cue.jitter_s), i) for i, cue in enumerate(cues))
        self._due = [(at_s, cues[i]) for at_s, i in times]
        self._heard = len(broker.events)
        self._called = False

    def tick(self, t_s: float) -> list[str]:
        """Move clock and prices to ``t_s`` seconds since the start; return the lines of the story, ``who: what``."""
        ahead = (self._start + timedelta(seconds=t_s) - self.broker.now_utc).total_seconds()
        if ahead > 0:
            self.broker.advance(ahead)
        self.broker.set_prices({symbol: path.at(t_s) for symbol, path in self._paths.items()})
        lines = self._overheard()
        while self._due and self._due[0][0] <= t_s:
            _, cue = self._due.pop(0)
            try:
                lines.append(f"{cue.who}: {cue.do()}")
            except Rejected as refusal:
                lines.append(f"broker: refuses an order: {refusal.comment}")
        return lines + self._overheard()

    def _overheard(self) -> list[str]:
        new, self._heard = self.broker.events[self._heard :], len(self.broker.events)
        return [line for event in new if event.kind in _TOLD for line in self._tell(event.kind, event.text)]

    def _tell(self, kind: str, text: str) -> list[str]:
        if kind != "margin_call":
            return [f"broker: {_WORDS[kind]}, {text[0].lower()}{text[1:]}"]
        if self._called:  # prices dance around the level: once is enough
            return []
        self._called = True
        return [f"broker: MARGIN CALL, {text.removeprefix('Margin call: ')}"]


def away(broker: Broker, symbol: str, pips: float, *, pip: float = 0.0001) -> float:
    """A price ``pips`` below the current bid of a symbol (negative: above)."""
    return broker.specs[symbol].round(broker.quotes[symbol].bid - pips * pip)
