"""``guard status``: what the running guard sees now."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from guard.app.home import find_home
from guard.app.live import Seen, look
from guard.app.seen import FORMAT, document
from guard.cli import output
from guard.cli._notices_view import all_lines
from guard.model.errors import TerminalError


class NoGuardError(TerminalError):
    """No guard runs that could answer (exit code 5)."""


def running(home: Path | None, account: str | None) -> list[Seen]:
    """The guards that run in this home, the newest figures first.

    Raises:
        NoGuardError: None does.
    """
    found = [seen for seen in look(find_home(home)) if account is None or seen.account.key.startswith(account)]
    alive = [seen for seen in found if seen.running]
    if alive:
        return alive
    where = f" ({found[0].account}: {found[0].why})" if found else ""
    raise NoGuardError(f"no guard is running{where}: start one with `guard run`")


def status(
    home: Annotated[Path | None, typer.Option("--home", help="The home the guard was started with.")] = None,
    account: Annotated[
        str | None, typer.Option("--account", help="Only this login, or login@server, when several are guarded.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show what the running guard sees: figures, verdicts and what is missing.

    Exit code 5: no guard is running.
    """
    guards = running(home, account)
    if as_json:
        output.print_json({"format": FORMAT, "guards": [document(seen) for seen in guards]})
        return
    for seen in guards:
        for line, _ in all_lines(seen):
            output.say(line)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(status)
