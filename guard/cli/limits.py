"""``guard limits``: the kinds of limits there are."""

from __future__ import annotations

from typing import Annotated

import typer

from guard.cli import output
from guard.settings.catalog import KindWords, catalog


def limits(as_json: Annotated[bool, typer.Option("--json", help="Print the kinds as JSON.")] = False) -> None:
    """List every kind of limit with its fields, units and defaults."""
    kinds = catalog()
    if as_json:
        output.print_json({"format": "guard.limits/1", "limits": [kind.as_json() for kind in kinds]})
        return
    for kind in kinds:
        output.say(f"{kind.kind}: {kind.title}, in {kind.unit} (breach {kind.breach})")
        for line in field_lines(kind):
            output.say(line)
        output.say()
    names = ", ".join(field.name for field in kinds[0].common)
    output.say(f"Every limit also has: {names}. `guard explain KIND` tells more.")


def field_lines(kind: KindWords) -> list[str]:
    """The kind's own fields, one a line."""
    width = max(len(field.name) for field in kind.own)
    return [
        f"  {field.name:<{width}}  {field.type}; {'required' if field.default is None else f'default {field.default}'}"
        f"{': ' + field.words if field.words else ''}"
        for field in kind.own
    ]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(limits)
