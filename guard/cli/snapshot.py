"""``guard snapshot``: the account as the terminal gives it, in one file that can be shown to others."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from guard.app.connect import Options, TerminalFactory, connected, expected_of, first_look, load, vendor_terminal
from guard.app.home import Account, Home
from guard.app.masking import masked_snapshot
from guard.app.stop import Stop, Stopped
from guard.cli import output
from guard.cli.run import Config, HomeFolder
from guard.journal.canonical import canonical
from guard.journal.sqlite import open_readonly
from guard.model.errors import InputError, TerminalError, UsageError
from guard.model.state_json import state_to_json
from guard.terminal.recording import Recorder

if TYPE_CHECKING:
    from guard.terminal.port import Terminal

_INTERRUPTED = 130
_PERIOD_S = 0.25


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
        record: Annotated[
            Path | None, typer.Option("--record", help="Record readings into this file instead, until Ctrl-C.")
        ] = None,
        seconds: Annotated[
            float, typer.Option("--for", min=0.0, help="With --record: stop after so many seconds; 0: at Ctrl-C.")
        ] = 0.0,
    ) -> None:
        """Write the account as the terminal gives it (guard.snapshot/1), with the guard's memory of it.

        Without --with-identity nothing in it says whose account it is. `guard evaluate` reads it. With --record it
        writes one reading after the other (guard.recording/1): what a terminal did over time, for a bug report.
        """
        if record is not None and to is not None:
            raise UsageError("give --output or --record, not both")
        stop = Stop()
        stop.install()
        if record is not None:
            _record(Options(config, home), terminal, stop, Recorded(record, seconds, with_identity))
            return
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


class Recorded(NamedTuple):
    """What is recorded: the file, for how long (0: until stopped), with or without identity."""

    file: Path
    seconds: float
    with_identity: bool


def _record(options: Options, factory: TerminalFactory, stop: Stop, wanted: Recorded) -> None:
    home, loaded = load(options)
    expected = expected_of(home, loaded)
    try:
        with wanted.file.open("x", encoding="utf-8", newline="\n") as file:
            recorder = Recorder(file)
            try:
                with connected(factory(loaded), stop) as terminal:
                    _, _, account = first_look(terminal, expected, stop)
                    output.tell(f"Recording account {account} into {wanted.file}; Ctrl-C ends it.")
                    _follow(terminal, recorder, stop, wanted)
            except Stopped:
                pass
    except FileExistsError as error:
        raise InputError(f"{wanted.file} is there already: choose another file with --record") from error
    except OSError as error:
        raise InputError(f"{wanted.file} cannot be written ({error.strerror}): choose another file") from error
    whose = "identity included" if wanted.with_identity else "identity masked"
    output.tell(f"Written: {wanted.file} ({recorder.count} readings, {whose}).")


def _follow(terminal: Terminal, recorder: Recorder, stop: Stop, wanted: Recorded) -> None:
    end = time.monotonic() + wanted.seconds if wanted.seconds > 0.0 else None
    while stop.reason is None and (end is None or time.monotonic() < end):
        at = time.monotonic()
        try:
            document = terminal.read_snapshot()
        except TerminalError as error:
            recorder.failure(str(error))
        else:
            shown = document if wanted.with_identity else masked_snapshot(document)
            recorder.reading(json.loads(canonical(shown)))
        stop.sleep_until(at + _PERIOD_S)


def _memory(home: Home, account: Account) -> Mapping[str, Any] | None:
    path = home.journal(account)
    if not path.is_file():
        return None
    with closing(open_readonly(path)) as journal:
        state = journal.load_state()
    return state_to_json(state) if state is not None else None
