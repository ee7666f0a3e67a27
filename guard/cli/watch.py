"""``guard watch``: the running guard's figures, as they move."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Sequence
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


def fitted(lines: Sequence[tuple[str, str]], width: int, height: int) -> list[tuple[str, str]]:
    """The lines as a screen can hold them: long ones go on below themselves, are cut where there is no room for that.

    What does not fit at all is said in the last line. Widths and heights are in characters.
    """
    room = height - 1
    wrapped = [(part, style) for text, style in lines for part in _wrapped(text, width)]
    if len(wrapped) <= room:
        return wrapped
    cut = [(text if len(text) <= width else f"{text[: width - 1]}…", style) for text, style in lines]
    if len(cut) <= room:
        return cut
    left = len(cut) - (room - 1)
    return [*cut[: room - 1], (f"and {left} more lines: `guard status` shows all"[:width], "dim")]


def _wrapped(text: str, width: int) -> list[str]:
    head, sign, _ = text.partition(" %  ")
    indent = " " * (len(head) + len(sign) if sign and len(head) < width // 2 else 4)
    return textwrap.wrap(text, width, subsequent_indent=indent, drop_whitespace=True) or [""]


def _live(home: Path | None, account: str | None, guards: list[Seen]) -> None:
    from rich.live import Live  # noqa: PLC0415 - not for a JSON answer
    from rich.text import Text  # noqa: PLC0415

    console = output.console()

    def page(guards: list[Seen]) -> Text:
        lines = [line for seen in guards for line in all_lines(seen)]
        lines = [*lines, ("Ctrl-C ends this view; the guard goes on.", "dim")]
        if console.is_terminal:
            lines = fitted(lines, console.width, console.height)
        return Text("\n").join(Text(line, style=style) for line, style in lines)

    with Live(page(guards), console=console, auto_refresh=False, screen=False) as live:
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
