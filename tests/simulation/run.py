"""One seed from its first step to its last."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from loguru import logger

from fakes.session import SESSION
from guard.engine.orders import FlattenScope, with_flatten
from tests.simulation.aside import Notifier
from tests.simulation.guardian import Guardian
from tests.simulation.oracle import Oracle, Violation
from tests.simulation.script import Event, Script
from tests.simulation.world import STEP_S, World

WARM_STEPS = 62


@dataclass
class Ran:
    """What one seed came to."""

    seed: int
    cycles: int = 0
    deeds: int = 0
    met: dict[str, int] = field(default_factory=dict)
    coverage: dict[tuple[str, str], int] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    tail: str = ""
    took_s: float = 0.0


def run(script: Script, *, trace: bool = False) -> Ran:
    """Run a script; the first violation ends it."""
    logger.disable("guard")
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        world = World(script)
        guardian = Guardian(world, Path(folder), sqlite=script.sqlite)
        try:
            return _run(script, world, guardian, began, trace=trace)
        finally:
            guardian.close()
            SESSION.detach()


def _run(script: Script, world: World, guardian: Guardian, began: float, *, trace: bool) -> Ran:
    oracle = Oracle(world, guardian)
    notifier = Notifier(world)
    ran = Ran(script.seed)
    due: dict[int, list[Event]] = {}
    for event in script.events:
        due.setdefault(event.at, []).append(event)
    if script.warm:
        # An hour of quotes, so that what is usual is known.
        world.broker.open("buy", "BTCUSD", 0.01)
        for _ in range(WARM_STEPS):
            world.pass_time(60.0)
            oracle.after_step(guardian.run_once())
    for cycle in range(script.cycles):
        world.cycle = cycle
        for event in due.get(cycle, ()):
            if trace:
                ran.trace.append(f"{cycle:5} {event.what} {event.how} pick={event.pick:.3f} size={event.size:.3f}")
            world.happen(event)
        world.tick()
        world.clocks_again()
        world.pass_time(STEP_S if cycle < script.cycles - 120 else 2.0)
        _wishes(world, guardian, oracle)
        before = oracle.deeds
        oracle.after_step(guardian.run_once())
        if trace and oracle.deeds != before:
            ran.trace.append(f"{cycle:5} {oracle.deeds - before} deed(s); held {oracle.held()}")
        notifier.tick()
        ran.cycles += 1
        if oracle.found:
            break
    else:
        oracle.at_the_end()
        if notifier.waiting and world.on("F14") is None:
            oracle.fail("I9", f"{len(notifier.waiting)} notices were never delivered")
    if trace:
        told = [row for row in world.disk.rows if row.kind in {"deed", "outcome", "notice"}][-12:]
        for row in told:
            said = next((row.body[name] for name in ("words", "said", "sentence") if name in row.body), "")
            ran.trace.append(f"{row.seq:5} {row.kind} {said}")
    ran.deeds, ran.met, ran.coverage, ran.kinds = oracle.deeds, dict(world.met), oracle.coverage, oracle.kinds
    ran.violations, ran.tail, ran.took_s = oracle.found, world.disk.tail, time.perf_counter() - began
    return ran


def _wishes(world: World, guardian: Guardian, oracle: Oracle) -> None:
    """What asks the guard itself for something: an order to flatten, another configuration, a second guard."""
    wishes, world.wishes = world.wishes, []
    for event in wishes:
        if event.what == "F13":
            guardian.settings.spoil(event.how)
        elif event.what == "F15" and guardian.down_until is None:
            world.meets("F15")
            if not guardian.lock.second_is_refused():
                oracle.fail("I15", "a second guard was let onto the account")
        elif event.what == "flatten":
            outcome = guardian.cycle.outcome
            if outcome is None or outcome.snapshot is None or outcome.blind is not None or world.look.wrong:
                continue
            if world.script.mode == "enforce" and guardian.down_until is None:
                uid = f"trader-{event.at}"
                guardian.cycle.state = with_flatten(guardian.cycle.state, FlattenScope(), outcome.snapshot, uid)
                oracle.order({row.identifier for row in oracle.held()})
