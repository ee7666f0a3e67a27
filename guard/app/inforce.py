"""What is in force at a start: the file, and what an armed guard's journal holds against it."""

from __future__ import annotations

from contextlib import closing
from typing import Final

from guard.app.arming import refuse_unarmed
from guard.app.binding import Binding, Held, last_held
from guard.app.home import Account, Home
from guard.app.identity import Expected
from guard.journal.port import JournalError
from guard.journal.sqlite import open_readonly
from guard.model.enforcement import Lock
from guard.model.errors import InputError
from guard.settings.load import Loaded

ENFORCE: Final = "enforce"
RUN, LOOK, ARM = "run", "look", "arm"


def held_before(home: Home, expected: Expected) -> tuple[Held | None, tuple[Lock, ...]]:
    """What the journal of the expected account holds, before anything is connected; nothing when it is not known yet.

    A worker is only started with the ability to send when this says that the guard is armed.
    """
    account = expected.account
    if account is None or not home.journal(account).is_file():
        return None, ()
    try:
        with closing(open_readonly(home.journal(account))) as journal:
            state = journal.load_state()
            return last_held(journal), state.locks if state is not None else ()
    except JournalError:
        return None, ()  # told in full when the journal is opened to be written


def binding_of(held: Held | None, locks: tuple[Lock, ...], wanted: Loaded, now_s: float) -> Binding:
    """What is in force of ``wanted``, given what is held."""
    binding = Binding(held, wanted, wanted)
    binding.propose(wanted, now_s, locks, hot=False)
    return binding


def may_send(role: str, binding: Binding) -> bool:
    """Whether the worker is started with the ability to send: only to run, in ``enforce``, armed."""
    held = binding.held
    return role == RUN and binding.loaded.policy.mode == ENFORCE and held is not None and held.armed_at is not None


def check_armed(role: str, binding: Binding, account: Account, *, sends: bool) -> None:
    """Refuse to run in ``enforce`` unarmed, or with a worker that was started before it was known to be armed.

    Raises:
        InputError: With the way out.
    """
    if role != RUN or (binding.loaded.policy.mode == ENFORCE) == sends:
        return
    if sends:
        raise InputError(f"what is in force for account {account} changed while the guard started: start it again")
    if not may_send(role, binding):
        raise refuse_unarmed(account)
    raise InputError(
        f"account {account} is armed, and the configuration does not name it: write login and server under [account]"
    )


def settled(binding: Binding) -> bool:
    """Drop the arming of a guard whose mode has become lower; whether that was so."""
    held = binding.held
    if held is None or held.armed_at is None or binding.loaded.policy.mode == ENFORCE:
        return False
    binding.held = Held(binding.loaded.document, (), (), None)
    return True
