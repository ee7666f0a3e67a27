"""Every kind of limit as text or JSON."""

from __future__ import annotations

from guard.cli import output
from guard.settings.catalog import KindWords, catalog


def list_kinds(*, as_json: bool) -> None:
    """Print every kind with its fields, units and defaults."""
    found = catalog()
    if as_json:
        output.print_json({"format": "guard.limits/1", "limits": [kind.as_json() for kind in found]})
        return
    for kind in found:
        output.say(f"{kind.kind}: {kind.title}, in {kind.unit} (breach {kind.breach})")
        for line in field_lines(kind):
            output.say(line)
        output.say()
    names = ", ".join(field.name for field in found[0].common)
    output.say(f"Every limit also has: {names}. `guard explain KIND` tells more.")


def field_lines(kind: KindWords) -> list[str]:
    """The kind's own fields, one a line."""
    width = max(len(field.name) for field in kind.own)
    return [
        f"  {field.name:<{width}}  {field.type}; {'required' if field.default is None else f'default {field.default}'}"
        f"{': ' + field.words if field.words else ''}"
        for field in kind.own
    ]
