"""Faults a model cannot see alone: stages, actions, filters, zones, and limits that could never fire."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from guard.actions.base import CLOSING, KNOWN_ACTIONS
from guard.settings.build import limit_document
from guard.settings.faults import Fault, nearest
from guard.settings.limits import Entry, unknown_action
from guard.settings.schema import ConfigFile

FULL: Final = 100.0


def check_limits(entries: list[Entry], sections: ConfigFile | None) -> list[Fault]:
    """Everything about the limits in force that contradicts itself; ``sections`` is ``None`` when they have faults."""
    faults: list[Fault] = []
    seen: dict[str, Entry] = {}
    for entry in entries:
        faults += _stages(entry)
        faults += _scope(entry)
        faults += _reset(entry)
        faults += _loss(entry, sections)
        faults += _below_stop_out(entry, sections)
        twin = {key: value for key, value in limit_document(entry.limit).items() if key != "id"}
        first = seen.setdefault(repr(twin), entry)
        if first is not entry:
            faults.append(Fault(entry.path(), f"is the same limit as {first.path()}; keep one of them."))
    return faults


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
        where = ("stages", number, "actions")
        if not stage.actions:
            faults.append(Fault(entry.path(*where), 'is empty; the least is ["warn"].'))
        for position, (name, item) in enumerate(zip(stage.names, stage.actions, strict=True)):
            until = None if isinstance(item, str) else item.until
            faults += _action(entry, name, until, (*where, position))
    return faults


def _action(entry: Entry, name: str, until: str | None, where: tuple[str | int, ...]) -> list[Fault]:
    limit = entry.limit
    if name not in KNOWN_ACTIONS:
        return [Fault(entry.path(*where), unknown_action(name))]
    if name in CLOSING and name not in limit.curable_by:
        able = [action for action in limit.curable_by if action in CLOSING]
        instead = f"use {' or '.join(able)}" if able else "warn or block_new is possible"
        return [Fault(entry.path(*where), f"'{name}' cannot cure a {limit.kind} limit; {instead}.")]
    if name == "lock_until" and until is None:
        return [Fault(entry.path(*where), 'lock_until needs its end: { kind = "lock_until", until = "reset" }.')]
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
    if lock is not None and not str(anchor).startswith("peak"):
        faults.append(Fault(entry.path("lock_at"), f"has no effect: a floor counted from '{anchor}' does not rise."))
    return faults


def _below_stop_out(entry: Entry, sections: ConfigFile | None) -> list[Fault]:
    """A margin level floor that the broker's own stop-out comes before."""
    level = sections.margin.stop_out_level if sections is not None else None
    floor = getattr(entry.limit, entry.limit.max_field, None) if entry.limit.kind == "margin_level" else None
    if level is None or not isinstance(floor, float) or floor > level:
        return []
    sentence = f"{floor:g} % is not above the stop-out level of {level:g} %: the broker would close first."
    return [Fault(entry.path(entry.limit.max_field), sentence)]
