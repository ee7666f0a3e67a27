"""The presets a configuration extends: who says each field, which rules are not watched, what may not be loosened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from guard.limits.base import Limit
from guard.settings.extends import Source, shipped_file, shipped_names
from guard.settings.faults import Fault, did_you_mean, place
from guard.settings.limits import Entry
from guard.settings.sections import to_json
from guard.settings.tighter import looser
from guard.settings.toml_file import read_toml

if TYPE_CHECKING:
    from guard.settings.broker_model import BrokerSection
    from guard.settings.preset_model import ExampleSection, PresetSection, RuleSection
    from guard.settings.regulator_model import RegulatorSection

FIRM_KINDS: Final = ("prop", "regulator")
# How a limit speaks, not what the firm's rule is: these need no source.
_MANNER: Final = ("kind", "id", "stages", "for_s", "clear_margin_pct", "cooldown_s")


@dataclass(frozen=True, slots=True)
class Preset:
    """A preset as read; ``name`` is how ``extends`` calls it."""

    name: str
    about: PresetSection
    rules: tuple[RuleSection, ...]
    examples: tuple[ExampleSection, ...]
    broker: BrokerSection | None
    regulator: RegulatorSection | None
    limits: tuple[str, ...]

    @property
    def not_watched(self) -> tuple[RuleSection, ...]:
        """The rules this version cannot watch."""
        return tuple(rule for rule in self.rules if rule.limit is None)

    def rules_of(self, limit: str) -> tuple[RuleSection, ...]:
        """What its sources say about a limit."""
        return tuple(rule for rule in self.rules if rule.limit == limit)


def preset_of(source: Source) -> Preset | None:
    """The preset in a file, or ``None`` when it is none or cannot be read (its faults are told elsewhere)."""
    document = source.document
    if not isinstance(document.get("preset"), dict):
        return None
    # Only here: a configuration without presets needs none of their models.
    from guard.settings.broker_model import BrokerSection  # noqa: PLC0415
    from guard.settings.preset_model import ExampleSection, PresetSection, RuleSection  # noqa: PLC0415
    from guard.settings.regulator_model import RegulatorSection  # noqa: PLC0415

    try:
        return Preset(
            source.label,
            PresetSection.model_validate_json(to_json(document["preset"])),
            tuple(RuleSection.model_validate_json(to_json(item)) for item in _tables(document, "rules")),
            tuple(ExampleSection.model_validate_json(to_json(item)) for item in _tables(document, "examples")),
            _one(BrokerSection, document.get("broker")),
            _one(RegulatorSection, document.get("regulator")),
            tuple(str(item.get("id", item.get("kind"))) for item in _tables(document, "limits")),
        )
    except ValidationError:
        return None


def _one(model: Any, table: object) -> Any:  # noqa: ANN401 - a model and an instance of it
    return None if table is None else model.model_validate_json(to_json(table))


def _tables(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = document.get(name, [])
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


@cache
def shipped_presets(folder: str = "*") -> tuple[Preset, ...]:
    """Every preset that ships, in the order of their names; ``folder``: prop, brokers, regulators or profiles."""
    names = [name for name in shipped_names() if folder in ("*", name.split("/")[0])]
    found = (preset_of(Source(name, read_toml(shipped_file(name), name))) for name in names)
    return tuple(preset for preset in found if preset is not None)


def shipped_brokers() -> tuple[Preset, ...]:
    """The brokers among them."""
    return shipped_presets("brokers")


def read_preset(name: str) -> Preset:
    """A shipped preset.

    Raises:
        ValueError: There is none of that name; the text is one sentence.
    """
    if name not in shipped_names():
        message = f"there is no preset '{name}'; {did_you_mean(name, shipped_names())}"
        raise ValueError(message)
    found = preset_of(Source(name, read_toml(shipped_file(name), name)))
    if found is None:
        message = f"'{name}' is not a preset"
        raise ValueError(message)
    return found


def check_sources(source: Source, entries: list[Entry]) -> list[Fault]:
    """A preset's fields without a source, and rules that name what is not there."""
    found = preset_of(source)
    if found is None:
        return []
    faults: list[Fault] = []
    by_name = {entry.limit.name: entry for entry in entries}
    for number, rule in enumerate(found.rules):
        if rule.limit is None:
            continue
        entry = by_name.get(rule.limit)
        if entry is None:
            faults.append(Fault(source.path("rules", number, "limit"), f"there is no limit '{rule.limit}' here."))
            continue
        known = _written(entry)
        faults += [
            Fault(source.path("rules", number, "fields"), f"'{name}' is not written in the limit '{rule.limit}'.")
            for name in rule.fields
            if name not in known and not any(key.startswith(f"{name}.") for key in known)
        ]
    for entry in entries:
        given = {name for rule in found.rules_of(entry.limit.name) for name in rule.fields}
        for name in sorted(_written(entry)):
            if name.split(".")[0] not in _MANNER and not {name, name.split(".")[0]} & given:
                sentence = "has no source: name it in the fields of one of this file's [[rules]]."
                faults.append(Fault(entry.path(*name.split(".")), sentence))
    return faults


def _written(entry: Entry) -> set[str]:
    """The fields that stand in the file, by dotted place; a reset that came from [trading_day] does not."""
    found: set[str] = set()
    for name, value in entry.source.document["limits"][entry.number].items():
        found |= {f"{name}.{inner}" for inner in value} if isinstance(value, dict) else {name}
    return found


def check_loosened(sources: list[Source], files: list[list[Entry]]) -> tuple[list[Fault], list[str]]:
    """Faults where a firm's rule is loosened without saying so twice, and the sentences where it was said."""
    faults: list[Fault] = []
    said: list[str] = []
    firm: dict[str, tuple[str, Limit]] = {}
    for source, entries in zip(sources, files, strict=True):
        allowed = _allowed(source)
        used: set[str] = set()
        for where, name, words in _changes(source, entries, firm):
            owner = firm[name][0]
            if name in allowed:
                used.add(name)
                said.append(f"{name} is looser than {owner} says ({words}), because: {allowed[name]}")
            else:
                sentence = (
                    f"loosens the rule '{name}' of {owner} ({words}); say it twice to do so: "
                    f'[[loosened]] with limit = "{name}" and because = "…".'
                )
                faults.append(Fault(where, sentence))
        for number, name in enumerate(allowed):
            if name not in used:
                faults.append(Fault(source.path("loosened", number, "limit"), f"nothing here loosens '{name}'."))
        about = source.document.get("preset")
        for entry in entries:
            if isinstance(about, dict) and about.get("kind") in FIRM_KINDS:
                firm[entry.limit.name] = (source.label, entry.limit)
    return faults, said


def _allowed(source: Source) -> dict[str, str]:
    return {
        item["limit"]: str(item.get("because"))
        for item in _tables(source.document, "loosened")
        if isinstance(item.get("limit"), str)
    }


def _changes(
    source: Source, entries: list[Entry], firm: dict[str, tuple[str, Limit]]
) -> Iterator[tuple[str, str, str]]:
    """Each loosened rule: where, its name, and what is looser."""
    kept = {entry.limit.name for entry in entries}
    without = source.document.get("without", [])
    for number, name in enumerate(without if isinstance(without, list) else []):
        if isinstance(name, str) and name in firm and name not in kept:
            yield source.path("without", number), name, "it is left out"
    for entry in entries:
        held = firm.get(entry.limit.name)
        words = [] if held is None else looser(held[1], entry.limit)
        if words:
            yield entry.path(), entry.limit.name, "; ".join(words)


def check_size(sources: list[Source], initial: str | None) -> tuple[list[Fault], list[str]]:
    """The typed initial balance against the size a preset is written for."""
    faults: list[Fault] = []
    said: list[str] = []
    for source in sources:
        found = preset_of(source)
        if found is None or found.about.size is None or initial in (None, found.about.size):
            continue
        if found.about.fixed_size:
            sentence = f"is written for {found.about.size}, [account] initial says {initial}: its amounts do not fit."
            faults.append(Fault(source.path(place(("preset", "size"))), sentence))
        else:
            said.append(f"{found.name} is written for {found.about.size}; its percentages count from your {initial}.")
    return faults, said


def applied(sources: list[Source]) -> tuple[Preset, ...]:
    """The presets among the files of a configuration."""
    return tuple(found for found in map(preset_of, sources) if found is not None)
