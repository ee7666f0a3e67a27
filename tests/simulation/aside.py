"""What goes on beside the guard's loop: its configuration file, its notifier, other guards that want its account."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import guard.app.account_lock as lock_module
from guard.app.account_lock import AccountLock, acquire
from guard.app.binding import POLICY, Binding, Held, held_body, last_held
from guard.app.cycle import Cycle
from guard.app.home import Account
from guard.app.inforce import binding_of
from guard.app.reload import ConfigWatch
from guard.engine.policy import Policy
from guard.journal.port import Journal, JournalError
from guard.model.errors import AlreadyRunningError
from guard.settings.load import Loaded, load_config
from guard.settings.toml_text import dump
from tests.simulation.script import BALANCE, MAGIC, Script
from tests.simulation.world import World

SECRET = "hunter2-planted-secret"  # noqa: S105 - planted, and looked for
ACCOUNT = Account(5012345, "SIMULATED-Demo")


class Settings:
    """The configuration file of one seed, watched and bound as the daemon does it."""

    def __init__(self, script: Script, folder: Path) -> None:
        self._script, self.path = script, folder / "guard.toml"
        self.write([dict(one) for one in script.limits])
        self._loaded: Loaded = load_config(self.path)
        self._watch: ConfigWatch | None = None
        self.binding: Binding | None = None

    def write(self, limits: list[dict[str, Any]], *, cut: bool = False) -> None:
        """Write the file anew; ``cut``: an editor has written half of it."""
        os.environ["GUARD_SIMULATED_URL"] = f"json://user:{SECRET}@127.0.0.1:9/"
        limits = [
            {**one, "limit": {"value": f"{one['limit']['value']} USD", "unit": "money"}} if "limit" in one else one
            for one in limits
        ]
        document = {
            "format": "guard.config/1", "mode": self._script.mode,
            "account": {"login": ACCOUNT.login, "server": ACCOUNT.server, "currency": "USD",
                        "initial": f"{BALANCE:.0f} USD"},
            "enforcement": {"magic": MAGIC},
            "limits": limits,
            "notify": [{"url": "env:GUARD_SIMULATED_URL"}],
        }  # fmt: skip
        text = dump(document)
        self.path.write_text(text[: len(text) // 2] if cut else text, encoding="utf-8")

    def start(self, journal: Journal, world: World) -> Policy:
        """What is in force at a start: what the journal holds, and the file against it as far as it can be read."""
        held = last_held(journal)
        if held is None:
            held = Held(self._loaded.document, (), (), world.stamp() if self._script.mode == "enforce" else None)
            with contextlib.suppress(JournalError):
                journal.commit(POLICY, held_body(held, "armed"), at=world.stamp())
        state = journal.load_state()
        self.binding = binding_of(held, state.locks if state is not None else (), self._loaded, world.now_s())
        self._watch = ConfigWatch(self._loaded, world.mono_s)
        return self._script_policy()

    def _script_policy(self) -> Policy:
        assert self.binding is not None
        return replace(self.binding.loaded.policy, sha256=f"{self._script.seed:064x}")

    def look(self, cycle: Cycle, world: World) -> None:
        """Once a second: what a changed file makes of what is in force."""
        found = self._watch.look(world.mono_s) if self._watch is not None else None
        if found is None or self.binding is None:
            return
        world.meets("F13")
        if found.loaded is not None and self.binding.propose(found.loaded, world.now_s(), cycle.state.locks):
            cycle.adopt(self._script_policy())

    def spoil(self, how: str) -> None:
        """What F13 does to the file."""
        limits = [dict(one) for one in self._script.limits]
        if how == "removed":
            self.path.unlink(missing_ok=True)
        elif how == "invalid":
            self.write([{**limits[0], "kind": "no_such_kind"}])
        elif how == "half":
            self.write(limits, cut=True)
        else:
            for one in limits:
                if "limit" in one:
                    one["limit"] = {**one["limit"], "value": one["limit"]["value"] * 10.0}
                else:
                    one["max"] = one["max"] * 10
            self.write(limits)


class Notifier:
    """The other process that reads notices from the journal: it may hang or be refused, and catches up."""

    def __init__(self, world: World) -> None:
        self._world, self._read, self.delivered = world, 0, 0
        self.waiting: list[str] = []

    def tick(self) -> None:
        """Take in what is new, deliver what can be delivered."""
        rows = self._world.disk.rows
        self.waiting += [str(row.body["sentence"]) for row in rows[self._read :] if row.kind == "notice"]
        self._read = len(rows)
        if self._world.on("F14") is not None:
            if self.waiting:
                self._world.meets("F14")
            return
        self.delivered += len(self.waiting)
        self.waiting.clear()


class OneGuard:
    """The machine's lock on the account, and a second guard that wants it."""

    def __init__(self, folder: Path) -> None:
        lock_module._PATIENCE_S = 0.0  # type: ignore[misc]
        self._folder = folder
        self._lock: AccountLock | None = None

    def take(self) -> None:
        """The guard starts."""
        self.release()
        self._lock = acquire(ACCOUNT, self._folder)

    def release(self) -> None:
        """The guard has ended."""
        if self._lock is not None:
            self._lock.release()
        self._lock = None

    def second_is_refused(self) -> bool:
        """Whether another guard cannot have the account."""
        try:
            acquire(ACCOUNT, self._folder).release()
        except AlreadyRunningError:
            return True
        return False
