"""Files that are written from the registry and the presets: JSON schema, example, the guide's limits, brokers' levels.

``python -m guard.settings.generated`` writes them into a checkout; a test says when they are not current.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from guard.engine.policy import DEFAULT_SHOCKS
from guard.settings.actions_page import actions_page
from guard.settings.catalog import FieldWords, KindWords, catalog
from guard.settings.levels import read_shipped_levels
from guard.settings.notices import HeartbeatSection, NoticesSection, NotifySection, TelegramSection
from guard.settings.schema import FORMAT, ConfigFile, json_schema
from guard.settings.toml_text import inline

_VALUES: Final = {"login": 5012345, "server": "Broker-Demo", "currency": "USD", "initial": "100000 USD",
                  "path": r"C:\Program Files\MetaTrader 5\terminal64.exe", "call_level": 100.0, "stop_out_level": 50.0,
                  "url": "env:GUARD_MESSAGES", "password": "keyring:mt5-guard/5012345", "address": "127.0.0.1:18500",
                  "token_file": r"C:\Users\you\worker.token", "type": "Standard Cent",
                  "bot": "env:GUARD_TELEGRAM_BOT", "chats": (123456789,), "name": "phone",
                  "label": "challenge", "calendar": "news.csv", "stage": "evaluation", "link": "https://guard.example",
                  "quiet": {"begin": "22:00", "end": "07:00", "tz": "Europe/Prague"}}  # fmt: skip
# max_drawdown counts from the typed balance unless told otherwise.
_NEEDED: Final = ("currency", "initial")
_SECTIONS: Final = ("account", "terminal", "trading_day", "timing", "margin", "worst_case", "enforcement", "news")


def files() -> dict[str, str]:
    """Path in the checkout and text of every generated file."""
    return {
        "config/guard.schema.json": json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n",
        "config/guard.example.toml": example(),
        "docs/guide/limits.md": guide(),
        "docs/guide/actions.md": actions_page(),
        "guard/settings/shipped_levels.py": levels(),
    }


def example() -> str:
    """A configuration with every section, kind and field, its unit and its default."""
    lines = [
        "#:schema ./guard.schema.json",
        "# Every field of a configuration, with its default. Lines that begin with # are optional and have no default.",
        "# A working file is much shorter: `guard config init` writes one. Written from the program, do not edit.",
        "",
        f'format = "{FORMAT}"',
        '# extends = ["profiles/intermediate"]   # ' + _words("extends"),
        '# without = ["missing_stop"]            # ' + _words("without"),
        f'mode = "warn"   # {_words("mode")}',
    ]
    for name in _SECTIONS:
        model = type(ConfigFile.model_fields[name].default)
        lines += ["", f"# {_first(model)}", f"[{name}]", *_section(model)]
    lines += ["", f"# {_words('shocks')}"]
    for shock in DEFAULT_SHOCKS:
        lines += ["[[shocks]]", *(f"{key} = {inline(getattr(shock, key))}" for key in ("target", "pct", "name")), ""]
    lines += [*_commented("[[notify]]", NotifySection), *_commented("[notices]", NoticesSection)]
    lines += [*_commented("[heartbeat]", HeartbeatSection), *_commented("[telegram]", TelegramSection)]
    for kind in catalog():
        lines += ["", f"# {kind.title}, in {kind.unit}. {kind.text.splitlines()[0]}", *_limit(kind)]
    return "\n".join(lines) + "\n"


def _words(name: str) -> str:
    return str(ConfigFile.model_fields[name].description)


def _first(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().splitlines()[0].replace("``", "")


def _commented(head: str, model: type[BaseModel]) -> Iterator[str]:
    """A section that has an effect only with what the user fills in: all of it is a comment."""
    yield from (f"# {_first(model)}", f"# {head}")
    yield from (line if line.startswith("#") else f"# {line}" for line in _section(model))
    yield ""


def _section(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        default: Any = field.default
        absent = default is None or default is PydanticUndefined
        optional = absent and name not in _NEEDED
        text = f"{name} = {inline(_VALUES[name] if absent else default)}"
        yield f"{'# ' if optional else ''}{text}   # {field.description}"


def _limit(kind: KindWords) -> Iterator[str]:
    """A kind's section: its example's required values, then every other field with its default."""
    yield "[[limits]]"
    required = dict(line.split(" = ", 1) for line in kind.example.splitlines()[1:])
    yield f'kind = "{kind.kind}"'
    for head, fields in _grouped((*kind.own, *kind.common)):
        if head != fields[0].name:
            yield from _table(head, fields, required)
        elif fields[0].default is None:
            yield f"{head} = {required[head]}   # {fields[0].words}"
        elif head == "id":
            yield f"id = {inline(kind.kind)}   # {fields[0].words}; default: the kind"
        elif fields[0].default == "none":
            yield f"# {head} = {fields[0].type.split(' or ')[0]!r}   # {fields[0].words}".replace("'", '"')
        elif fields[0].default == "all":
            yield f"{head} = {{}}   # {fields[0].words}"
        else:
            yield f"{head} = {fields[0].default}   # {fields[0].words}"


def _grouped(fields: tuple[FieldWords, ...]) -> Iterator[tuple[str, list[FieldWords]]]:
    groups: dict[str, list[FieldWords]] = {}
    for field in fields:
        groups.setdefault(field.name.split(".")[0], []).append(field)
    yield from groups.items()


def _table(head: str, fields: list[FieldWords], required: dict[str, str]) -> Iterator[str]:
    yield from (f"# {field.name}: {field.words}" for field in fields)
    if head in required:
        yield f"{head} = {required[head]}"
    else:
        inner = ", ".join(f"{field.name.partition('.')[2]} = {field.default}" for field in fields)
        yield f"{head} = {{ {inner} }}"


def guide() -> str:
    """The limits page of the guide."""
    kinds = catalog()
    lines = [
        "# Limits", "",
        "Written from the program (`python -m guard.settings.generated`). `guard limits --kinds` and",
        "`guard explain KIND` say the same.", "",
        "| kind | what | unit | breach |", "|---|---|---|---|",
        *(f"| [`{kind.kind}`](#{kind.kind}) | {kind.title} | {kind.unit} | {kind.breach} |" for kind in kinds),
        "", "## What every limit has", "", *_rows(kinds[0].common),
    ]  # fmt: skip
    for kind in kinds:
        lines += ["", f"## {kind.kind}", "", kind.text.replace("``", "`"), "", f"Utilization: {kind.formula}.", ""]
        lines += [*_rows(kind.own), "", "```toml", kind.example, "```"]
    return "\n".join(lines) + "\n"


def _rows(fields: tuple[FieldWords, ...]) -> list[str]:
    rows = ["| field | value | default | meaning |", "|---|---|---|---|"]
    for field in fields:
        default = "required" if field.default is None else f"`{field.default}`"
        kind = field.type.replace(" | ", ", ")
        rows.append(f"| `{field.name}` | {kind} | {default} | {field.words} |")
    return rows


def levels() -> str:
    """The shipped brokers' margin levels as a module: a running guard need not read their presets."""
    lines = [
        '"""Margin levels of the shipped brokers. Written from their presets by ``guard.settings.generated``."""', "",
        "from typing import Final", "", "from guard.metrics.account import BrokerLevels", "",
        "SHIPPED: Final[tuple[BrokerLevels, ...]] = (",
    ]  # fmt: skip
    for one in read_shipped_levels():
        servers = ", ".join(f'"{name}"' for name in one.servers) + ("," if len(one.servers) == 1 else "")
        lines.append(f'    BrokerLevels("{one.name}", ({servers}), {one.call_pct}, {one.stop_out_pct}),')
    return "\n".join([*lines, ")", ""])


def main() -> None:
    """Write the files into the checkout."""
    root = Path(__file__).resolve().parent.parent.parent
    for name, text in files().items():
        (root / name).write_text(text, encoding="utf-8", newline="\n")
        sys.stdout.write(f"{name}\n")


if __name__ == "__main__":
    main()
