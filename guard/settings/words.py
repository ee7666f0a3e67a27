"""Turns the validation library's findings into places and sentences a trader understands."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError

from guard.settings.faults import Fault, did_you_mean, place, shown
from guard.settings.patterns import CHANNEL_PATTERN, DAILY_PATTERN, LINK_PATTERN, SECRET_PATTERN, TIME_PATTERN
from guard.settings.schema import CURRENCY_PATTERN, MODULE_PATTERN, MONEY_PATTERN

_PLAIN: Final = {
    "float_type": "must be a number", "float_parsing": "must be a number", "int_type": "must be a whole number",
    "int_parsing": "must be a whole number", "int_from_float": "must be a whole number",
    "int_parsing_size": "must be a whole number of at most 18 digits",
    "bool_type": "must be true or false", "bool_parsing": "must be true or false",
    "string_type": "must be text in quotes",
    "finite_number": "must be a finite number", "tuple_type": "must be a list in square brackets",
    "list_type": "must be a list in square brackets", "model_type": "must be a table: { … } or its own section",
    "model_attributes_type": "must be a table: { … } or its own section", "dict_type": "must be a table: { … }",
    "time_parsing": 'must be a time such as "17:00"', "time_type": 'must be a time such as "17:00"',
    "string_too_short": "must not be empty",
}  # fmt: skip
_BOUNDS: Final = {
    "greater_than": ("gt", "must be above"), "greater_than_equal": ("ge", "must be at least"),
    "less_than": ("lt", "must be below"), "less_than_equal": ("le", "must be at most"),
}  # fmt: skip
_PATTERNS: Final = {
    MONEY_PATTERN: 'must be an amount with its currency in quotes, such as "100000 USD"',
    TIME_PATTERN: 'must be a time HH:MM in quotes, such as "00:00"',
    DAILY_PATTERN: 'must be a time HH:MM in quotes, such as "22:00", or "off"',
    LINK_PATTERN: "must be an address that begins with http:// or https:// and holds no password",
    CHANNEL_PATTERN: "must be up to 32 letters, digits, dots, dashes or underscores",
    CURRENCY_PATTERN: "must be a currency code in capitals, such as USD",
    MODULE_PATTERN: 'must be the name of an installed Python module, such as "mt5linux"',
    SECRET_PATTERN: "must be a reference, env:NAME or keyring:SERVICE/USER: "
    "addresses and passwords do not belong in this file",
}
_SECRET_WORDS: Final = re.compile(r"pass?w|pwd|secret|token|api_?key", re.IGNORECASE)
_SECRET: Final = "passwords do not belong in this file; the guard uses the terminal's own login"  # noqa: S105 - a sentence
EXTRA: Final = {"this file": ["limits"]}  # read by kind, not by the sections' model
Location = tuple[str | int, ...]


def faults_of(
    error: ValidationError, model: type[BaseModel], data: object, prefix: Location = (), of: str = "this file"
) -> list[Fault]:
    """The faults of ``data`` as ``model`` found them, one a place; ``of`` names what ``data`` is."""
    faults: dict[str, Fault] = {}
    for item in error.errors(include_url=False):
        location, value = _in_file(item["loc"], data, item["type"])
        other_branch = isinstance(value, (dict, list)) and item["type"] in ("string_type", "tuple_type")
        if other_branch and _deeper(error, item["loc"]):
            continue
        path = place((*prefix, *location))
        faults.setdefault(path, Fault(path, _sentence(item, model, location, value, of)))
    return list(faults.values())


def _in_file(found: Location, data: object, error_type: str) -> tuple[Location, object]:
    """The place in the file (the library adds names of alternatives) and the value that stands there."""
    steps: list[str | int] = []
    for number, step in enumerate(found):
        last = number == len(found) - 1
        if isinstance(data, Mapping) and isinstance(step, str) and (step in data or (last and error_type == "missing")):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            continue
        steps.append(step)
    return tuple(steps), data


def _deeper(error: ValidationError, found: Location) -> bool:
    """Whether another alternative of the same place got further than ``found``."""
    stem = found[:-1]
    return any(len(item["loc"]) > len(found) and item["loc"][: len(stem)] == stem for item in error.errors())


def _sentence(item: Any, model: type[BaseModel], location: Location, value: object, of: str) -> str:  # noqa: ANN401 - library's dict
    kind, context = item["type"], item.get("ctx", {})
    last = str(location[-1]) if location else ""
    if last == "password" and kind not in {"missing", "extra_forbidden"}:
        return f"{_PATTERNS[SECRET_PATTERN]}."  # whatever it is, it is not repeated on the screen
    it_is = f", it is {shown(value)}."
    if kind == "missing":
        return "is missing."
    if kind == "extra_forbidden":
        if _SECRET_WORDS.search(last):
            return f"{_SECRET}."
        names = fields_at(model, location[:-1]) + ([] if len(location) > 1 else EXTRA.get(of, []))
        owner = of if len(location) == 1 else place(location[:-1])
        return f"is not a field of {owner}; {did_you_mean(last, names)}"
    if kind == "string_pattern_mismatch":
        wanted = _PATTERNS.get(context["pattern"], f"must match {context['pattern']}")
        return f"{wanted}." if context["pattern"] in (SECRET_PATTERN, LINK_PATTERN) else wanted + it_is
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", context["expected"])
        if isinstance(value, str):
            return f"must be one of {', '.join(allowed)}{it_is[:-1]}; {did_you_mean(value, allowed)}"
        return f"must be one of {', '.join(allowed)}{it_is}"
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        bound = context[name]
        return f"{words} {bound:g}{it_is}" if isinstance(bound, (int, float)) else f"{words} {bound}{it_is}"
    if kind == "value_error":
        text = str(context["error"]).rstrip(".")
        return text + it_is
    if kind == "string_type" and last == "initial":
        return _PATTERNS[MONEY_PATTERN] + it_is
    if kind in _PLAIN:
        return _PLAIN[kind] + it_is
    text = str(item["msg"]).replace("Input should", "should").replace("input should", "should")
    return text[:1].lower() + text[1:].rstrip(".") + it_is


def fields_at(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    """The field names the table at ``location`` may have."""
    here = [model]
    for step in location:
        if isinstance(step, str):
            fields = [m.model_fields[step] for m in here if step in m.model_fields]
            here = [found for field in fields for found in _models(field.annotation)]
    return sorted({name for found in here for name in found.model_fields})


def _models(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models(part)]
