"""Checks the sections of one file (everything but its limits)."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import suppress
from typing import Any, Final

from pydantic import ValidationError

from guard.settings.build import MESSAGES
from guard.settings.extends import Source
from guard.settings.faults import Fault
from guard.settings.schema import FORMAT, ConfigFile
from guard.settings.words import faults_of

_TABLES: Final = (
    *MESSAGES[:-1],
    "account", "terminal", "trading_day", "timing", "margin", "worst_case", "enforcement", "news",
    "preset", "broker", "regulator",
)  # fmt: skip
_ARRAYS: Final = ("limits", "shocks", "notify", "levels", "loosened", "rules", "examples")


def read_sections(source: Source) -> list[Fault]:
    """The faults of one file's sections, in the order of the file, with the format first."""
    document = dict(source.document)
    document.pop("limits", None)
    faults: list[Fault] = []
    for name in _ARRAYS:
        if isinstance(source.document.get(name), dict):
            faults.append(Fault(source.path(name), f"is a list of sections: write [[{name}]] with two brackets."))
            document.pop(name, None)
    for name in _TABLES:
        if isinstance(document.get(name), list):
            faults.append(Fault(source.path(name), f"stands once in a file: write [{name}] with one bracket."))
            document.pop(name)
    if "format" not in document:
        faults.append(Fault(source.path("format"), f'is missing: the first line must be format = "{FORMAT}".'))
        document["format"] = FORMAT
    terminal = document.get("terminal")
    if isinstance(terminal, dict):
        faults += _terminal(source, terminal)
    return faults + [Fault(source.path(f.path), f.sentence) for f in _faults(to_json(document))]


def _faults(text: str) -> list[Fault]:
    """What the models find; the large one of presets is asked only when the other one refuses."""
    with suppress(ValidationError):
        ConfigFile.model_validate_json(text)
        return []
    from guard.settings.preset_file import PresetFile  # noqa: PLC0415 - the running guard rarely needs it

    try:
        PresetFile.model_validate_json(text)
    except ValidationError as error:
        return faults_of(error, PresetFile, json.loads(text))
    return []


def _terminal(source: Source, terminal: dict[str, Any]) -> list[Fault]:
    faults = []
    path = terminal.get("path")
    if isinstance(path, str) and not path.isprintable():
        sentence = "holds a control character: a backslash in double quotes was read as one; use single quotes."
        faults.append(Fault(source.path("terminal", "path"), sentence))
    return faults


def to_json(document: object) -> str:
    """A TOML document as JSON text: times and dates become text, numbers that are not finite stay for the models."""
    return json.dumps(document, default=_text)


def _text(value: object) -> str:
    if isinstance(value, (dt.time, dt.date)):
        return value.isoformat()
    message = f"TOML does not hold a {type(value).__name__}"
    raise TypeError(message)
