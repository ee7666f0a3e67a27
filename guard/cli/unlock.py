"""``guard unlock``: override a lock, or let a looser limit in early: with a reason, after a delay, journaled."""

from __future__ import annotations

from typing import Annotated

import typer

from guard.cli._asking import ACCOUNT, HOME, JSON, asked, one_guard, show
from guard.model.errors import UsageError


def unlock(
    lock: Annotated[
        str | None, typer.Argument(help="The lock's name, as `guard status` shows it; without it, all of them.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why. Without a reason nothing is lifted.")] = "",
    loosen: Annotated[
        str | None, typer.Option("--loosen", help="Let what waits to become looser of this limit in (or: all).")
    ] = None,
    home: HOME = None,
    account: ACCOUNT = None,
    as_json: JSON = False,
) -> None:
    """Override a lock. It takes effect after the delay of [enforcement] override_after_s, and you are told.

    A lock that was set without override ends at its own time only. Exit code 2: no reason; 3: refused; 5: no guard.
    """
    if not reason.strip():
        raise UsageError("an override needs --reason: it is kept in the journal")
    if lock is not None and loosen is not None:
        raise UsageError("one at a time: a lock, or --loosen")
    body = {"reason": reason, **({"lock": lock} if lock else {}), **({"loosen": loosen} if loosen else {})}
    show(asked(home, one_guard(home, account), "unlock", body), "unlock", as_json=as_json)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(unlock)
