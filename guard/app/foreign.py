"""A module of another hand in the terminal's place: said all the time, and not allowed to act without a second word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from guard.model.errors import InputError
from guard.settings.load import Loaded
from guard.settings.terminal import REMOTE, is_foreign

FLAG = "--foreign-module"


def foreign_banner(loaded: Loaded) -> str | None:
    """The sentence shown as long as the guard runs over another module; ``None`` over the vendor's."""
    if not is_foreign(loaded.terminal):
        return None
    return (
        f"FOREIGN MODULE: {loaded.terminal.module} answers in place of MetaTrader5. Nobody has checked that its "
        "figures are those of your account"
    )


def answered_by(loaded: Loaded, told: Mapping[str, Any]) -> Loaded:
    """The configuration with the module that a remote worker says it has: its own command line named it."""
    module = told.get("module")
    if loaded.terminal.kind != REMOTE or not isinstance(module, str):
        return loaded
    return replace(loaded, terminal=loaded.terminal.model_copy(update={"module": module}))


def check_foreign(loaded: Loaded, *, allowed: bool) -> None:
    """Watching over another module is always possible, acting only with the flag.

    Raises:
        InputError: The mode acts and ``allowed`` is false.
    """
    if loaded.policy.mode == "enforce" and is_foreign(loaded.terminal) and not allowed:
        raise InputError(
            f"[terminal] module is {loaded.terminal.module}: closing positions on what another module says needs "
            f'{FLAG} on the command line, or mode = "warn"'
        )
