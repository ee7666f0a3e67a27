"""``guard journal``: look into a journal: what was decided, and the account it was decided on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from guard.cli import output
from guard.journal.bodies import CYCLE, NOTICE
from guard.journal.port import Row
from guard.journal.sqlite import SqliteJournal, open_readonly
from guard.model.errors import InputError

Where = Annotated[Path, typer.Option("--journal", help="The journal file.", show_default=False)]


def entries(journal: SqliteJournal) -> Iterator[dict[str, Any]]:
    """Each row in one object: number, time, kind, a sentence, and the row whose snapshot it was decided on."""
    decided_on: int | None = None
    for row in journal.rows():
        if row.kind == CYCLE:
            decided_on = row.seq
        proof = decided_on if row.kind in {CYCLE, NOTICE} else None
        yield {"seq": row.seq, "at": row.at, "kind": row.kind, "text": _text(row), "snapshot": proof}


def _text(row: Row) -> str:
    if row.kind == NOTICE:
        return str(row.body["sentence"])
    if row.kind == CYCLE:
        loud = [f"{v['severity']} {v['limit']}" for v in row.body["verdicts"] if v["severity"] != "OK"]
        return ", ".join(loud) if loud else "everything OK"
    why = row.body.get("why")
    return why if isinstance(why, str) else ""


def list_rows(
    journal: Where,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Also the guard's memory and other inner rows.")] = False,
) -> None:
    """List what a journal holds, oldest first; the number in brackets is the snapshot to look at."""
    with closing(open_readonly(journal)) as opened:
        for entry in entries(opened):
            if not everything and not entry["text"]:
                continue
            if as_json:
                output.say(json.dumps(entry, allow_nan=False))
                continue
            proof = f"[{entry['snapshot']}]" if entry["snapshot"] is not None else ""
            at = entry["at"][:19].replace("T", " ")
            output.say(f"{entry['seq']:>6}  {at}  {entry['kind']:<7} {proof:>7}  {entry['text']}")


def snapshot(
    seq: Annotated[int, typer.Argument(help="Number of a row of kind cycle: the number in brackets in the list.")],
    journal: Where,
    to: Annotated[Path | None, typer.Option("-o", "--output", help="File to write.", show_default=False)] = None,
) -> None:
    """Export the account as the guard saw it, with its memory before: `guard evaluate` derives the verdicts again."""
    with closing(open_readonly(journal)) as opened:
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


def register(app: typer.Typer) -> None:
    """Add the command."""
    group = typer.Typer(no_args_is_help=True, help="Look into a journal: what was decided, and on what.")
    group.command("list")(list_rows)
    group.command("snapshot")(snapshot)
    app.add_typer(group, name="journal")
