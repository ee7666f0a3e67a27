"""Asking the running guard for something and waiting for its answer in the journal."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from guard.app.commands import KIND, ask, command_key
from guard.app.home import Account, find_home
from guard.cli import output
from guard.cli.status import running
from guard.journal.sqlite import open_readonly
from guard.model.errors import GuardError, InputError, UsageError

PATIENCE_S: Final = 10.0
_PAUSE_S: Final = 0.1
HOME = Annotated[Path | None, typer.Option("--home", help="The home the guard was started with.")]
ACCOUNT = Annotated[
    str | None, typer.Option("--account", help="Only this login, or login@server, when several are guarded.")
]
JSON = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


class NoAnswerError(GuardError):
    """The guard is there and has not answered."""

    exit_code = 5


def one_guard(home: Path | None, account: str | None) -> Account:
    """The one guard that is meant.

    Raises:
        TerminalError: None is running (exit code 5).
        UsageError: Several are.
    """
    found = [seen.account for seen in running(home, account)]
    if len(found) > 1:
        names = ", ".join(one.key for one in found)
        raise UsageError(f"several guards are running: say which one with --account ({names})")
    return found[0]


def asked(home: Path | None, account: Account, verb: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Ask, and wait for the answer: the journal's row of it, with the account.

    Raises:
        NoAnswerError: There is none in time.
    """
    place = find_home(home)
    with closing(open_readonly(place.journal(account))) as opened:
        last = next((row.seq for row in reversed(list(opened.rows(KIND)))), 0)
        uid = ask(place.commands(account), verb, body, "cli")
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            for row in opened.rows(KIND, last):
                if row.body["uid"] == uid:
                    return {"account": str(account), **row.body}
            time.sleep(_PAUSE_S)
    raise NoAnswerError(f"the guard of {account} has not answered within {PATIENCE_S:.0f} s: see `guard status` "
                        f"(its answer will be in the journal under {command_key(uid)})")  # fmt: skip


def show(answer: Mapping[str, Any], name: str, *, as_json: bool) -> None:
    """Print the answer; exit code 3 when nothing was done."""
    if as_json:
        output.print_json({"format": f"guard.{name}/1", **answer})
    else:
        output.say(f"{answer['account']}: {answer['answer']}")
    if not answer["done"]:
        raise typer.Exit(InputError.exit_code)
