"""A simulated account that moves by itself in real time, built from options."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from math import sqrt
from pathlib import Path
from typing import Any

from fakes import build, playback
from fakes.broker import Broker
from fakes.market import Market, Temper
from fakes.pricefile import read

_MOST_STEPS = 200_000
_HOUR_S = 3600.0


class Walk:
    """A gentle random walk of every symbol, pulled back to where it began. Same seed and steps: same prices."""

    def __init__(self, broker: Broker, seed: int) -> None:
        self._random, self._start = random.Random(seed), {name: q.bid for name, q in broker.quotes.items()}
        self._bid = dict(self._start)

    def jump(self, name: str, bid: float) -> None:
        """From now on this symbol walks around another price."""
        self._bid[name] = self._start[name] = bid

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
        broker.set_prices({name: bid for name, bid in self._bid.items() if broker.is_open(name)})


class Live:
    """A broker and what moves it.

    Options, all of them optional: the account (``balance``, ``currency``, ``leverage``,
    ``hedging``, ``exchange``, ``so_call``, ``so_so``, ``so_money``, ``utc_offset_s``, ``seed``, ``login``, ``server``,
    ``commission_per_lot``, ``credit``), its ``rules``, ``terms`` and ``dealer`` (fields of ``Rules``, ``Terms``,
    ``Dealer``), ``symbols`` (names), ``specs`` (by symbol: fields of ``SymbolSpec``; ``hours`` are ``fx``, ``metal``,
    ``stock``, ``always`` or by day), ``drift`` (percent an hour, a number or by symbol),
    ``positions`` (``symbol``, ``side``, ``lots``, ``sl``, ``tp``, ``magic``, ``comment``, ``by``), ``pendings``
    (``type``, ``symbol``, ``lots``, ``price`` and the rest of an order), ``scenario`` (a name of ``fakes.scenarios``),
    ``speed`` (1.0 is real time, 0 stands still), ``step_s`` (0.25), ``start`` (ISO instant; without it, now).

    What moves prices is a gentle walk; or ``market`` (fields of ``Temper``): jumps and gaps; or ``prices`` (by symbol,
    a price file): recorded ones. Those are moved in time to begin with the account, unless ``recorded_times`` is true:
    then the account's clock begins with them.
    """

    def __init__(self, options: Mapping[str, Any], clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._speed = float(options.get("speed", 1.0))
        began = datetime.fromisoformat(options["start"]) if "start" in options else datetime.now(UTC)
        self._began, self._done = began.timestamp(), 0
        self._step_s = float(options.get("step_s", 0.25))
        self._move: Callable[[], object]
        self._walk: Walk | None = None
        seed = int(options.get("seed", 0))
        if options.get("scenario") is not None:
            from fakes.scenarios import SCENARIOS  # noqa: PLC0415 (only when asked for: it is not needed elsewhere)

            play = SCENARIOS[options["scenario"]]
            self.broker, self._step_s = play.start(seed), play.step_s
            self._move = lambda: _play(play, self.broker, self._done * play.step_s)
        elif "prices" in options:
            self._record(options, began)
        elif "market" in options:
            self.broker = build.account(options, began)
            temper = Temper(**options["market"])
            self._move = Market(self.broker, seed, step_s=self._step_s, temper=temper).step
        else:
            self.broker = build.account(options, began)
            walk = self._walk = Walk(self.broker, seed)
            self._move = lambda: walk.step(self.broker, self._step_s)

    def _record(self, options: Mapping[str, Any], began: datetime) -> None:
        """Recorded prices: one step moves the clock by ``step_s`` and plays what is recorded until then."""
        facts = options.get("specs", {})
        ticks = {
            name: list(playback.of_file(name, build.spec_of(name, facts.get(name, {})), read(Path(path))))
            for name, path in options["prices"].items()
        }
        first = min(rows[0].time_msc for rows in ticks.values())
        if options.get("recorded_times", False):
            offset = build.account({**options, "positions": (), "pendings": ()}, began).utc_offset_s
            began = datetime.fromtimestamp(first / 1000 - offset, tz=UTC)
        self.broker = build.account(options, began, {name: rows[0].bid for name, rows in ticks.items()})
        start = self.broker.server_msc
        ahead = start - first
        feed = playback.Feed(self.broker, {name: playback.later(rows, ahead) for name, rows in ticks.items()})
        self._move = lambda: feed.until(start + round(self._done * self._step_s * 1000))

    def jump(self, symbol: str, bid: float) -> None:
        """The price is another one at once, and stays there where it only walks."""
        if self._walk is not None:
            self._walk.jump(symbol, bid)
        self.broker.set_price(symbol, bid)

    def catch_up(self) -> None:
        """Move the market to the present."""
        due = int((self._clock() - self._began) * self._speed / self._step_s)
        for _ in range(min(due - self._done, _MOST_STEPS)):
            self._done += 1
            self._move()


def _play(play: Any, broker: Broker, t_s: float) -> None:
    broker.advance(play.step_s)
    play.tick(broker, t_s)
