"""The one place where the parts are put together: home, configuration, terminal, lock, journal, loop."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from loguru import logger

import guard
from guard.app import account_lock
from guard.app.account_lock import AccountLock
from guard.app.anchor_desk import VERB, anchor_handler
from guard.app.cycle import Cycle, utc_now
from guard.app.desk import Desk
from guard.app.foreign import answered_by, check_foreign
from guard.app.home import Account, Home, find_home
from guard.app.identity import Expected, check_identity, pin_name, read_pin, seen_account, write_pin
from guard.app.ledger import deals_from
from guard.app.live import LiveFile
from guard.app.logging import start_logging, stop_logging
from guard.app.patient import PatientJournal
from guard.app.stop import Stop
from guard.journal.sqlite import SqliteJournal, open_journal
from guard.model.errors import GuardError, InputError, TerminalError
from guard.model.snapshot import Snapshot
from guard.model.snapshot_json import SnapshotReader
from guard.settings.load import Loaded, default_loaded, load_config
from guard.settings.money import check_currency

if TYPE_CHECKING:
    from guard.terminal.port import Terminal

TerminalFactory: TypeAlias = "Callable[[Loaded], Terminal]"
CONFIG_NAME: Final = "guard.toml"
_LOGIN_PATIENCE_S: Final = 3.0
_PAUSE_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    config: Path | None = None
    home: Path | None = None
    foreign_module: bool = False


@dataclass(frozen=True, slots=True)
class Guarded:
    """One account under guard: everything the loop needs. ``pinned`` is true when this start pinned the account."""

    account: Account
    home: Home
    loaded: Loaded
    terminal: Terminal
    lock: AccountLock
    journal: SqliteJournal
    patient: PatientJournal
    cycle: Cycle
    live: LiveFile
    desk: Desk
    started_at: str
    first_start: bool
    pinned: bool

    def housekeeping(self) -> None:
        """The hourly chores."""
        self.lock.touch()
        try:
            self.journal.checkpoint()
        except InputError as error:
            logger.warning("housekeeping: {}", error)


def vendor_terminal(loaded: Loaded) -> Terminal:
    """The MetaTrader 5 terminal of this computer, read by a worker process."""
    from guard.settings.terminal import connection_of  # noqa: PLC0415 - the tests' own root never needs them here
    from guard.terminal.client import WorkerTerminal  # noqa: PLC0415

    return WorkerTerminal(connection_of(loaded.terminal, loaded.policy.login, loaded.policy.server))


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


@contextmanager
def open_guard(
    options: Options,
    factory: TerminalFactory,
    stop: Stop,
    *,
    agree: Callable[[Account], bool] = lambda _account: True,
    shout: Callable[[str], None] = lambda _sentence: None,
) -> Iterator[Guarded]:
    """Everything open and locked for one account; closed in reverse order, whatever happens.

    Args:
        options: The command line's.
        factory: Makes the terminal. No configuration reaches it.
        stop: Leaves long waits when someone stops the guard.
        agree: Asked once, before an account that the configuration does not name is pinned.
        shout: Tells the user that the journal cannot be written.

    Raises:
        GuardError: With the exit code of the reason.
    """
    logger.remove()
    with ExitStack() as open_things:
        home, loaded = load(options)
        check_foreign(loaded, allowed=options.foreign_module)
        expected = expected_of(home, loaded)
        told: dict[str, Any] = {}
        terminal = open_things.enter_context(connected(factory(loaded), stop, told))
        loaded = answered_by(loaded, told)
        check_foreign(loaded, allowed=options.foreign_module)
        terminal.deals_from = deals_from(None, datetime.now(UTC))
        _, seen, account = first_look(terminal, expected, stop)
        check_currency(loaded.policy, seen.account.currency)
        lock = account_lock.acquire(account)
        open_things.callback(lock.release)
        pin = expected.login is None
        if pin and not agree(account):
            raise GuardError(f"account {account} is not guarded, as you answered: name yours in [account] login")
        journal = open_journal(home.journal(account))
        open_things.callback(journal.close)
        if pin:
            write_pin(home, pin_name(loaded.path), account)
        _start_log(home, account)
        open_things.callback(stop_logging)
        state = journal.load_state()
        terminal.deals_from = deals_from(state, datetime.now(UTC))
        patient = PatientJournal(journal, shout)
        identity = Expected(account.login, account.server, expected.path)
        desk = Desk(home.commands(account), journal, patient)
        open_things.callback(desk.close)
        started_at = utc_now()
        guarded = Guarded(
            account, home, loaded, terminal, lock, journal, patient,
            Cycle(terminal, patient, loaded.policy, identity, state),
            LiveFile(home.status(account)), desk, started_at, state is None, pin,
        )  # fmt: skip
        desk.handlers[VERB] = anchor_handler(guarded.cycle, patient)
        journal.commit("start", _start_body(guarded), at=started_at)
        logger.info("guard {} watches account {} with limits from {}", guard.__version__, account, loaded.policy.source)
        yield guarded


def _start_log(home: Home, account: Account) -> None:
    try:
        start_logging(home.text, account.key)
    except OSError as error:
        raise InputError(f"logs cannot be written to {home.text} ({error.strerror}): check the folder") from error


def _start_body(guarded: Guarded) -> dict[str, object]:
    policy = guarded.loaded.policy
    return {
        "version": guard.__version__,
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
        "mode": policy.mode,
        "limits_from": policy.source,
        "policy_sha256": policy.sha256,
        "configuration": guarded.loaded.document,
        "first_start": guarded.first_start,
        "pinned": guarded.pinned,
    }
