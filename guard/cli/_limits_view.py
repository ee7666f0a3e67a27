"""Each limit in force as a row: armed or why not, where it stands, and the room it leaves."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from guard.cli import output
from guard.engine.banner import threshold
from guard.engine.inert import behind_stop_out, cannot_fire, headroom, left
from guard.engine.report import json_number
from guard.engine.step import CycleResult
from guard.limits.base import Limit
from guard.model.verdict import Severity
from guard.settings.load import Loaded
from guard.settings.presets import Preset


@dataclass(frozen=True, slots=True)
class Row:
    """One limit. ``armed`` is ``None`` without figures; ``headroom`` is in ``unit``, below 0 beyond the limit.

    ``why`` says why it is not armed; ``preset`` and ``grade`` say whose rule it is and how well it is known.
    """

    limit: str
    kind: str
    threshold: str
    stages_pct: tuple[float, ...]
    armed: bool | None
    why: str
    severity: str | None
    value: float | None
    utilization_pct: float | None
    headroom: float | None
    unit: str
    preset: str | None
    grade: str | None
    note: str


def rows(
    loaded: Loaded,
    *,
    result: CycleResult | None = None,
    verdicts: Sequence[Mapping[str, Any]] = (),
) -> list[Row]:
    """The limits of a configuration with the figures of one cycle, or of a running guard's verdicts."""
    told = {str(verdict["limit"]): verdict for verdict in verdicts}
    return [_row(loaded, limit, result, told.get(limit.name), running=bool(verdicts)) for limit in loaded.policy.limits]


def _row(
    loaded: Loaded, limit: Limit, result: CycleResult | None, told: Mapping[str, Any] | None, *, running: bool
) -> Row:
    armed: bool | None = None
    why, note, severity = "", "", None
    value = used = room = None
    if result is not None:
        verdict = next(found for found in result.verdicts if found.limit == limit.name)
        severity, value, used = verdict.severity.name, verdict.value, verdict.utilization_pct
        inert = cannot_fire(limit, result.metrics)
        armed = inert is None and verdict.severity is not Severity.UNKNOWN
        why = (verdict.sentence if inert is None else f"can never fire: {inert}") if not armed else ""
        if armed:
            room = headroom(limit, result.metrics)
            behind = behind_stop_out(limit, result.metrics)
            note = "" if behind is None else behind
    elif told is not None:
        severity, value, used = told["severity"], _number(told["value"]), _number(told["utilization_pct"])
        armed = severity != Severity.UNKNOWN.name
        why = "" if armed else str(told["sentence"])
        if armed and used is not None:
            room = left(limit.max_field == "min", value, _number(told["threshold"]))
    elif running:
        armed, why = False, "the running guard does not have it: restart the guard"
    owner, grade = _owner(loaded.presets, limit.name)
    stages = tuple(stage.at_pct for stage in limit.stages)
    return Row(
        limit.name, limit.kind, threshold(limit), stages, armed, why, severity, value, used, room, limit.unit, owner,
        grade, note,
    )  # fmt: skip


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))


def _owner(presets: tuple[Preset, ...], name: str) -> tuple[str | None, str | None]:
    """The last preset that has the limit, and the weakest grade among its sources."""
    for preset in reversed(presets):
        if name in preset.limits:
            grades = [rule.grade for rule in preset.rules_of(name)]
            weak = next((grade for grade in ("unknown", "unconfirmed", "third party") if grade in grades), None)
            return preset.name, weak if weak is not None else next(iter(grades), preset.about.grade)
    return None, None


def row_json(row: Row) -> dict[str, Any]:
    """A row as JSON; infinite numbers are "inf" or "-inf"."""
    fields = asdict(row)
    for name in ("value", "utilization_pct", "headroom"):
        fields[name] = json_number(fields[name])
    return {**fields, "stages_pct": list(row.stages_pct)}


def show(found: Sequence[Row]) -> Iterator[str]:
    """The rows as lines."""
    width = max((len(row.limit) for row in found), default=0)
    for row in found:
        word = {True: "armed", False: "NOT ARMED", None: "configured"}[row.armed]
        stages = ", ".join(f"{pct:.4g}" for pct in row.stages_pct)
        owner = "" if row.preset is None else f"  [{row.preset}, {row.grade}]"
        yield f"{word:<10} {row.limit:<{width}}  {row.threshold}, stages {stages} %{owner}"
        if row.armed:
            yield f"{'':<10} {'':<{width}}  {output.bar(row.utilization_pct, 10)} {_used(row)}, room {_room(row)}"
        if row.why:
            yield f"{'':<10} {'':<{width}}  why: {row.why}"
        if row.note:
            yield f"{'':<10} {'':<{width}}  note: {row.note}"


def _used(row: Row) -> str:
    if row.utilization_pct is None:
        return f"{row.severity}, no figure"
    used = "beyond any bound" if math.isinf(row.utilization_pct) else f"{row.utilization_pct:.0f} % used"
    return f"{row.severity}, {used}"


def _room(row: Row) -> str:
    if row.headroom is None:
        return "not known" if row.value is not None else "all of it"
    beyond = " (beyond the limit)" if row.headroom < 0.0 else ""
    return f"{output.figure(row.headroom)} {row.unit}{beyond}"
