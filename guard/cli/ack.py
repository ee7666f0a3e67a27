"""``guard ack``: acknowledge notices, so that they are not repeated."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from guard.app.home import Account
from guard.cli import output
from guard.cli._asking import asked
from guard.cli.status import running
from guard.model.errors import InputError


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
    answers = [_acknowledge(home, number, one) for one in guards]
    if as_json:
        output.print_json({"format": "guard.ack/1", "answers": answers})
    else:
        for answer in answers:
            output.say(f"{answer['account']}: {answer['answer']}")
    if not any(answer["done"] for answer in answers):
        raise typer.Exit(InputError.exit_code)


def _acknowledge(home: Path | None, number: int | None, account: Account) -> dict[str, Any]:
    answer = asked(home, account, "ack", {} if number is None else {"notice": number})
    return {name: answer[name] for name in ("account", "done", "answer", "uid")}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(ack)
