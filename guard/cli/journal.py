"""``guard journal``: look into a journal: what was decided, on what, and whether anybody changed it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from guard.app import account_lock
from guard.app.archive import archive_journal, verify_all
from guard.app.home import Account, find_home
from guard.app.journal_view import Filter, entries, instant
from guard.cli import output
from guard.cli._journal_export import FORMATS, export_rows
from guard.journal.sqlite import open_readonly
from guard.model.errors import InputError, UsageError
from guard.model.verdict import Severity

Where = Annotated[
    Path | None,
    typer.Option("--journal", help="The journal file; without it that of the home's account.", show_default=False),
]
HomeFolder = Annotated[Path | None, typer.Option("--home", help="The home the guard was started with.")]
AccountName = Annotated[
    str | None, typer.Option("--account", help="This login, or login@server, when the home has several.")
]
Kinds = Annotated[list[str] | None, typer.Option("--kind", help="Only rows of this kind; may be repeated.")]
Limit = Annotated[str | None, typer.Option("--limit", help="Only rows about this limit, by name or kind.")]
Text = Annotated[str, typer.Option("--text", help="Only rows with these words.")]
Least = Annotated[str | None, typer.Option("--severity", help="At least WARN, UNKNOWN or BREACH.")]
Since = Annotated[str | None, typer.Option("--since", help="From this date or instant on; UTC without an offset.")]
Until = Annotated[str | None, typer.Option("--until", help="Before this date or instant.")]
Everything = Annotated[bool, typer.Option("--all", help="Also the guard's memory and other inner rows.")]
_SHOWN: Final = "  "


def list_rows(
    journal: Where = None,
    home: HomeFolder = None,
    account: AccountName = None,
    kind: Kinds = None,
    limit: Limit = None,
    text: Text = "",
    severity: Least = None,
    since: Since = None,
    until: Until = None,
    everything: Everything = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """List what a journal holds, oldest first; the number in brackets is the snapshot to look at."""
    keep = _filter(kind, limit, text, severity, since, until, everything=everything)
    with closing(open_readonly(journal_path(journal, home, account))) as opened:
        for entry in entries(opened, keep):
            if as_json:
                output.say(json.dumps(entry, allow_nan=False))
                continue
            proof = f"[{entry['snapshot']}]" if entry["snapshot"] is not None else ""
            at = entry["at"][:19].replace("T", " ")
            output.say(f"{entry['seq']:>6}  {at}  {entry['kind']:<7} {proof:>7}{_SHOWN}{entry['text']}")


def export(
    to: Annotated[Path, typer.Option("-o", "--output", help="File to write; its ending names the format.")],
    journal: Where = None,
    home: HomeFolder = None,
    account: AccountName = None,
    kind: Kinds = None,
    limit: Limit = None,
    text: Text = "",
    severity: Least = None,
    since: Since = None,
    until: Until = None,
    everything: Everything = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document about it.")] = False,
) -> None:
    """Write rows to a file for another program: .csv, .json, or .parquet (needs mt5-guard[parquet])."""
    if to.suffix.lower() not in FORMATS:
        raise UsageError(f"{to.name} ends in none of {', '.join(FORMATS)}: its ending says what to write")
    keep = _filter(kind, limit, text, severity, since, until, everything=everything)
    with closing(open_readonly(journal_path(journal, home, account))) as opened:
        number = export_rows(opened, keep, to)
    if as_json:
        output.print_json({"format": "guard.journal-export/1", "file": str(to), "rows": number})
    else:
        output.say(f"{number} rows written to {to}")


def verify(
    journal: Where = None,
    home: HomeFolder = None,
    account: AccountName = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Check that no row was changed, removed or put in, in the journal and in its archives, nor any stored document.

    Exit code 3: it was, or the file is damaged; the sentence names the first row that does not fit.
    """
    checked = verify_all(journal_path(journal, home, account))
    if as_json:
        rows = sum(one["last"] - one["first"] + 1 for one in checked if one["last"])
        output.print_json({"format": "guard.journal-verify/1", "rows": rows, "files": checked})
        return
    for one in checked:
        output.say(f"{one['file']}: rows {one['first']} to {one['last']}, each as it was written.")
    output.say(f"Hash of the last row: {checked[-1]['hash']}")


def archive(
    home: HomeFolder = None,
    account: AccountName = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Close the journal's file and go on in a new one; nothing is deleted. Only while no guard of the account runs.

    Exit code 4: one runs.
    """
    path = journal_path(None, home, account)
    login, _, server = path.parent.name.partition("@")
    if not login.isdigit():
        raise InputError(f"{path.parent} is not named after an account: it is no home of a guard")
    lock = account_lock.acquire(Account(int(login), server))
    try:
        kept = archive_journal(path)
    finally:
        lock.release()
    if as_json:
        output.print_json({"format": "guard.journal-archive/1", "archive": str(kept), "journal": str(path)})
    else:
        output.say(f"Archived: {kept}. The journal goes on from its last row.")


def snapshot(
    seq: Annotated[int, typer.Argument(help="Number of a row of kind cycle: the number in brackets in the list.")],
    journal: Where = None,
    home: HomeFolder = None,
    account: AccountName = None,
    to: Annotated[Path | None, typer.Option("-o", "--output", help="File to write.", show_default=False)] = None,
) -> None:
    """Export the account as the guard saw it, with its memory before: `guard evaluate` derives the verdicts again."""
    with closing(open_readonly(journal_path(journal, home, account))) as opened:
        document = opened.snapshot_document(seq)
    text = json.dumps(document, indent=2, allow_nan=False) + "\n"
    if to is None:
        output.say(text.rstrip("\n"))
        return
    try:
        to.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{to} cannot be written ({error.strerror}): choose another file with -o") from error
    output.tell(f"Written: {to}")


def journal_path(journal: Path | None, home: Path | None, account: str | None) -> Path:
    """The file named, else that of the home's only account.

    Raises:
        InputError: The home has no journal, or several and none is named.
    """
    if journal is not None:
        return journal
    where = find_home(home)
    found = sorted(path for path in where.states.glob("*/journal.db") if path.parent.name.startswith(account or ""))
    if len(found) == 1:
        return found[0]
    if not found:
        raise InputError(f"there is no journal in {where.root}: `guard run` makes it, or name one with --journal")
    names = ", ".join(path.parent.name for path in found)
    raise InputError(f"there are journals of several accounts: name one of {names} with --account")


def _filter(
    kinds: Iterable[str] | None, limit: str | None, text: str, severity: str | None, since: str | None,
    until: str | None, *, everything: bool,
) -> Filter:  # fmt: skip
    least: Any = None
    if severity is not None:
        least = next((one for one in Severity if one.name == severity.upper()), None)
        if least is None:
            raise UsageError(f"--severity {severity!r} is none of WARN, UNKNOWN, BREACH")
    begin, end = instant(since, "--since"), instant(until, "--until")
    return Filter(tuple(kinds or ()), limit, text, begin, end, least, everything)


def register(app: typer.Typer) -> None:
    """Add the command."""
    group = typer.Typer(no_args_is_help=True, help="Look into a journal: what was decided, and on what.")
    group.command("list")(list_rows)
    group.command("snapshot")(snapshot)
    group.command("export")(export)
    group.command("verify")(verify)
    group.command("archive")(archive)
    app.add_typer(group, name="journal")
