"""The guide's page of actions, written from the registry of actions and the table of return codes."""

from __future__ import annotations

import inspect

from guard.actions.registry import action_kinds
from guard.engine.retcodes import RETCODES
from guard.settings.catalog import fields_of

EXAMPLE = (
    'stages = [{ at_pct = 70, actions = ["warn"] }, '
    '{ at_pct = 90, actions = ["flatten", { kind = "lock_until", until = "reset" }] }]'
)
_THEN = {
    "accepted": "waits for the account to show it", "gone": "waits for the account to show it", "again": "sent again",
    "slow": "sent again, more and more slowly", "once": "sent once more", "fix": "sent again, changed",
    "session": "waits for a newer tick", "unknown": "the account is read first",
    "never": "asked again after minutes only", "legs": "its legs are closed one by one",
}  # fmt: skip


def actions_page() -> str:
    """Every action with its settings, then what becomes of each answer of the trade server."""
    kinds = action_kinds()
    lines = [
        "# Actions", "",
        "Written from the program (`python -m guard.settings.generated`). A limit's `stages` name actions:", "",
        "```toml",
        EXAMPLE,
        "```", "",
        "In mode `warn` none but the notice is carried out, in `rehearse` they are planned and written down, in",
        "`enforce` carried out. How a deed is confirmed, projected and proved: [enforcement.md](enforcement.md).", "",
        "| action | what | closes positions |", "|---|---|---|",
        *(f"| [`{name}`](#{name}) | {kind.title} | {'yes' if kind.closes else 'no'} |" for name, kind in kinds.items()),
    ]  # fmt: skip
    for name, kind in kinds.items():
        lines += ["", f"## {name}", "", inspect.cleandoc(kind.__doc__ or "").replace("``", "`")]
        fields = fields_of(kind)
        if fields:
            lines += ["", "| field | value | default | meaning |", "|---|---|---|---|"]
            lines += [
                f"| `{field.name}` | {field.type.replace(' | ', ', ')} | `{field.default}` | {field.words} |"
                for field in fields
            ]
    lines += [
        "", "## What an answer of the trade server leads to", "",
        "No answer is proof: only the next reading of the account is. For a close:", "",
        "| code | meaning | then |", "|---|---|---|",
        *(f"| {code} | {row.reason} | {_THEN[row.then]} |" for code, row in RETCODES.items()),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"
