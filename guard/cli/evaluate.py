"""``guard evaluate``: what the limits say about one snapshot file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from guard.cli import output
from guard.cli._evaluate_view import show
from guard.engine.policy import Policy
from guard.engine.report import evaluation
from guard.engine.step import CycleResult, step
from guard.model.errors import InputError
from guard.model.snapshot import Gap, Snapshot
from guard.model.snapshot_json import read_snapshot
from guard.model.state import State
from guard.model.state_json import state_from_json
from guard.model.verdict import Severity
from guard.settings.load import default_loaded, load_config
from guard.settings.money import check_currency
from guard.settings.snapshot_file import read_document


def evaluate(
    snapshot: Annotated[str, typer.Argument(help="A file that `guard snapshot` wrote; - reads standard input.")],
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Limits to apply; without it the unconfigured defaults.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the guard.evaluation/1 document.")] = False,
) -> None:
    """Say what each limit finds in a snapshot.

    Exit code 0: everything is OK; 10: the worst is a warning, 11: unknown, 12: a breach; 3: a file cannot be used.
    """
    loaded = default_loaded() if config is None else load_config(config)
    document, gaps = read_document(snapshot)
    result = judge(document, loaded.policy, gaps, "standard input" if snapshot == "-" else snapshot)
    if as_json:
        output.print_json(result)
    else:
        show(result, document, loaded.policy.source)
    for remark in loaded.remarks:
        output.tell(f"guard: {remark}")
    raise typer.Exit(output.worst_exit(Severity[result["severity"]]))


def judge(document: Any, policy: Policy, gaps: list[Gap], name: str) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """The evaluation of one snapshot document; a bad ``state`` is left out with a gap.

    Raises:
        InputError: Wrong format, or account or taken_at missing or unusable; the sentence begins with ``name``.
    """
    result, reading = cycle_of(document, policy, gaps, name)
    return evaluation(result, reading, policy)


def cycle_of(
    document: Any,  # noqa: ANN401 - any JSON
    policy: Policy,
    gaps: list[Gap],
    name: str,
) -> tuple[CycleResult, Snapshot]:
    """One step on a snapshot document; see ``judge``.

    Raises:
        InputError: Wrong format, or account or taken_at missing or unusable.
    """
    try:
        reading = read_snapshot(document)
    except InputError as error:
        message = f"{name}: {error}"
        raise InputError(message) from error
    check_currency(policy, reading.account.currency)
    state = State()
    found = list(gaps)
    if document.get("state") is not None:
        try:
            state = state_from_json(document["state"])
        except InputError as error:
            path = str(error).split(":", 1)[0]
            found.append(Gap(path, f"{error}; the whole state is left out, as if the account was never seen before"))
    reading = replace(reading, gaps=(*found, *reading.gaps))
    return step(reading, state, policy), reading


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(evaluate)
