"""``guard ack``: acknowledge notices, so that they are not repeated."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from guard.app.commands import KIND, ask, command_key
from guard.app.home import Account, find_home
from guard.cli import output
from guard.cli.status import running
from guard.journal.sqlite import open_readonly
from guard.model.errors import GuardError, InputError

_PATIENCE_S: Final = 10.0
_PAUSE_S: Final = 0.1


class NoAnswerError(GuardError):
    """The guard is there and has not answered."""

    exit_code = 5


def ack(
    number: Annotated[
        int | None, typer.Argument(help="The notice's number, as the message says it; without it, all of them.")
    ] = None,
    home: Annotated[Path | None, typer.Option("--home", help="The home the guard was started with.")] = None,
    account: Annotated[
        str | None, typer.Option("--account", help="Only this login, or login@server, when several are guarded.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Acknowledge a notice, or all of them: they are not repeated and not escalated any more.

    It changes no limit and no lock. Exit code 3: there is no such notice; 5: no guard is running.
    """
    guards = [seen.account for seen in running(home, account)]
    answers = [_acknowledge(find_home(home).journal(one), find_home(home).commands(one), number, one) for one in guards]
    if as_json:
        output.print_json({"format": "guard.ack/1", "answers": answers})
    else:
        for answer in answers:
            output.say(f"{answer['account']}: {answer['answer']}")
    if not any(answer["done"] for answer in answers):
        raise typer.Exit(InputError.exit_code)


def _acknowledge(journal: Path, commands: Path, number: int | None, account: Account) -> dict[str, Any]:
    with closing(open_readonly(journal)) as opened:
        last = next((row.seq for row in reversed(list(opened.rows(KIND)))), 0)
        uid = ask(commands, "ack", {} if number is None else {"notice": number}, "cli")
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            for row in opened.rows(KIND, last):
                if row.body["uid"] == uid:
                    return {"account": str(account), "done": row.body["done"], "answer": row.body["answer"], "uid": uid}
            time.sleep(_PAUSE_S)
    raise NoAnswerError(f"the guard of {account} has not answered within {_PATIENCE_S:.0f} s: see `guard status` "
                        f"(its answer will be in the journal under {command_key(uid)})")  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(ack)
