"""``guard report``: a day or a week of one account as one HTML file."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from guard.app.journal_view import instant
from guard.app.report_data import bounds, gather
from guard.app.report_html import page
from guard.cli import output
from guard.cli.journal import AccountName, HomeFolder, Where, journal_path
from guard.journal.sqlite import SqliteJournal, open_readonly
from guard.model.errors import InputError, UsageError

_START: Final = "start"


def report(
    day: Annotated[bool, typer.Option("--day", help="One trading day (the default).")] = False,
    week: Annotated[bool, typer.Option("--week", help="One trading week, from Monday.")] = False,
    at: Annotated[str | None, typer.Option("--at", help="A date or instant in it; without it, now.")] = None,
    to: Annotated[
        Path | None, typer.Option("-o", "--output", help="HTML file to write; without it one in this folder.")
    ] = None,
    png: Annotated[
        Path | None, typer.Option("--png", help="Also a picture, as PNG (needs mt5-guard[report]).", show_default=False)
    ] = None,
    journal: Where = None,
    home: HomeFolder = None,
    account: AccountName = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document about it.")] = False,
) -> None:
    """Write what happened in a day or a week: equity, limits, notices, deeds, as one HTML file with its pictures."""
    if day and week:
        raise UsageError("--day and --week are two reports: name one")
    period = "week" if week else "day"
    path = journal_path(journal, home, account)
    asked = instant(at, "--at")
    with closing(open_readonly(path)) as opened:
        document = _configuration(opened)
        begin, end, zone = bounds(period, asked if asked is not None else datetime.now(UTC), document)
        made = gather(opened, period, begin, end, zone)
    name = path.parent.name if path.name == "journal.db" else path.stem
    currency = str((document.get("account") or {}).get("currency") or "account currency")
    file = to if to is not None else Path(f"guard-{period}-{begin:%Y-%m-%d}.html")
    try:
        file.write_text(page(made, name, currency), encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError(f"{file} cannot be written ({error.strerror}): choose another file with -o") from error
    if png is not None:
        from guard.app.report_png import write_png  # noqa: PLC0415 - a large library, only when it is asked for

        write_png(made, name, currency, png)
    if as_json:
        output.print_json({
            "format": "guard.report/1", "period": period, "begin": begin.isoformat(), "end": end.isoformat(),
            "file": str(file), "png": str(png) if png is not None else None, "samples": len(made.samples),
            "notices": len(made.notices),
        })  # fmt: skip
        return
    output.say(f"{made.title}: {len(made.samples)} samples, {len(made.notices)} notices.")
    output.say(f"Written: {file}{f' and {png}' if png is not None else ''}")


def _configuration(journal: SqliteJournal) -> Mapping[str, Any]:
    found = journal.newest(1, None, (_START,))
    document: Any = found[0].body.get("configuration") if found else None
    return document if isinstance(document, dict) else {}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(report)
