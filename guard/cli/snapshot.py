"""``guard snapshot``: the account as the terminal gives it, in one file that can be shown to others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from guard.app.bootstrap import Options, TerminalFactory, connected, expected_of, first_look, load, vendor_terminal
from guard.app.home import Account, Home
from guard.app.masking import masked_snapshot
from guard.app.stop import Stop, Stopped
from guard.cli import output
from guard.cli.run import Config, HomeFolder
from guard.journal.canonical import canonical
from guard.journal.sqlite import open_readonly
from guard.model.errors import InputError
from guard.model.state_json import state_to_json

_INTERRUPTED = 130


def register(app: typer.Typer, *, terminal: TerminalFactory = vendor_terminal) -> None:
    """Add the command; ``terminal`` is another one only in tests."""

    @app.command()
    def snapshot(
        to: Annotated[Path | None, typer.Option("-o", "--output", help="File to write; else standard output.")] = None,
        config: Config = None,
        home: HomeFolder = None,
        with_identity: Annotated[
            bool, typer.Option("--with-identity", help="Keep login, name, server, paths and comments.")
        ] = False,
    ) -> None:
        """Write the account as the terminal gives it (guard.snapshot/1), with the guard's memory of it.

        Without --with-identity nothing in it says whose account it is. `guard evaluate` reads it.
        """
        stop = Stop()
        stop.install()
        try:
            document, account = _read(Options(config, home), terminal, stop)
        except Stopped:
            raise typer.Exit(_INTERRUPTED) from None
        shown = document if with_identity else masked_snapshot(document)
        # Through the journal's spelling, which turns a number that JSON does not have into a text.
        text = json.dumps(json.loads(canonical(shown)), indent=2) + "\n"
        if to is None:
            output.say(text.rstrip("\n"))
            return
        try:
            to.write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise InputError(f"{to} cannot be written ({error.strerror}): choose another file with -o") from error
        whose = f"account {account}, identity included" if with_identity else "identity masked"
        output.tell(f"Written: {to} ({whose}).")


def _read(options: Options, factory: TerminalFactory, stop: Stop) -> tuple[dict[str, Any], Account]:
    home, loaded = load(options)
    expected = expected_of(home, loaded)
    with connected(factory(loaded), stop) as terminal:
        document, _, account = first_look(terminal, expected, stop)
    state = _memory(home, account)
    return ({**document, "state": state} if state is not None else dict(document)), account


def _memory(home: Home, account: Account) -> Mapping[str, Any] | None:
    path = home.journal(account)
    if not path.is_file():
        return None
    with closing(open_readonly(path)) as journal:
        state = journal.load_state()
    return state_to_json(state) if state is not None else None
