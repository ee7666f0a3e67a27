"""How fast a demo plays: waits between looks, never because of them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from guard.cli._demo_play import Event
from guard.model.errors import UsageError

# The whole story takes at most the sum of these, plus what a slow computer needs for the looks themselves.
_MOVING_S = 20.0
_READING_S = 20.0
_A_LINE_S = 0.8


def read_speed(text: str | None) -> float | None:
    """Simulated seconds a second; ``inf`` for ``max``, ``None`` when not given.

    Raises:
        UsageError: Neither a number above 0 nor ``max``.
    """
    if text is None:
        return None
    if text == "max":
        return math.inf
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not (math.isfinite(speed) and speed > 0.0):
        raise UsageError(f"--speed {text!r} is not a speed: give a number of times real time, such as 600, or max")
    return speed


class Pace:
    """Waits so that the simulated clock keeps its speed; without a speed it also leaves time to read."""

    def __init__(
        self, speed: float | None, duration_s: float,
        now: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        """``speed`` as ``read_speed`` gives it."""
        self._reading_s = _READING_S if speed is None else 0.0
        self._speed = duration_s / _MOVING_S if speed is None else speed
        self._now, self._sleep = now, sleep
        self._due = now()

    def wait(self, seconds: float, events: tuple[Event, ...]) -> None:
        """Wait for ``seconds`` of simulated time, longer after something to read."""
        if math.isinf(self._speed):
            return
        told = sum(1 for event in events if event["event"] in {"narration", "verdict"})
        pause = min(told * _A_LINE_S, self._reading_s)
        self._reading_s -= pause
        self._due += seconds / self._speed + pause
        left = self._due - self._now()
        if left > 0.0:
            self._sleep(left)
        else:
            self._due = self._now()  # late: a slow look is not made up for by a rush
