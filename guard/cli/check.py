"""``guard check``: look once, say what the limits find, exit with the worst."""

from __future__ import annotations

import time
from typing import Annotated, Final

import typer

from guard.app.bootstrap import Guarded, open_guard
from guard.app.connect import Options, TerminalFactory, vendor_terminal
from guard.app.cycle import Outcome, any_unknown, utc_now
from guard.app.foreign import foreign_banner
from guard.app.stop import Stop, Stopped
from guard.cli import output
from guard.cli.run import Config, HomeFolder
from guard.engine.report import evaluation, worst
from guard.model.errors import TerminalError
from guard.model.verdict import Severity

_PATIENCE_S: Final = 3.0
_PAUSE_S: Final = 0.25
_INTERRUPTED: Final = 130


def register(app: typer.Typer, *, terminal: TerminalFactory = vendor_terminal) -> None:
    """Add the command; ``terminal`` is another one only in tests."""

    @app.command()
    def check(
        config: Config = None,
        home: HomeFolder = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print the guard.evaluation/1 document.")] = False,
    ) -> None:
        """Look at the account once, write it to the journal, and exit.

        Exit code 0: everything is OK; 10: the worst is a warning, 11: unknown, 12: a breach; 3 to 6 as for `run`.
        """
        stop = Stop()
        stop.install()
        try:
            with open_guard(Options(config, home), terminal, stop, shout=output.tell) as guarded:
                outcome = look(guarded, stop)
                severity = _show(guarded, outcome, as_json=as_json)
        except Stopped:
            raise typer.Exit(_INTERRUPTED) from None
        raise typer.Exit(output.worst_exit(severity))


def look(guarded: Guarded, stop: Stop) -> Outcome:
    """The first reading in which everything is known, or the last one within three seconds."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        outcome = guarded.cycle.run_once()
        if not any_unknown(outcome):
            break
        if time.monotonic() >= deadline or stop.reason is not None:
            break
        stop.sleep_until(time.monotonic() + _PAUSE_S)
    at, state = utc_now(), guarded.cycle.state
    body = {"why": "checked once", **guarded.cycle.figures()}
    guarded.patient.write(at, lambda journal: journal.commit_state("stop", body, state, at=at))
    return outcome


def _show(guarded: Guarded, outcome: Outcome, *, as_json: bool) -> Severity:
    result, snapshot = outcome.result, outcome.snapshot
    if result is None or snapshot is None:
        raise TerminalError(f"account {guarded.account} cannot be read: {outcome.blind}")
    document = evaluation(result, snapshot, guarded.loaded.policy)
    severity = worst(result.verdicts)
    if as_json:
        output.print_json(document)
    else:
        output.say(f"Account {guarded.account}, limits from {guarded.loaded.policy.source}:")
        for verdict in sorted(result.verdicts, key=lambda one: -one.severity):
            output.say(f"{verdict.severity.name:<7} {verdict.kind}: {verdict.sentence}")
        if outcome.blind is not None:
            output.say(f"BLIND   {outcome.blind}")
    foreign = foreign_banner(guarded.loaded)
    for remark in (*([foreign] if foreign is not None else []), *guarded.cycle.standing, *guarded.loaded.remarks):
        output.tell(f"guard: {remark}")
    return severity
