"""The ``[[limits]]`` of the files: each entry by its kind, then the files laid over each other by name."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from guard.actions.registry import action_kinds
from guard.limits.base import Limit
from guard.limits.registry import limit_kinds
from guard.settings.extends import Source
from guard.settings.faults import Fault, did_you_mean, shown
from guard.settings.money import MoneyRule, in_account_currency, is_money, takes_amount
from guard.settings.sections import to_json
from guard.settings.words import faults_of

Place = tuple[str | int, ...]
_NAME: Final = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")


@dataclass(frozen=True, slots=True)
class Entry:
    """A limit that could be read, with its place in the file it came from."""

    source: Source
    number: int
    limit: Limit

    def path(self, *location: str | int) -> str:
        """A place in this entry."""
        return self.source.path("limits", self.number, *location)


def read_limits(source: Source, rule: MoneyRule, day: dict[str, Any] | None, faults: list[Fault]) -> list[Entry]:
    """The entries of one file; what cannot be read is added to ``faults``.

    ``day`` is the ``[trading_day]`` of the whole configuration, for limits without a ``reset``.
    """
    raw = source.document.get("limits", [])
    if isinstance(raw, dict):
        return []  # reported with the sections
    if not isinstance(raw, list):
        faults.append(Fault(source.path("limits"), f"must be [[limits]] sections, it is {shown(raw)}."))
        return []
    entries: list[Entry] = []
    for number, item in enumerate(raw):
        limit = _read(source, number, item, rule, day, faults)
        if limit is not None:
            entries.append(Entry(source, number, limit))
    _names(entries, faults)
    return entries


def _read(
    source: Source, number: int, item: object, rule: MoneyRule, day: dict[str, Any] | None, faults: list[Fault]
) -> Limit | None:
    kinds = limit_kinds()
    if not isinstance(item, dict):
        faults.append(Fault(source.path("limits", number), f"must be a table with a kind, it is {shown(item)}."))
        return None
    kind = item.get("kind")
    if not isinstance(kind, str) or kind not in kinds:
        where = source.path("limits", number, "kind")
        if kind is None:
            faults.append(Fault(where, f"is missing; there are: {', '.join(kinds)}."))
        elif not isinstance(kind, str):
            faults.append(Fault(where, f"must be text in quotes, it is {shown(kind)}."))
        else:
            faults.append(Fault(where, f"there is no limit '{kind}'; {did_you_mean(kind, kinds)}"))
        return None
    model = kinds[kind]
    before = len(faults)
    rest = {key: _money(value, source, (number, key), rule, faults) for key, value in item.items() if key != "kind"}
    for name in (name for name, field in model.model_fields.items() if takes_amount(field) and name in rest):
        rest[name] = _amount(rest[name], source, (number, name), rule, faults)
    if day is not None and "reset" in model.model_fields:
        rest.setdefault("reset", day)
    try:
        limit = model.model_validate_json(to_json(rest))
    except ValidationError as error:
        known = {fault.path for fault in faults}
        found = faults_of(error, model, json.loads(to_json(rest)), ("limits", number), f"a {kind} limit")
        placed = [Fault(source.path(fault.path), fault.sentence) for fault in found]
        faults += [fault for fault in placed if fault.path not in known]
        _actions(source, number, item, faults)
        return None
    return limit if len(faults) == before else None


def _actions(source: Source, number: int, item: dict[str, Any], faults: list[Fault]) -> None:
    """Mistyped actions of an entry that cannot be read for another reason, so that all faults come at once."""
    stages = item.get("stages")
    for at, stage in enumerate(stages if isinstance(stages, list) else []):
        actions = stage.get("actions") if isinstance(stage, dict) else None
        for position, action in enumerate(actions if isinstance(actions, list) else []):
            name = action.get("kind") if isinstance(action, dict) else action
            if isinstance(name, str) and name not in action_kinds():
                where = source.path("limits", number, "stages", at, "actions", position)
                faults.append(Fault(where, unknown_action(name)))


def unknown_action(name: str) -> str:
    """The sentence about an action that does not exist."""
    return f"there is no action '{name}'; {did_you_mean(name, action_kinds())}"


def _money(value: Any, source: Source, place: Place, rule: MoneyRule, faults: list[Fault]) -> Any:  # noqa: ANN401 - a file's value
    """The entry with amounts as numbers of account currency; an amount and its unit must agree."""
    if isinstance(value, list):
        return [_money(item, source, (*place, at), rule, faults) for at, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    result = {key: _money(item, source, (*place, key), rule, faults) for key, item in value.items()}
    raw = value.get("value")
    if "value" not in value or not (is_money(raw) or value.get("unit") == "money"):
        return result
    where = source.path("limits", *place, "value")
    if not isinstance(raw, str) or not is_money(raw):
        if isinstance(raw, (int, float)):
            faults.append(Fault(where, f'needs its currency, such as "{raw} USD", or unit = "pct".'))
    elif value.get("unit") != "money":
        faults.append(Fault(where, f'{shown(raw)} is an amount: add unit = "money", or write percent as a number.'))
        result["value"] = 1.0
    else:
        try:
            result["value"] = in_account_currency(raw, rule)
        except ValueError as error:
            faults.append(Fault(where, f"{error}."))
            result["value"] = 1.0
    return result


def _amount(value: Any, source: Source, place: Place, rule: MoneyRule, faults: list[Fault]) -> Any:  # noqa: ANN401 - a file's value
    """A field that may be an amount by itself, such as a lock: a number alone lacks its currency."""
    where = source.path("limits", *place)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        faults.append(Fault(where, f'needs its currency, such as "{value} USD".'))
    elif is_money(value):
        try:
            return in_account_currency(value, rule)
        except ValueError as error:
            faults.append(Fault(where, f"{error}."))
            return 1.0
    return value


def _names(entries: list[Entry], faults: list[Fault]) -> None:
    first: dict[str, Entry] = {}
    for entry in entries:
        name = entry.limit.name
        if not _NAME.match(name):
            sentence = f"{shown(name)} must be up to 64 letters, digits, dots, hyphens or underscores."
            faults.append(Fault(entry.path("id"), sentence))
        elif name in first:
            other = first[name].path()
            sentence = f"'{name}' is already the name of {other}; give one of them another id."
            faults.append(Fault(entry.path("id"), sentence))
        first.setdefault(name, entry)


def laid_over(sources: list[Source], files: list[list[Entry]], faults: list[Fault]) -> list[Entry]:
    """The limits in force: a later file's limit replaces an earlier one of the same name (id, by default the kind)."""
    held: dict[str, Entry] = {}
    for source, entries in zip(sources, files, strict=True):
        without = source.document.get("without", [])
        for number, name in enumerate(without if isinstance(without, list) else []):
            if isinstance(name, str) and held.pop(name, None) is None:
                sentence = f"no extended file has a limit '{name}'"
                hint = f"; {did_you_mean(name, held)}" if held else "."
                faults.append(Fault(source.path("without", number), sentence + hint))
        for entry in entries:
            held[entry.limit.name] = entry
    return list(held.values())
