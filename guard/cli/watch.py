"""``guard watch``: the running guard's figures, as they move."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Final

import typer

from guard.app.home import find_home
from guard.app.live import Seen, mark_watched
from guard.app.seen import document
from guard.cli import output
from guard.cli._notices_view import all_lines
from guard.cli.status import NoGuardError, running

_PERIOD_S: Final = 0.5


def watch(
    home: Annotated[Path | None, typer.Option("--home", help="The home the guard was started with.")] = None,
    account: Annotated[
        str | None, typer.Option("--account", help="Only this login, or login@server, when several are guarded.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Show what the running guard sees until Ctrl-C; the guard itself is not touched.

    Exit code 5: no guard is running, or it ended.
    """
    first = _watched(home, account)
    try:
        if as_json:
            _lines(home, account, first)
        else:
            _live(home, account, first)
    except KeyboardInterrupt:
        return


def _watched(home: Path | None, account: str | None) -> list[Seen]:
    """The running guards, asked to write their figures every second."""
    guards = running(home, account)
    for seen in guards:
        mark_watched(find_home(home), seen.account)
    return guards


def _lines(home: Path | None, account: str | None, guards: list[Seen]) -> None:
    shown: dict[str, str] = {}
    while True:
        for seen in guards:
            if shown.get(seen.account.key) != seen.document["at"]:
                shown[seen.account.key] = seen.document["at"]
                output.print_event(document(seen))
        time.sleep(_PERIOD_S)
        guards = _watched(home, account)


def _live(home: Path | None, account: str | None, guards: list[Seen]) -> None:
    from rich.live import Live  # noqa: PLC0415 - not for a JSON answer
    from rich.text import Text  # noqa: PLC0415

    def page(guards: list[Seen]) -> Text:
        return Text("\n").join(Text(line, style=style) for seen in guards for line, style in all_lines(seen))

    with Live(page(guards), console=output.console(), auto_refresh=False, screen=False) as live:
        while True:
            time.sleep(_PERIOD_S)
            try:
                guards = _watched(home, account)
            except NoGuardError:
                live.stop()
                raise
            live.update(page(guards), refresh=True)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(watch)
