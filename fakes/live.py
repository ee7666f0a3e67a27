"""A simulated account that moves by itself in real time, built from options."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from math import sqrt
from typing import Any

from fakes.broker import Broker
from fakes.symbols import STANDARD

DEFAULT_SYMBOLS = ("EURUSD", "GBPUSD", "USDJPY", "XAUUSD")
_BROKER_OPTIONS = (
    "balance", "currency", "leverage", "hedging", "so_call", "so_so", "so_money", "utc_offset_s", "seed", "login",
    "server", "commission_per_lot",
)  # fmt: skip
_MOST_STEPS = 200_000
_HOUR_S = 3600.0


class Walk:
    """A gentle random walk of every symbol, pulled back to where it began. Same seed and steps: same prices."""

    def __init__(self, broker: Broker, seed: int) -> None:
        self._random, self._start = random.Random(seed), {name: q.bid for name, q in broker.quotes.items()}
        self._bid = dict(self._start)

    def step(self, broker: Broker, seconds: float) -> None:
        """Move all symbols by one step and the clock with them."""
        root = sqrt(seconds / _HOUR_S)
        for name, bid in self._bid.items():
            spec = broker.specs[name]
            shock = self._random.gauss(0.0, 1.0) * spec.volatility_pct / 100 * root
            drift = spec.drift_pct / 100 * seconds / _HOUR_S
            self._start[name] *= 1 + drift
            back = (self._start[name] / bid - 1) * min(1.0, seconds / _HOUR_S)
            self._bid[name] = bid * (1 + shock + drift + back)
        broker.advance(seconds)
        broker.set_prices(self._bid)


class Live:
    """A broker and what moves it.

    Options, all of them optional: the account (``balance``, ``currency``, ``leverage``,
    ``hedging``, ``so_call``, ``so_so``, ``so_money``, ``utc_offset_s``, ``seed``, ``login``, ``server``,
    ``commission_per_lot``, ``credit``), ``symbols`` (names), ``drift`` (percent an hour, a number or by symbol),
    ``positions`` (``symbol``, ``side``, ``lots``, ``sl``, ``tp``, ``magic``, ``comment``), ``pendings`` (``type``,
    ``symbol``, ``lots``, ``price``), ``scenario`` (a name of ``fakes.scenarios``), ``speed`` (1.0 is real time, 0
    stands still), ``step_s`` (0.25), ``start`` (ISO instant; without it, now).
    """

    def __init__(self, options: Mapping[str, Any], clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._speed = float(options.get("speed", 1.0))
        began = datetime.fromisoformat(options["start"]) if "start" in options else datetime.now(UTC)
        self._began, self._done = began.timestamp(), 0
        self._tick: Callable[[Broker, float], object] | None = None
        scenario = options.get("scenario")
        seed = int(options.get("seed", 0))
        if scenario is None:
            self.broker = _build(options, began)
            self._step_s = float(options.get("step_s", 0.25))
            walk = Walk(self.broker, seed)
            self._move: Callable[[], None] = lambda: walk.step(self.broker, self._step_s)
        else:
            from fakes.scenarios import SCENARIOS  # noqa: PLC0415 (only when asked for: it is not needed elsewhere)

            play = SCENARIOS[scenario]
            self.broker, self._step_s = play.start(seed), play.step_s
            self._move = lambda: _play(play, self.broker, self._done * play.step_s)

    def catch_up(self) -> None:
        """Move the market to the present."""
        due = int((self._clock() - self._began) * self._speed / self._step_s)
        for _ in range(min(due - self._done, _MOST_STEPS)):
            self._done += 1
            self._move()


def _play(play: Any, broker: Broker, t_s: float) -> None:
    broker.advance(play.step_s)
    play.tick(broker, t_s)


def _build(options: Mapping[str, Any], began: datetime) -> Broker:
    given = {name: options[name] for name in _BROKER_OPTIONS if name in options}
    broker = Broker(**({"balance": 10_000.0} | given), start_utc=began)
    drift = options.get("drift", {})
    for name in options.get("symbols", DEFAULT_SYMBOLS):
        percent = drift.get(name, 0.0) if isinstance(drift, Mapping) else drift
        broker.add_symbol(replace(STANDARD[name], drift_pct=float(percent)))
    if "credit" in options:
        broker.credit_in(float(options["credit"]))
    for entry in options.get("positions", ()):
        rest = {key: entry[key] for key in ("sl", "tp", "magic", "comment") if key in entry}
        broker.open(entry["side"], entry["symbol"], float(entry["lots"]), **rest)
    for entry in options.get("pendings", ()):
        broker.pending(int(entry["type"]), entry["symbol"], float(entry["lots"]), float(entry["price"]))
    return broker
