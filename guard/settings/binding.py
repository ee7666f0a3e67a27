"""Tighten-only: what a new configuration changes of the one in force, tighter at once, looser only when it may. Pure.

Both are compared as they are in force, every default written out: field by field, each with its own direction.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final, NamedTuple

from guard.limits.base import Limit
from guard.settings.build import fingerprint, limit_document
from guard.settings.load import Loaded, load_document
from guard.settings.schema import ConfigFile
from guard.settings.tighter import looser_fields

MODES: Final = ("warn", "rehearse", "enforce")
_SECTIONS: Final = ("timing", "margin", "worst_case", "enforcement")
_LISTS: Final = ("shocks", "levels")
_NEEDS_RESTART: Final = ("mode", "terminal", "account")


class Loosening(NamedTuple):
    """One thing that becomes looser: ``key`` names it (``limit/field``), ``limit`` the limit whose reset it waits for.

    ``phrase`` says what it is, ``to`` is the fingerprint of the new value: another value waits anew.
    """

    key: str
    limit: str | None
    phrase: str
    to: str


def bound(base: Loaded, new: Loaded, allowed: Collection[str] = ()) -> tuple[Loaded, tuple[Loosening, ...]]:
    """What is in force after ``new``, and what of it has to wait.

    Args:
        base: What is in force now.
        new: What the file says now.
        allowed: Keys of loosenings that have waited long enough.

    Returns:
        ``new`` with every waiting field as in ``base``, and the loosenings that wait.
    """
    found: list[Loosening] = []
    document = dict(new.document)
    mode = str(base.document["mode"])
    if MODES.index(str(document["mode"])) < MODES.index(mode):
        phrase = f"mode {mode} becomes {document['mode']}"
        found.append(Loosening("mode", None, phrase, fingerprint(document["mode"])))
        if "mode" not in allowed:
            document["mode"] = mode
    for name in _SECTIONS:
        document[name] = _section(name, base, new, allowed, found)
    for name in (*_LISTS, "initial"):
        before, after = _value(base.document, name), _value(new.document, name)
        if before != after:
            found.append(Loosening(name, None, f"{name} changes", fingerprint(after)))
            if name not in allowed:
                _set(document, name, before)
    document["limits"] = _limits(base, new, allowed, found)
    waiting = tuple(one for one in found if one.key not in allowed)
    if not waiting:
        return new, ()
    return load_document(document, new), waiting


def needs_restart(base: Loaded, new: Loaded) -> tuple[Loaded, tuple[str, ...]]:
    """``new`` with mode, terminal and identity as they are, and the names of those that a restart would change."""
    changed = tuple(name for name in _NEEDS_RESTART if base.document.get(name) != new.document.get(name))
    # What a remote worker told of its module stands in no file.
    new = replace(new, terminal=base.terminal)
    if not changed:
        return new, ()
    kept = {name: base.document[name] for name in changed if name in base.document}
    if "account" in kept:
        # The typed balance is no identity: it reloads.
        kept["account"] = {**kept["account"], **_initial(new.document)}
        if kept["account"] == new.document["account"]:
            kept.pop("account")
            changed = tuple(name for name in changed if name != "account")
    return load_document({**new.document, **kept}, new), changed


def _initial(document: dict[str, Any]) -> dict[str, Any]:
    initial = document.get("account", {}).get("initial")
    return {} if initial is None else {"initial": initial}


def _value(document: dict[str, Any], name: str) -> Any:  # noqa: ANN401 - any JSON
    return document.get("account", {}).get("initial") if name == "initial" else document.get(name)


def _set(document: dict[str, Any], name: str, value: Any) -> None:  # noqa: ANN401 - any JSON
    if name == "initial":
        account = {key: item for key, item in document["account"].items() if key != "initial"}
        document["account"] = account if value is None else {**account, "initial": value}
    else:
        document[name] = value


def _section(
    name: str, base: Loaded, new: Loaded, allowed: Collection[str], found: list[Loosening]
) -> dict[str, Any]:
    model = type(ConfigFile.model_fields[name].default)
    before, after = dict(base.document.get(name, {})), dict(new.document.get(name, {}))
    for field, phrases in looser_fields(model(**before), model(**after)).items():
        key = f"{name}.{field}"
        phrase = f"{name}: {'; '.join(phrases)}"
        found.append(Loosening(key, None, phrase, fingerprint(after.get(field))))
        if key not in allowed:
            _restore(after, before, field)
    return after


def _restore(after: dict[str, Any], before: dict[str, Any], field: str) -> None:
    if field in before:
        after[field] = before[field]
    else:
        after.pop(field, None)


def _limits(base: Loaded, new: Loaded, allowed: Collection[str], found: list[Loosening]) -> list[dict[str, Any]]:
    """The limits in force: new ones at once, removed ones stay while they wait, changed ones field by field."""
    currency = new.policy.currency
    olds = {limit.name: limit for limit in base.policy.limits}
    out: list[dict[str, Any]] = []
    for limit in new.policy.limits:
        old = olds.pop(limit.name, None)
        entry = limit_document(limit, currency)
        out.append(entry if old is None else _limit(old, limit, entry, limit_document(old, currency), allowed, found))
    for name, old in olds.items():
        found.append(Loosening(f"{name}/", name, f"{name}: is left out", fingerprint(None)))
        if f"{name}/" not in allowed:
            out.append(limit_document(old, currency))
    return out


def _limit(
    old: Limit, new: Limit, entry: dict[str, Any], before: dict[str, Any], allowed: Collection[str],
    found: list[Loosening],
) -> dict[str, Any]:  # fmt: skip
    if type(old) is not type(new):
        phrase = f"{new.name}: it is a {new.kind} limit, not {old.kind}"
        found.append(Loosening(f"{new.name}/kind", new.name, phrase, fingerprint(entry)))
        return entry if f"{new.name}/kind" in allowed else before
    for field, phrases in looser_fields(old, new).items():
        key = f"{new.name}/{field}"
        found.append(Loosening(key, new.name, f"{new.name}: {'; '.join(phrases)}", fingerprint(entry.get(field))))
        if key in allowed:
            continue
        if field == "stages":
            entry["stages"] = _both(before["stages"], entry["stages"])
        else:
            _restore(entry, before, field)
    return entry


def _both(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The old stages, which may not go yet, and of the new ones what comes earlier or is new: that comes at once."""
    points = {float(stage["at_pct"]): {_kind(item): item for item in stage["actions"]} for stage in before}
    first: dict[str, float] = {}
    for at, actions in points.items():
        for kind in actions:
            first[kind] = min(at, first.get(kind, at))
    for stage in after:
        at = float(stage["at_pct"])
        for item in stage["actions"]:
            if _kind(item) not in first or at < first[_kind(item)]:
                points.setdefault(at, {})[_kind(item)] = item
    return [{"at_pct": at, "actions": list(actions.values())} for at, actions in sorted(points.items())]


def _kind(item: Any) -> str:  # noqa: ANN401 - an action's name, or a table with its kind
    return item if isinstance(item, str) else str(item["kind"])
