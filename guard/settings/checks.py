"""Faults a model cannot see alone: stages, actions, filters, zones, and limits that could never fire."""

from __future__ import annotations

from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import ValidationError

from guard.actions.registry import action_kinds
from guard.limits.base import ActionSpec
from guard.settings.build import limit_document
from guard.settings.faults import Fault, nearest
from guard.settings.limits import Entry, unknown_action
from guard.settings.overlaps import number_of
from guard.settings.schema import ConfigFile
from guard.settings.sections import to_json
from guard.settings.words import faults_of

FULL: Final = 100.0
CURES: Final = frozenset({"reduce", "close_offending", "flatten"})


def check_limits(entries: list[Entry], sections: ConfigFile | None, stop_out: float | None = None) -> list[Fault]:
    """Everything about the limits in force that contradicts itself; ``sections`` is ``None`` when they have faults.

    ``stop_out`` is the stop-out level in percent that the configuration or an extended preset names.
    """
    faults: list[Fault] = []
    seen: dict[str, Entry] = {}
    names = {entry.limit.name for entry in entries}
    for entry in entries:
        faults += _counted(entry, names)
        faults += _stages(entry)
        faults += _scope(entry)
        faults += _reset(entry)
        faults += _loss(entry, sections)
        faults += _behind_stop_out(entry, stop_out)
        twin = {key: value for key, value in limit_document(entry.limit).items() if key != "id"}
        first = seen.setdefault(repr(twin), entry)
        if first is not entry:
            faults.append(Fault(entry.path(), f"is the same limit as {first.path()}; keep one of them."))
    return faults


def _counted(entry: Entry, names: set[str]) -> list[Fault]:
    """A count of breaches of a limit that is not among the others."""
    of, others = getattr(entry.limit, "of", None), names - {entry.limit.name}
    if entry.limit.kind != "violation_count" or of in others or not others:
        return []
    return [Fault(entry.path("of"), f"there is no other limit '{of}'; there are: {', '.join(sorted(others))}.")]


def _stages(entry: Entry) -> list[Fault]:
    stages = entry.limit.stages
    if not stages:
        return [Fault(entry.path("stages"), "is empty: the limit would never say anything.")]
    faults: list[Fault] = []
    points = [stage.at_pct for stage in stages]
    if points != sorted(set(points)):
        faults.append(Fault(entry.path("stages"), "must go upwards in at_pct, each value once."))
    if min(points) > FULL:
        faults.append(Fault(entry.path("stages"), "begins above 100 %: the first word would come after the breach."))
    for number, stage in enumerate(stages):
        if stage.at_pct > FULL >= min(points) and set(stage.names) == {"warn"}:
            sentence = f"warns at {stage.at_pct:g} %, after the breach at 100 % has been told; leave this stage out."
            faults.append(Fault(entry.path("stages", number), sentence))
    for number, stage in enumerate(stages):
        where = ("stages", number, "actions")
        if not stage.actions:
            faults.append(Fault(entry.path(*where), 'is empty; the least is ["warn"].'))
        for position, (name, item) in enumerate(zip(stage.names, stage.actions, strict=True)):
            faults += _action(entry, name, item, stage.at_pct, (*where, position))
    return faults


def _action(
    entry: Entry, name: str, item: str | ActionSpec, at_pct: float, where: tuple[str | int, ...]
) -> list[Fault]:
    limit, kinds = entry.limit, action_kinds()
    if name not in kinds:
        return [Fault(entry.path(*where), unknown_action(name))]
    settings = {} if isinstance(item, str) else item.settings
    try:
        kinds[name].model_validate_json(to_json(settings))
    except ValidationError as error:
        found = faults_of(error, kinds[name], settings, ("limits", entry.number, *where), f"the action {name}")
        return [Fault(entry.source.path(fault.path), fault.sentence) for fault in found]
    cure = name if name in CURES else "flatten"
    if kinds[name].closes and cure not in limit.curable_by:
        able = [action for action in limit.curable_by if action in CURES]
        instead = f"use {' or '.join(able)}" if able else "warn or block_new is possible"
        return [Fault(entry.path(*where), f"'{name}' cannot cure a {limit.kind} limit; {instead}.")]
    if name == "lock_until":
        return _lock(entry, settings, where)
    target = settings.get("target_pct")
    if name == "reduce" and isinstance(target, (int, float)) and target >= at_pct:
        sentence = f"{target:g} % is not below the stage at {at_pct:g} %: nothing would be closed."
        return [Fault(entry.path(*where, "target_pct"), sentence)]
    return []


def _lock(entry: Entry, settings: dict[str, Any], where: tuple[str | int, ...]) -> list[Fault]:
    until, seconds = settings.get("until"), settings.get("for_s")
    if until is None and seconds is None:
        return [Fault(entry.path(*where), 'lock_until needs its end: { kind = "lock_until", until = "reset" }.')]
    if until is not None and seconds is not None:
        return [Fault(entry.path(*where), "lock_until has one end: until or for_s, not both.")]
    return []


def _scope(entry: Entry) -> list[Fault]:
    faults: list[Fault] = []
    if not entry.limit.scope.is_all and not getattr(type(entry.limit), "scoped", True):
        return [Fault(entry.path("scope"), f"has no effect: {entry.limit.kind} looks at the whole account.")]
    for name in type(entry.limit.scope).model_fields:
        values = getattr(entry.limit.scope, name)
        for number, value in enumerate(values):
            where = entry.path("scope", name, number)
            if value in values[:number]:
                faults.append(Fault(where, f"{value!r} stands twice."))
            elif (isinstance(value, str) and value.strip() != value) or value == "":
                faults.append(Fault(where, f"{value!r} is empty or has spaces around it and would match nothing."))
    return faults


def _reset(entry: Entry) -> list[Fault]:
    zone = getattr(getattr(entry.limit, "reset", None), "tz", None)
    if not isinstance(zone, str) or (found := zone_fault(zone)) is None:
        return []
    return [Fault(entry.path("reset", "tz"), found)]


def zone_fault(zone: str) -> str | None:
    """The sentence about a time zone that does not exist, or ``None``."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        guess = nearest(zone, available_timezones())
        hint = f"did you mean `{guess}`?" if guess else "write it like Europe/Prague or America/New_York."
        return f"there is no time zone '{zone}'; {hint}"
    return None


def _loss(entry: Entry, sections: ConfigFile | None) -> list[Fault]:
    """Loss rules that need the typed initial balance, or could never fire."""
    limit = entry.limit
    rule, anchor, lock = (getattr(limit, name, None) for name in ("limit", "anchor", "lock_at"))
    basis, unit, value = (getattr(rule, name, None) for name in ("basis", "unit", "value"))
    faults: list[Fault] = []
    if unit == "pct" and isinstance(value, float) and value >= FULL:
        sentence = f"{value:g} % can never be lost before the account is empty."
        faults.append(Fault(entry.path("limit", "value"), sentence))
    used = ((("limit", "basis"), basis if unit == "pct" else None), (("anchor",), anchor), (("lock_at",), lock))
    for place, word in used:
        if word == "initial" and sections is not None and sections.account.initial is None:
            sentence = 'needs the initial balance: add initial = "100000 USD" under [account].'
            faults.append(Fault(entry.path(*place), sentence))
    initial = sections.account.initial if sections is not None else None
    if unit == "money" and anchor == "initial" and initial is not None and isinstance(value, float):
        start = float(initial.split()[0])
        if value >= start:
            sentence = f"{value:g} can never be lost before the account of {start:g} is empty."
            faults.append(Fault(entry.path("limit", "value"), sentence))
    if lock is not None and not str(anchor).startswith("peak"):
        faults.append(Fault(entry.path("lock_at"), f"has no effect: a floor counted from '{anchor}' does not rise."))
    return faults


def _behind_stop_out(entry: Entry, level: float | None) -> list[Fault]:
    """A limit on margin that the broker's own stop-out comes before."""
    limit = entry.limit
    value = number_of(limit)
    if level is None or value is None:
        return []
    if limit.kind == "margin_level" and value <= level:
        sentence = f"{value:g} % is not above the stop-out level of {level:g} %: the broker would close first."
        return [Fault(entry.path(limit.max_field), sentence)]
    if limit.kind == "margin_usage" and level > 0.0 and value >= FULL * FULL / level:
        at = FULL * FULL / level
        sentence = f"{value:g} % is never reached: at a stop-out level of {level:g} % the broker closes at {at:g} %."
        return [Fault(entry.path(limit.max_field), sentence)]
    return []
