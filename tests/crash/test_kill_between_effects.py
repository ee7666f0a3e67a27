"""A guard that acts, ended between any two of its effects: the end is the same, nothing closed twice, no lock lost.

An effect is a commit to the journal or a request to the trade server. The guard is ended before or after the n-th one,
for every n, by leaving everything but the journal's file and the broker; SQLite's own promises under ``kill -9`` are
``test_kill_nine``'s matter.
"""

import os
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import fakes.metatrader5 as module
from fakes.broker import Broker
from fakes.rules import Rules
from guard.journal.sqlite import SqliteJournal
from tests.bench_enforcer import REDUCE, Bench, leveraged

RUNS = int(os.environ.get("GUARD_EFFECT_KILLS", "40"))
LOOKED_S = 8.0
GONE_S = 1.0


class KilledError(BaseException):
    """The process is gone: nothing catches this."""


class Fate:
    """Ends the guard at its n-th effect: ``before`` it, ``inside`` a commit, or ``after`` it."""

    def __init__(self, number: int = 0, when: str = "never") -> None:
        self.left, self.when, self.effects = number, when, 0

    @contextmanager
    def effect(self) -> Iterator[None]:
        self.left -= 1
        self.effects += 1
        self.strike("before")
        yield
        self.strike("after")

    def strike(self, when: str) -> None:
        if self.left == 0 and when == self.when:
            self.left = -1
            raise KilledError


class Life:
    """One guard after the other over one broker; what is in the journal and at the broker is all that stays."""

    def __init__(self, folder: Path, limits: str, broker: Broker, fate: Fate) -> None:
        folder.mkdir()
        self.fate = Fate()
        self.bench = Bench(folder, broker, limits)
        self.fate = fate
        self.bench.opened = self._watch_journal
        self._watch_journal(self.bench.journal)
        self._watch_terminal()
        self.kills = 0

    def _watch_journal(self, journal: SqliteJournal) -> None:
        transaction, append, life = journal._transaction, journal._append, self

        @contextmanager
        def watched() -> Iterator[None]:
            with life.fate.effect(), transaction():
                yield

        def appended(*words: Any, **more: Any) -> int:
            number = append(*words, **more)
            life.fate.strike("inside")
            return number

        journal._transaction = watched  # type: ignore[method-assign]
        journal._append = appended  # type: ignore[method-assign]

    def _watch_terminal(self) -> None:
        send = self.bench.terminal.send

        def sent(request: Mapping[str, Any], on_slow: Callable[[], None] | None = None) -> Any:
            with self.fate.effect():
                return send(request, on_slow)

        self.bench.terminal.send = sent  # type: ignore[method-assign]

    def live(self, seconds: float) -> None:
        """Let time pass; whoever is killed is started again a second later."""
        ends = self.bench.world.now_s + seconds
        while self.bench.world.now_s < ends:
            try:
                self.bench.look(0.5)
            except KilledError:
                self.kills += 1
                self._again()

    def _again(self) -> None:
        now_s = self.bench.world.now_s
        self.bench.end()
        module.detach()
        self.bench.broker.advance(GONE_S)
        try:
            self.bench.start()
        except KilledError:
            self.kills += 1
            self.bench.start()
        self.bench.world.now_s += now_s + GONE_S - 1000.0
        self._watch_terminal()

    def end(self) -> dict[str, Any]:
        bench = self.bench
        state = bench.cycle.state
        bench.journal.verify_chain()
        found = {
            "lots": bench.lots, "closes": sorted(bench.closes), "orders": len(bench.broker.orders),
            "locks": [(lock.id, lock.latched, sorted(lock.baseline.values())) for lock in state.locks],
            "flights": dict(state.enforcing.flights), "intents": [(one.limit, one.status) for one in
                                                                  state.enforcing.intents],
        }  # fmt: skip
        sent = {row.body["deed_id"] for row in bench.rows("outcome")}
        assert {row.body["id"] for row in bench.rows("deed")} == sent, "a deed without its outcome"
        bench.end()
        module.detach()
        return found


def reduced() -> Broker:
    return leveraged(0.7, 0.5, 0.3)


def flattened() -> Broker:
    broker = leveraged(0.9, 0.4)
    broker.pending(2, "EURUSD", 0.2, 1.05)
    return broker


def late() -> Broker:
    """A terminal whose list still shows what was closed seconds ago: only the journal knows better after a restart."""
    broker = leveraged(1.5, rules=Rules(positions_lag_s=2.5))
    broker.advance(5.0)
    return broker


# What is lost stays lost: the breach lives until all is closed, in whatever order.
DAY_LOSS = """format = "guard.config/1"
mode = "enforce"
[[limits]]
kind = "period_loss"
limit = { value = "5 USD", unit = "money" }
reset = { tz = "UTC", time = "00:00" }
stages = [{ at_pct = 100, actions = ["flatten", { kind = "lock_until", until = "reset" }] }]
"""
STORIES = {"reduce": (REDUCE, reduced), "flatten": (DAY_LOSS, flattened), "late": (REDUCE, late)}


def story(folder: Path, name: str, fate: Fate) -> tuple[dict[str, Any], Life]:
    limits, make = STORIES[name]
    life = Life(folder, limits, make(), fate)
    life.live(LOOKED_S + 4.0)
    kills = life.kills
    found = life.end()
    life.kills = kills
    return found, life


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", list(STORIES))
@pytest.mark.parametrize("when", ["before", "inside", "after"])
def test_ended_at_any_effect_the_end_is_the_same(tmp_path: Path, name: str, when: str) -> None:
    calm = Fate()
    wanted, _ = story(tmp_path / "calm", name, calm)
    assert wanted["closes"]
    assert wanted["flights"] == {}
    assert calm.effects > 4
    kills = 0
    for number in range(1, calm.effects + 1):
        found, life = story(tmp_path / str(number), name, Fate(number, when))
        kills += life.kills
        assert found == wanted, f"{name}: ended {when} effect {number} of {calm.effects}"
    # ``inside`` is no place in a request to the server.
    assert kills >= calm.effects // 2


@pytest.mark.timeout(600)
def test_ended_again_and_again_at_random_the_end_is_the_same(tmp_path: Path) -> None:
    chance = random.Random(11)
    wanted = {name: story(tmp_path / name, name, Fate())[0] for name in STORIES}
    kills = 0
    for run in range(RUNS):
        name = chance.choice(list(STORIES))
        limits, make = STORIES[name]
        life = Life(tmp_path / str(run), limits, make(), Fate())
        for _ in range(3):
            life.fate = Fate(chance.randint(1, 6), chance.choice(["before", "inside", "after"]))
            life.live(4.0)
        life.fate = Fate()
        life.live(LOOKED_S)
        kills += life.kills
        assert life.end() == wanted[name], f"run {run}: {name}"
    print(f"{RUNS} lives, {kills} kills")
    assert kills >= RUNS
