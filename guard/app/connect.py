"""Reaching the terminal: which configuration, which account, and the first look that says whose it is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from guard.app.home import Account, Home, find_home
from guard.app.identity import Expected, check_identity, pin_name, read_pin, seen_account
from guard.app.stop import Stop
from guard.model.errors import InputError, TerminalError
from guard.model.snapshot import Snapshot
from guard.model.snapshot_json import SnapshotReader
from guard.settings.load import Loaded, default_loaded, load_config

if TYPE_CHECKING:
    from guard.terminal.port import Terminal, TradingTerminal



class TerminalFactory(Protocol):
    """Makes the terminal of a configuration; ``may_send`` only for a guard that is armed and runs in ``enforce``."""

    def __call__(self, loaded: Loaded, *, may_send: bool = False) -> TradingTerminal:
        """The terminal, not connected yet."""


CONFIG_NAME: Final = "guard.toml"
_LOGIN_PATIENCE_S: Final = 3.0
_PAUSE_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    config: Path | None = None
    home: Path | None = None
    foreign_module: bool = False


def vendor_terminal(loaded: Loaded, *, may_send: bool = False) -> TradingTerminal:
    """The MetaTrader 5 terminal of this computer, read by a worker process; it can send only where that is said."""
    from guard.settings.terminal import connection_of  # noqa: PLC0415 - the tests' own root never needs them here
    from guard.terminal.client import WorkerTerminal  # noqa: PLC0415

    connection = connection_of(loaded.terminal, loaded.policy.login, loaded.policy.server)
    return WorkerTerminal(connection, may_send=may_send)


def load(options: Options) -> tuple[Home, Loaded]:
    """The home and the configuration: the named file, else the home's, else the unconfigured defaults.

    Raises:
        InputError: The home cannot be used, or the configuration has faults.
    """
    home = find_home(options.home)
    own = home.root / CONFIG_NAME
    if options.config is not None:
        return home, load_config(options.config)
    return home, load_config(own) if own.is_file() else default_loaded()


def expected_of(home: Home, loaded: Loaded) -> Expected:
    """The account and terminal that every snapshot must be of: configured, else pinned.

    Raises:
        InputError: The pin file is damaged.
    """
    policy = loaded.policy
    pin = None if policy.login is not None else read_pin(home, pin_name(loaded.path))
    login = policy.login if pin is None else pin.login
    return Expected(login, policy.server if pin is None else pin.server, loaded.terminal.path)


@contextmanager
def connected(terminal: Terminal, stop: Stop, told: dict[str, Any] | None = None) -> Iterator[Terminal]:
    """The terminal, connected; closed in the end, whatever happens. ``told`` receives what it says of itself.

    Raises:
        TerminalError: It cannot be reached.
    """
    try:
        with stop.interruptible():
            opened = terminal.connect()
        if told is not None:
            told.update(opened)
        yield terminal
    finally:
        terminal.close()


def first_look(terminal: Terminal, expected: Expected, stop: Stop) -> tuple[dict[str, Any], Snapshot, Account]:
    """The first snapshot that says which account it is of.

    Raises:
        TerminalError: The terminal does not say so in time, or cannot be read.
        WrongAccountError: It is another account or terminal.
    """
    reader, deadline = SnapshotReader(), time.monotonic() + _LOGIN_PATIENCE_S
    while True:
        with stop.interruptible():
            document = terminal.read_snapshot()
            try:
                snapshot = reader.read(document)
            except InputError as error:
                raise TerminalError(f"the terminal's answer cannot be used ({error}): restart the terminal") from error
            why = check_identity(snapshot, expected)
            account = seen_account(snapshot)
            if why is None and account is not None:
                return document, snapshot, account
            if time.monotonic() >= deadline:
                raise TerminalError(why or "the terminal does not say which account it is logged in to")
            time.sleep(_PAUSE_S)
