"""The one place where the parts are put together: home, configuration, terminal, lock, journal, loop."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from loguru import logger

import guard
from guard.app import account_lock, inforce
from guard.app.account_lock import AccountLock
from guard.app.anchor_desk import VERB, anchor_handler
from guard.app.arming import consented
from guard.app.binding import POLICY, Binding, Held, held_body, last_held
from guard.app.connect import Options, TerminalFactory, connected, expected_of, first_look, load
from guard.app.cycle import Cycle, utc_now
from guard.app.desk import Desk
from guard.app.enforcer import Enforcer
from guard.app.foreign import answered_by, check_foreign
from guard.app.home import Account, Home
from guard.app.identity import Expected, pin_name, write_pin
from guard.app.ledger import deals_from
from guard.app.live import LiveFile
from guard.app.logging import start_logging, stop_logging
from guard.app.news import NewsFile
from guard.app.orders import Orders
from guard.app.overrides import Overrides
from guard.app.patient import PatientJournal
from guard.app.recovery import recovered
from guard.app.stop import Stop
from guard.engine.elapsed import trusted_s
from guard.engine.policy import Policy
from guard.journal.sqlite import SqliteJournal, open_journal
from guard.model.errors import GuardError, InputError
from guard.model.snapshot import Snapshot
from guard.model.state import State
from guard.settings.load import Loaded
from guard.settings.money import check_currency

if TYPE_CHECKING:
    from guard.terminal.port import Terminal


@dataclass(frozen=True, slots=True)
class Guarded:
    """One account under guard: everything the loop needs. ``pinned`` is true when this start pinned the account."""

    account: Account
    home: Home
    binding: Binding
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
    enforcer: Enforcer
    overrides: Overrides

    @property
    def loaded(self) -> Loaded:
        """The configuration in force."""
        return self.binding.loaded

    def keep_policy(self, why: str) -> None:
        """Write down what is in force now and what waits."""
        self.overrides.keep_policy(why)

    def housekeeping(self) -> None:
        """The hourly chores."""
        self.lock.touch()
        try:
            self.journal.checkpoint()
        except InputError as error:
            logger.warning("housekeeping: {}", error)


@contextmanager
def open_guard(
    options: Options,
    factory: TerminalFactory,
    stop: Stop,
    *,
    role: str = inforce.LOOK,
    agree: Callable[[Account], bool] = lambda _account: True,
    shout: Callable[[str], None] = lambda _sentence: None,
) -> Iterator[Guarded]:
    """Everything open and locked for one account; closed in reverse order, whatever happens.

    Args:
        options: The command line's.
        factory: Makes the terminal. No configuration reaches it.
        stop: Leaves long waits when someone stops the guard.
        role: ``run``: go on as the mode says; ``look`` and ``arm``: nothing is planned or sent, whatever the mode.
        agree: Asked once, before an account that the configuration does not name is pinned.
        shout: Tells the user that the journal cannot be written.

    Raises:
        GuardError: With the exit code of the reason.
    """
    logger.remove()
    with ExitStack() as open_things:
        home, wanted = load(options)
        check_foreign(wanted, allowed=options.foreign_module)
        expected = expected_of(home, wanted)
        before = inforce.binding_of(*inforce.held_before(home, expected), wanted, time.time())
        check_foreign(before.loaded, allowed=options.foreign_module)
        told: dict[str, Any] = {}
        sends = inforce.may_send(role, before)
        made = factory(before.loaded, may_send=True) if sends else factory(before.loaded)
        terminal = open_things.enter_context(connected(made, stop, told))
        wanted = answered_by(wanted, told)
        check_foreign(answered_by(before.loaded, told), allowed=options.foreign_module)
        terminal.deals_from = deals_from(None, datetime.now(UTC))
        _, seen, account = first_look(terminal, expected, stop)
        check_currency(before.loaded.policy, seen.account.currency)
        lock = account_lock.acquire(account)
        open_things.callback(lock.release)
        pin = expected.login is None
        if pin and not agree(account):
            raise GuardError(f"account {account} is not guarded, as you answered: name yours in [account] login")
        journal = open_journal(home.journal(account))
        open_things.callback(journal.close)
        state, held = journal.load_state(), last_held(journal)
        binding = _in_force(held, state, wanted, seen)
        inforce.check_armed(role, binding, account, sends=sends)
        if pin:
            write_pin(home, pin_name(wanted.path), account)
        _start_log(home, account)
        open_things.callback(stop_logging)
        if role == inforce.RUN and state is not None:
            state = recovered(state, journal, binding.loaded.policy.mode)
        terminal.deals_from = deals_from(state, datetime.now(UTC))
        patient = PatientJournal(journal, shout)
        identity = Expected(account.login, account.server, expected.path)
        desk = Desk(home.commands(account), journal, patient)
        open_things.callback(desk.close)
        started_at = utc_now()
        cycle = Cycle(terminal, patient, policy_of(binding, role), identity, state)
        overrides = Overrides(cycle, binding, journal, patient)
        guarded = Guarded(
            account, home, binding, terminal, lock, journal, patient, cycle, LiveFile(home.status(account)), desk,
            started_at, state is None, pin, Enforcer(cycle, patient, made if sends else None, shout=shout), overrides,
        )  # fmt: skip
        cycle.news = NewsFile(wanted.calendar) if wanted.calendar is not None else None
        desk.handlers[VERB] = anchor_handler(cycle, patient)
        desk.handlers.update(Orders(cycle, binding, overrides, sends).handlers())
        journal.commit("start", _start_body(guarded), at=started_at)
        if role == inforce.RUN:
            _keep_in_force(guarded, held)
        logger.info(
            "guard {} watches account {} with limits from {}", guard.__version__, account, guarded.loaded.policy.source
        )
        yield guarded


def _in_force(held: Held | None, state: State | None, wanted: Loaded, seen: Snapshot) -> Binding:
    """What is in force by the clock that the engine believes, not by the computer's alone."""
    if state is None:
        return inforce.binding_of(held, (), wanted, seen.taken_s)
    return inforce.binding_of(held, state.locks, wanted, trusted_s(state.last, seen))


def policy_of(binding: Binding, role: str = inforce.RUN) -> Policy:
    """What the engine goes by: without closing actions nobody has allowed, and for a look without any deed."""
    policy = binding.loaded.policy
    if role != inforce.RUN:
        return replace(policy, mode="warn") if policy.acts else policy
    return consented(policy, binding.allowed)


def _keep_in_force(guarded: Guarded, before: Held | None) -> None:
    """Write down what is in force now, where that is news."""
    binding = guarded.binding
    inforce.settled(binding)
    if binding.held is None:
        binding.held = Held(binding.loaded.document)
    if binding.held != before:
        body = held_body(binding.held, "start")
        guarded.journal.commit(POLICY, body, at=utc_now())


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
