"""Which of two limits is the looser one, field by field. Loosening is what a firm's rule must be protected from."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel

from guard.limits.base import Limit, Scope, Stage
from guard.settings.toml_text import inline

# Which way is tighter. A field may say so itself: json_schema_extra = {"tighter": "lower"}.
_TIGHTER: Final = {
    "max": "lower", "value": "lower", "min": "higher", "for_s": "lower", "bare_after_s": "lower",
    "clear_margin_pct": "higher", "cooldown_s": "higher", "touch_is_breach": "true", "includes_open_pl": "true",
    "latch": "true", "ends_account": "true",
}  # fmt: skip
_UNTIL: Final = ("reset", "manual")  # a lock that only a person lifts is the tighter one


def looser(base: Limit, own: Limit) -> list[str]:
    """What ``own`` allows that ``base`` does not, one phrase a field; empty when it is as tight or tighter.

    A field without a known direction counts as loosened when it differs.
    """
    if type(base) is not type(own):
        return [f"it is a {own.kind} limit, not {base.kind}"]
    return [phrase for phrases in looser_fields(base, own).values() for phrase in phrases]


def looser_fields(base: BaseModel, own: BaseModel) -> dict[str, list[str]]:
    """The same by field, of two models of one type; a section of the configuration has fields like a limit."""
    found: dict[str, list[str]] = {}
    for name, field in type(base).model_fields.items():
        before, after = getattr(base, name), getattr(own, name)
        if name == "id" or before == after:
            continue
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        phrases = _field(name, before, after, str(extra.get("tighter", _TIGHTER.get(name, "none"))))
        if phrases:
            found[name] = phrases
    return found


def _field(name: str, before: Any, after: Any, tighter: str) -> list[str]:  # noqa: ANN401 - any field's value
    if isinstance(before, Scope):
        return _scope(before, after)
    if name == "stages":
        return _stages(before, after)
    if name == "limit":
        return _loss(before, after)
    if tighter in ("lower", "higher") and isinstance(before, (int, float)) and isinstance(after, (int, float)):
        wider = after > before if tighter == "lower" else after < before
        return [f"{name} {before:g} becomes {after:g}"] if wider else []
    if tighter == "true":
        return [f"{name} becomes false"] if before and not after else []
    if tighter == "superset" and isinstance(before, tuple) and isinstance(after, tuple):
        return [] if set(before) <= set(after) else [f"{name} leaves something out"]
    return [f"{name} {_said(before)} becomes {_said(after)}"]


def _said(value: object) -> str:
    if hasattr(value, "model_dump"):
        value = value.model_dump(mode="json", exclude_none=True)
    return "none" if value is None else inline(value)


def _loss(before: Any, after: Any) -> list[str]:  # noqa: ANN401 - the loss limits of any kind
    if (before.unit, before.basis) != (after.unit, after.basis):
        return [f"limit is counted otherwise: {before.unit} of {before.basis} becomes {after.unit} of {after.basis}"]
    return [f"limit.value {before.value:g} becomes {after.value:g}"] if after.value > before.value else []


def _scope(before: Scope, after: Scope) -> list[str]:
    found = []
    for name in type(before).model_fields:
        old, new = set(getattr(before, name)), set(getattr(after, name))
        if name.startswith("except_"):
            if not new <= old:
                found.append(f"scope.{name} leaves out more")
            continue
        if new and (not old or not old <= new):
            found.append(f"scope.{name} looks at less")
    return found


def _stages(before: tuple[Stage, ...], after: tuple[Stage, ...]) -> list[str]:
    old, new = _first(before), _first(after)
    found = []
    for action, (at, until) in old.items():
        if action not in new:
            found.append(f"'{action}' at {at:g} % is left out")
            continue
        later, end = new[action]
        if later > at:
            found.append(f"'{action}' begins at {later:g} % instead of {at:g} %")
        if until != end and _rank(end) < _rank(until):
            found.append(f"'{action}' lasts until {end} instead of {until}")
    return found


def _first(stages: tuple[Stage, ...]) -> dict[str, tuple[float, str | None]]:
    """Each action with the lowest stage that asks for it, and until when it lasts."""
    found: dict[str, tuple[float, str | None]] = {}
    for stage in sorted(stages, key=lambda one: one.at_pct):
        for name, item in zip(stage.names, stage.actions, strict=True):
            found.setdefault(name, (stage.at_pct, None if isinstance(item, str) else item.settings.get("until")))
    return found


def _rank(until: str | None) -> int:
    return _UNTIL.index(until) if until in _UNTIL else -1
