"""``guard explain KIND``: one kind of limit with its formula, fields and an example."""

from __future__ import annotations

from typing import Annotated

import typer

from guard.cli import output
from guard.cli._kinds import field_lines
from guard.limits.registry import limit_kinds
from guard.model.errors import UsageError
from guard.settings.catalog import describe
from guard.settings.faults import did_you_mean


def explain(
    kind: Annotated[str, typer.Argument(help="A kind of limit, as `guard limits --kinds` lists them.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the explanation as JSON.")] = False,
) -> None:
    """Explain one kind of limit: what it measures, its fields with units and defaults, and an example."""
    kinds = limit_kinds()
    name = kind.replace("-", "_")
    if name not in kinds:
        message = f"there is no limit '{kind}'; {did_you_mean(name, kinds)}"
        raise UsageError(message)
    words = describe(kinds[name])
    if as_json:
        output.print_json({"format": "guard.limit/1", **words.as_json()})
        return
    output.say(f"{words.title} ({words.kind}), in {words.unit}")
    output.say()
    output.say(words.text.replace("``", "`"))
    output.say(f"\nUtilization: {words.formula}. Breach: {words.breach}.")
    output.say("\nFields")
    for line in field_lines(words):
        output.say(line)
    output.say("\nEvery limit has")
    for field in words.common:
        output.say(f"  {field.name:<18}{field.words}; default {field.default}")
    output.say(f"\nActions that can cure it: {', '.join(words.curable_by)}. This version only warns.")
    output.say(f"\nExample\n{words.example}")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(explain)
