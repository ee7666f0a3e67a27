"""``guard run``: watch the account until stopped."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated

import typer

from guard.app import inforce
from guard.app.bootstrap import open_guard
from guard.app.connect import Options, TerminalFactory, vendor_terminal
from guard.app.daemon import Daemon, Reporter
from guard.app.home import Account
from guard.app.stop import Stop, Stopped
from guard.app.web_access import PORT
from guard.cli import output

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Limits to apply; without it the home's guard.toml, else the defaults."),
]
HomeFolder = Annotated[
    Path | None, typer.Option("--home", help="Where the guard keeps its files; else GUARD_HOME, else your data folder.")
]


def register(app: typer.Typer, *, terminal: TerminalFactory = vendor_terminal) -> None:
    """Add the command; ``terminal`` is another one only in tests."""

    @app.command()
    def run(
        config: Config = None,
        home: HomeFolder = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
        foreign_module: Annotated[
            bool, typer.Option("--foreign-module", help="Let a mode that acts do so over [terminal] module.")
        ] = False,
        web: Annotated[bool, typer.Option("--web", help="Also show it in a browser: see `guard web`.")] = False,
        port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Where --web listens.")] = PORT,
    ) -> None:
        """Watch the account and say what is wrong and why, until Ctrl-C.

        Exit code 0: stopped by you; 3: configuration or home; 4: already guarded; 5: terminal; 6: another account.
        """
        stop = Stop()
        stop.install()
        try:
            options = Options(config, home, foreign_module)
            agree = _agreement(as_json)
            with (
                _beside(web, port, home, as_json),
                open_guard(options, terminal, stop, role=inforce.RUN, agree=agree, shout=_shout) as guarded,
            ):
                Daemon(guarded, _reporter(as_json), stop).run()
        except Stopped:
            output.tell("guard: stopped before the first look.")


def _beside(web: bool, port: int, home: Path | None, as_json: bool) -> AbstractContextManager[None]:
    if not web:
        return nullcontext()
    from guard.cli._beside import dashboard  # noqa: PLC0415 - only when it is wanted

    return dashboard(port, home, as_json=as_json)


def _reporter(as_json: bool) -> Reporter:
    if as_json:
        from guard.cli._run_report import JsonReporter  # noqa: PLC0415 - one of the two

        return JsonReporter()
    from guard.cli._run_report import TextReporter  # noqa: PLC0415

    return TextReporter()


def _agreement(as_json: bool) -> Callable[[Account], bool]:
    """Asks a person at a terminal; a script agreed by starting the guard."""

    def agree(account: Account) -> bool:
        if as_json or not (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty()):
            return True
        output.tell(f"The terminal is logged in to account {account}. Your configuration names none.")
        return typer.confirm("Guard this account from now on?", default=True, err=True)

    return agree


def _shout(sentence: str) -> None:
    output.tell(f"guard: {sentence}")
