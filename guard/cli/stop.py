"""``guard stop``: end the running guard cleanly."""

from __future__ import annotations

import time
from typing import Final

import typer

from guard.app import account_lock
from guard.cli import output
from guard.cli._asking import ACCOUNT, HOME, JSON, NoAnswerError, asked, one_guard, show

_PATIENCE_S: Final = 40.0  # a request under way is waited for
_PAUSE_S: Final = 0.1


def stop(home: HOME = None, account: ACCOUNT = None, as_json: JSON = False) -> None:
    """Stop the running guard and wait until it has ended. Nothing watches the account then; locks stay.

    Exit code 5: no guard is running, or it has not ended in time.
    """
    one = one_guard(home, account)
    answer = asked(home, one, "stop", {})
    deadline = time.monotonic() + _PATIENCE_S
    while account_lock.holder(one) is not None:
        if time.monotonic() >= deadline:
            raise NoAnswerError(f"the guard of {one} has not ended within {_PATIENCE_S:.0f} s: see its log")
        time.sleep(_PAUSE_S)
    show(answer, "stop", as_json=as_json)
    if not as_json:
        output.tell("guard: stopped.")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(stop)
