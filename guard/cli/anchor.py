"""``guard anchor``: the references that loss rules count from, and setting one the guard did not see."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from guard.app.anchor_desk import VERB
from guard.app.commands import KIND, ask, command_key
from guard.app.home import Account, find_home
from guard.cli import output
from guard.cli.status import running
from guard.journal.sqlite import open_readonly
from guard.model.errors import GuardError, InputError
from guard.settings.money import currency_of, is_money

_PATIENCE_S: Final = 10.0
_PAUSE_S: Final = 0.1
_HOME = Annotated[Path | None, typer.Option("--home", help="The home the guard was started with.")]
_ACCOUNT = Annotated[str | None, typer.Option("--account", help="Only this login, or login@server.")]
_JSON = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


class NoAnswerError(GuardError):
    """The guard is there and has not answered."""

    exit_code = 5


def show(home: _HOME = None, account: _ACCOUNT = None, as_json: _JSON = False) -> None:
    """Show what every loss rule counts from: balance, equity and peaks, since when, and how they are known.

    Exit code 5: no guard is running.
    """
    guards = running(home, account)
    if as_json:
        rows = [{"account": str(seen.account), "anchors": seen.document.get("anchors", [])} for seen in guards]
        output.print_json({"format": "guard.anchors/1", "guards": rows})
        return
    for seen in guards:
        output.say(f"{seen.account}")
        for row in seen.document.get("anchors", []):
            output.say("  " + _line(row))


def _line(row: dict[str, Any]) -> str:
    anchor = row["anchor"]
    head = f"{row['limit']} ({row['period']}, {row['reset']} {row['zone']})"
    if anchor is None:
        return f"{head}: not known yet"
    known = [f"{name.replace('_', ' ')} {anchor[name]:,.2f}" for name in
             ("balance", "equity", "peak_equity", "peak_balance") if anchor[name] is not None]  # fmt: skip
    missed = f", not watched from {anchor['unseen']} on" if anchor["unseen"] else ""
    return f"{head}: {', '.join(known)} since {anchor['at']}, {anchor['source']}{missed}"


def set_(
    limit: Annotated[str, typer.Argument(help="Name of the limit, as `guard limits` shows it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words; it is journaled.")],
    balance: Annotated[str | None, typer.Option("--balance", help='Balance at the reset, e.g. "100000 USD".')] = None,
    equity: Annotated[str | None, typer.Option("--equity", help="Equity at the reset.")] = None,
    peak_equity: Annotated[str | None, typer.Option("--peak-equity", help="Highest equity.")] = None,
    peak_balance: Annotated[
        str | None, typer.Option("--peak-balance", help="Highest closed or end-of-day balance.")
    ] = None,
    home: _HOME = None,
    account: _ACCOUNT = None,
    as_json: _JSON = False,
) -> None:
    """Set what a loss rule counts from, when the guard was not there to see it.

    Amounts carry their currency and leave credit out. Exit code 3: refused, with the reason; 5: no guard is running.
    """
    amounts = {"balance": balance, "equity": equity, "peak_equity": peak_equity, "peak_balance": peak_balance}
    body: dict[str, Any] = {"limit": limit, "reason": reason}
    currencies = set()
    for name, text in amounts.items():
        if text is None:
            continue
        if not is_money(text):
            option = f"--{name.replace('_', '-')}"
            message = f'{option}: must be an amount with its currency, such as "100000 USD", it is "{text}"'
            raise InputError(message)
        body[name] = float(text.split()[0])
        currencies.add(currency_of(text))
    if len(currencies) > 1:
        message = f"the amounts are in {' and '.join(sorted(currencies))}: write all of them in the account's currency"
        raise InputError(message)
    if currencies:
        body["currency"] = currencies.pop()
    guards = [seen.account for seen in running(home, account)]
    if len(guards) > 1:
        message = f"{len(guards)} guards are running: say which with --account ({', '.join(map(str, guards))})"
        raise InputError(message)
    place = find_home(home)
    answer = _asked(place.journal(guards[0]), place.commands(guards[0]), body, guards[0])
    if as_json:
        output.print_json({"format": "guard.anchor/1", **answer})
    else:
        output.say(f"{answer['account']}: {answer['answer']}")
    if not answer["done"]:
        raise typer.Exit(InputError.exit_code)


def _asked(journal: Path, commands: Path, body: dict[str, Any], account: Account) -> dict[str, Any]:
    with closing(open_readonly(journal)) as opened:
        last = next((row.seq for row in reversed(list(opened.rows(KIND)))), 0)
        uid = ask(commands, VERB, body, "cli")
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
    words = "What loss rules count from: show it, or set what was not seen."
    group = typer.Typer(name="anchor", help=words, no_args_is_help=True)
    group.command("show")(show)
    group.command("set")(set_)
    app.add_typer(group)
