"""The guard's own process in the simulation: started from its journal, killed, started again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import guard.app.cycle as cycle_module
import guard.app.enforcer as enforcer_module
import guard.app.patient as patient_module
import guard.app.recovery as recovery_module
from fakes.session import SESSION
from guard.app.cycle import Cycle, Outcome
from guard.app.enforcer import Enforcer
from guard.app.identity import Expected
from guard.app.patient import PatientJournal
from guard.app.recovery import recovered
from guard.journal.port import Journal, JournalError
from guard.journal.sqlite import open_journal
from guard.model.errors import TerminalError, WrongAccountError
from guard.terminal.client import WorkerTerminal
from guard.terminal.port import Connection
from tests.simulation.aside import OneGuard, Settings
from tests.simulation.journal import MemoryJournal
from tests.simulation.terminal import QuickTerminal
from tests.simulation.world import Killed, Seen, World
from tests.terminals import MODULE, InProcess

RESTART_S = 2.0


class _Time:
    """``time`` as the guard's modules see it: the virtual clock."""

    def __init__(self, world: World) -> None:
        self._world = world

    def monotonic(self) -> float:
        return self._world.mono_s


def use_clock(world: World) -> None:
    """Let every module of the guard that asks for the time ask this world."""
    for module in (cycle_module, enforcer_module, recovery_module):
        if hasattr(module, "utc_now"):
            module.utc_now = world.stamp
    patient_module.time = _Time(world)  # type: ignore[assignment]


class Guardian:
    """One guard after the other over one world and one disk."""

    def __init__(self, world: World, folder: Path, *, sqlite: bool) -> None:
        """``folder`` holds the configuration and, with ``sqlite``, a real journal."""
        self.world, self._folder, self._on_disk = world, folder, sqlite
        self.settings, self.lock = Settings(world.script, folder), OneGuard(folder / "locks")
        self.starts = self.workers = 0
        self.shouts: list[str] = []
        self.down_until: float | None = None
        self._sqlite: Any = None
        use_clock(world)
        self.start()

    def start(self) -> None:
        """Start as after any end: from what is on the disk."""
        world = self.world
        self.lock.take()
        self.starts += 1
        self.down_until = None
        journal = self._journal()
        policy = self.settings.start(journal, world)
        acts = policy.mode == "enforce"
        terminal = Seen(world, self._terminal(may_send=acts))
        state = journal.load_state()
        if state is not None:
            state = recovered(state, journal, policy.mode)
        self.patient = PatientJournal(journal, self.shouts.append)
        expected = Expected(policy.login, policy.server)
        self.cycle = Cycle(terminal, self.patient, policy, expected, state, world.clock)
        self.enforcer = Enforcer(self.cycle, self.patient, terminal if acts else None, world.clock, self.shouts.append)

    def _terminal(self, *, may_send: bool) -> Any:
        world = self.world
        self.workers += 1
        if not world.script.whole:
            return QuickTerminal(world.broker, world.pc, self.workers, may_send=may_send)

        def begin() -> InProcess:
            return InProcess(world.pc, may_send=may_send, lose=set())

        return WorkerTerminal(
            Connection(MODULE), may_send=may_send, allow_simulated=True, clock=world.clock, start=begin
        )

    def _journal(self) -> Journal:
        if not self._on_disk:
            return MemoryJournal(self.world.disk, self.world.effect)
        if self._sqlite is not None:
            self._sqlite.close()
        self._sqlite = open_journal(self._folder / "journal.db")
        return Both(MemoryJournal(self.world.disk, self.world.effect), self._sqlite)

    def close(self) -> None:
        """Let go of the account's lock and of a real journal."""
        self.lock.release()
        if self._sqlite is not None:
            self._sqlite.close()

    def run_once(self) -> list[Outcome]:
        """One round of the loop; a guard that is down is started again after a while."""
        world = self.world
        if self.down_until is not None:
            if world.mono_s < self.down_until:
                return []
            try:
                self.start()
            except (Killed, JournalError):
                self.down_until = world.mono_s + RESTART_S
                return []
        try:
            self.settings.look(self.cycle, world)
            return self.enforcer.run_once()
        except Killed:
            self.lock.release()
            self.down_until = world.mono_s + RESTART_S
            SESSION.error = (1, "Success")
        except WrongAccountError:
            self.lock.release()
            self.down_until = world.mono_s + RESTART_S
        except TerminalError:
            raise
        return []


class Both:
    """A journal in memory and one on a disk, written alike: the second proves that SQLite keeps what the first says."""

    def __init__(self, first: MemoryJournal, second: Any) -> None:
        self._first, self._second = first, second

    def __getattr__(self, name: str) -> Any:
        ours, theirs = getattr(self._first, name), getattr(self._second, name)
        if name not in {"commit", "commit_cycle", "commit_state"}:
            return theirs if name == "load_state" else ours

        def write(*args: Any, **keywords: Any) -> int:
            # The transaction in memory refuses and dies first; what it keeps the file keeps too.
            before = len(self._first.disk.rows)
            try:
                number: int = ours(*args, **keywords)
            except Killed:
                if len(self._first.disk.rows) != before:
                    theirs(*args, **keywords)
                raise
            assert theirs(*args, **keywords) == number
            return number

        return write
