"""``guard whatif``: figures and limits before and after what a trader might do, or what might happen."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from guard.app.home import find_home
from guard.app.what_if import policy_in_force
from guard.app.whatif.asked import Ask
from guard.app.whatif.outcome import Subject, answer
from guard.cli import output
from guard.cli._whatif_view import shocks_document, show, show_shocks
from guard.cli.status import running
from guard.engine.policy import Policy
from guard.journal.bodies import CYCLE
from guard.journal.sqlite import open_readonly
from guard.model.errors import InputError, UsageError
from guard.model.snapshot import Gap
from guard.model.snapshot_json import read_snapshot
from guard.model.state import State
from guard.model.state_json import state_from_json
from guard.settings.load import default_loaded, load_config
from guard.settings.money import check_currency
from guard.settings.snapshot_file import read_document

Words = list[str] | None
Text = str | None


def whatif(
    snapshot: Annotated[
        str | None,
        typer.Argument(help="A file that `guard snapshot` wrote, or -; without it the running guard's last snapshot."),
    ] = None,
    add: Annotated[Words, typer.Option("--add", help='Open: "buy 0.5 EURUSD", with "sl 1.05" for a stop.')] = None,
    close: Annotated[Words, typer.Option("--close", help="Close TICKET, TICKET:LOTS, a symbol, or all.")] = None,
    move_stop: Annotated[Words, typer.Option("--move-stop", help="TICKET=PRICE; 0 takes it away.")] = None,
    hedge: Annotated[Words, typer.Option("--hedge", help="Open the opposite of the open SYMBOL, or all.")] = None,
    deposit: Annotated[float | None, typer.Option("--deposit", help="Pay in, account currency.")] = None,
    withdraw: Annotated[float | None, typer.Option("--withdraw", help="Pay out, account currency.")] = None,
    leverage: Annotated[float | None, typer.Option("--leverage", help="The account's leverage: 100 is 1:100.")] = None,
    tiers: Annotated[Text, typer.Option("--tiers", help="Leverage by equity: a broker, or 0:2000,5000:1000.")] = None,
    cut: Annotated[Text, typer.Option("--cut", help="This broker's scheduled margin change, such as exness.")] = None,
    shock: Annotated[Words, typer.Option("--shock", help="A historical shock, such as yen-2024.")] = None,
    gap: Annotated[float | None, typer.Option("--gap", help="A gap in percent against every net position.")] = None,
    price: Annotated[Words, typer.Option("--price", help="EURUSD=1.05 or EURUSD=-5%.")] = None,
    commission: Annotated[float | None, typer.Option("--commission", help="Of each lot and side.", min=0.0)] = None,
    room: Annotated[Words, typer.Option("--room", help="Also tell the room for more of this symbol.")] = None,
    regulator: Annotated[Text, typer.Option("--regulator", help="Also apply its margin rates, such as esma.")] = None,
    config: Annotated[Path | None, typer.Option("--config", "-c", help="Limits; else the defaults.")] = None,
    home: Annotated[Path | None, typer.Option("--home", help="The home the guard was started with.")] = None,
    account: Annotated[Text, typer.Option("--account", help="Only this login, when several are guarded.")] = None,
    shocks: Annotated[bool, typer.Option("--shocks", help="List the historical shocks with their sources.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the guard.whatif/1 document.")] = False,
) -> None:
    """Show figures and limits before and after: trades first, then leverage, then prices.

    Nothing is sent anywhere. Exit code 0, also when a limit would break; 3: a file cannot be used; 5: no file was
    named and no guard is running.
    """
    if shocks:
        if as_json:
            output.print_json(shocks_document())
        else:
            show_shocks()
        return
    asked = Ask(
        deposit, withdraw, _all(close), _all(move_stop), _all(add), _all(hedge), leverage, tiers, cut, _all(shock), gap,
        _all(price), commission,
    )  # fmt: skip
    remarks: tuple[str, ...] = ()
    if snapshot is None:
        document, policy, label = _last(home, account, config)
        gaps: list[Gap] = []
    else:
        document, gaps = read_document(snapshot)
        loaded = default_loaded() if config is None else load_config(config)
        policy, remarks = loaded.policy, loaded.remarks
        label = "standard input" if snapshot == "-" else snapshot
    found = answer(subject(document, policy, gaps, label), asked, room=_all(room), regulator=regulator)
    if as_json:
        output.print_json(found)
    else:
        show(found)
    for remark in remarks:
        output.tell(f"guard: {remark}")


def _all(words: Words) -> tuple[str, ...]:
    return tuple(words) if words is not None else ()


def subject(document: Any, policy: Policy, gaps: list[Gap], label: str) -> Subject:  # noqa: ANN401 - any JSON
    """A snapshot document as what is asked about; a bad ``state`` is left out with a gap.

    Raises:
        InputError: Wrong format, or account or taken_at missing or unusable; the sentence begins with ``label``.
    """
    try:
        reading = read_snapshot(document)
    except InputError as error:
        raise InputError(f"{label}: {error}") from error
    check_currency(policy, reading.account.currency)
    state, found = State(), list(gaps)
    if document.get("state") is not None:
        try:
            state = state_from_json(document["state"])
        except InputError as error:
            found.append(Gap("state", f"{error}; the whole state is left out"))
    from dataclasses import replace  # noqa: PLC0415 - beside its only use

    return Subject(replace(reading, gaps=(*found, *reading.gaps)), state, policy, label)


def _last(home: Path | None, account: str | None, config: Path | None) -> tuple[Any, Policy, str]:
    """The last snapshot the running guard wrote into its journal, with the configuration it runs by."""
    guards = running(home, account)
    if len(guards) > 1:
        raise UsageError(f"{len(guards)} guards are running: say which with --account.")
    seen = guards[0]
    with closing(open_readonly(find_home(home).journal(seen.account))) as journal:
        seq = journal.last_seq(CYCLE)
        if seq is None:
            raise InputError("the guard has not written a snapshot yet: name a file that `guard snapshot` wrote")
        document = journal.snapshot_document(seq)
        policy = policy_in_force(journal) if config is None else load_config(config).policy
    return document, policy, f"the journal of account {seen.account}, row {seq}"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(whatif)
