"""A guard that may act over the simulated broker, all in this process, on a virtual clock and a real journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fakes.metatrader5 as module
from fakes.broker import Broker
from fakes.symbols import STANDARD
from guard.app.cycle import Cycle, Outcome
from guard.app.enforcer import Enforcer
from guard.app.identity import Expected
from guard.app.patient import PatientJournal
from guard.app.recovery import recovered
from guard.journal.port import Row
from guard.journal.sqlite import SqliteJournal, open_journal
from guard.settings.load import load_text
from guard.terminal.client import WorkerTerminal
from tests.terminals import World

START = datetime(2026, 3, 3, 9, tzinfo=UTC)
REDUCE = """format = "guard.config/1"
mode = "enforce"
[[limits]]
kind = "effective_leverage"
max = 10.0
stages = [{ at_pct = 70, actions = ["warn"] }, { at_pct = 100, actions = ["reduce", "block_new"] }]
"""
FLATTEN = REDUCE.replace('["reduce", "block_new"]', '["flatten", { kind = "lock_until", for_s = 3600.0 }]')


def leveraged(*lots: float, balance: float = 10_000.0, **options: Any) -> Broker:
    """An account with EURUSD buys; 1.0 lot is about eleven times the usual balance."""
    broker = Broker(balance=balance, leverage=500, start_utc=START, **options)
    broker.add_symbol(STANDARD["EURUSD"])
    for one in lots:
        broker.open("buy", "EURUSD", one, sl=0.9)
    return broker


class Bench:
    """One broker, one journal, and one guard after the other on them."""

    def __init__(self, folder: Path, broker: Broker, limits: str = REDUCE, *, calm: bool = True) -> None:
        """With ``calm`` the guard has seen the account before, so that nothing is inherited."""
        self.folder, self.broker, self.limits = folder, broker, load_text(limits, folder / "guard.toml")
        self.shouts: list[str] = []
        self.outcomes: list[Outcome] = []
        self.opened: Callable[[SqliteJournal], None] = lambda _journal: None
        self.start()
        if calm:
            self.policy_of("warn")
            self.look(1.0)
            self.policy_of(self.limits.policy.mode)

    def start(self) -> None:
        """A guard begins with what the journal holds."""
        mode = self.limits.policy.mode
        self.world = World(self.broker, may_send=mode == "enforce")
        self.terminal: WorkerTerminal = self.world.terminal
        reading = self.terminal.read_snapshot

        def read() -> dict[str, Any]:
            # A reading takes a moment: one that is no newer than the last is not believed.
            self.world.now_s += 0.002
            self.broker.advance(0.002)
            return reading()

        self.terminal.read_snapshot = read  # type: ignore[method-assign]
        self.terminal.connect()
        self.journal = open_journal(self.folder / "journal.db")
        self.opened(self.journal)
        state = self.journal.load_state()
        state = recovered(state, self.journal, mode) if state is not None else None
        self.patient = PatientJournal(self.journal, self.shouts.append)
        expected = Expected(self.broker.login, self.broker.server)
        self.cycle = Cycle(self.terminal, self.patient, self.limits.policy, expected, state, self.world.clock)
        hands = self.terminal if mode == "enforce" else None
        self.enforcer = Enforcer(self.cycle, self.patient, hands, self.world.clock, self.shouts.append)

    def end(self) -> None:
        """The guard is gone; broker and journal stay."""
        self.terminal.close()
        self.journal.close()

    def policy_of(self, mode: str) -> None:
        """Go on in another mode."""
        from dataclasses import replace  # noqa: PLC0415

        self.cycle.policy = replace(self.limits.policy, mode=mode)

    def look(self, seconds: float, every_s: float = 0.5) -> list[Outcome]:
        """Let time pass, looking and acting."""
        seen: list[Outcome] = []
        for _ in range(round(seconds / every_s)):
            self.world.pass_time(every_s)
            seen += self.enforcer.run_once()
        self.outcomes += seen
        return seen

    def rows(self, *kinds: str) -> list[Row]:
        """Journal rows of these kinds."""
        return [row for row in self.journal.rows() if row.kind in kinds]

    @property
    def lots(self) -> float:
        """What is open at the broker."""
        return round(sum(position.volume for position in self.broker.positions), 2)

    @property
    def closes(self) -> list[float]:
        """Volumes of the broker's closing deals."""
        return [deal.volume for deal in self.broker.deals if deal.entry == 1]


@contextmanager
def bench(folder: Path, broker: Broker, limits: str = REDUCE, *, calm: bool = True) -> Iterator[Bench]:
    """A bench, put away in the end."""
    made = Bench(folder, broker, limits, calm=calm)
    try:
        yield made
    finally:
        made.end()
        module.detach()
