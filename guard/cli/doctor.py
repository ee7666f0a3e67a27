"""``guard doctor``: what the guard stands on here, and what to mend."""

from __future__ import annotations

import sys
from typing import Annotated, Final

import typer

from guard.app.connect import Options, TerminalFactory, vendor_terminal
from guard.app.doctor import examine
from guard.app.findings import Level, Report
from guard.app.stop import Stop, Stopped
from guard.cli import output
from guard.cli.run import Config, HomeFolder

_INTERRUPTED: Final = 130
_SIGNS: Final = {Level.OK: "ok", Level.NOTE: "note", Level.UNKNOWN: "?", Level.PROBLEM: "MEND"}
_STYLES: Final = {Level.OK: "green", Level.NOTE: "", Level.UNKNOWN: "magenta", Level.PROBLEM: "bold red"}


def register(app: typer.Typer, *, terminal: TerminalFactory = vendor_terminal) -> None:
    """Add the command; ``terminal`` is another one only in tests."""

    @app.command()
    def doctor(
        config: Config = None,
        home: HomeFolder = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print the guard.doctor/1 document.")] = False,
    ) -> None:
        """Examine computer, terminal, account, clock and history; say what the guard can do here and what to mend.

        It changes nothing and sends nothing. Exit code 0: nothing to mend; 10: something to mend; 11: something cannot
        be told now; 3: configuration or home, 5: terminal, 6: another account, and nothing after that was examined.
        """
        stop = Stop()
        stop.install()
        try:
            report = examine(Options(config, home), terminal, stop, _progress)
        except Stopped:
            raise typer.Exit(_INTERRUPTED) from None
        if as_json:
            output.print_json(_document(report))
        else:
            _show(report)
        raise typer.Exit(report.exit_code)


def _progress(what: str) -> None:
    """Only for somebody who waits in front of it."""
    if sys.stderr is not None and sys.stderr.isatty():
        output.tell(f"guard: {what}")


def _document(report: Report) -> dict[str, object]:
    findings = [
        {"area": one.area, "level": str(one.level), "what": one.what, "remedy": one.remedy if one.remedy else None}
        for one in report.findings
    ]
    return {"format": "guard.doctor/1", "exit_code": report.exit_code, "findings": findings, "calls": report.calls}


def _show(report: Report) -> None:
    console = output.console()
    for area in dict.fromkeys(one.area for one in report.findings):
        console.print(f"\n{area}", style="bold")
        for one in report.findings:
            if one.area != area:
                continue
            console.print(f"  {_SIGNS[one.level]:<5} {one.what}", style=_STYLES[one.level])
            if one.remedy:
                console.print(f"        to do: {one.remedy}")
    if report.calls:
        console.print("\nanswers, in milliseconds", style="bold")
        console.print(f"  {'call':<22}{'times':>7}{'p50':>10}{'p99':>10}{'longest':>10}")
        for call in report.calls:
            times = f"{call['p50_ms']:>10.3f}{call['p99_ms']:>10.3f}{call['max_ms']:>10.3f}"
            console.print(f"  {call['call']:<22}{call['count']:>7}{times}{'  failed' if call['failed'] else ''}")
    counts = {level: sum(one.level is level for one in report.findings) for level in Level}
    console.print(
        f"\n{counts[Level.PROBLEM]} to mend, {counts[Level.UNKNOWN]} not to be told now, {counts[Level.NOTE]} to know."
    )
