"""Every kind of limit in words, from the registry: what it measures, its fields, units, defaults, and an example."""

from __future__ import annotations

import inspect
from dataclasses import asdict, dataclass
from typing import Any, Final

from pydantic import BaseModel

from guard.limits.base import Limit
from guard.limits.registry import limit_kinds
from guard.settings.defaults import default_limits
from guard.settings.toml_text import inline

COMMON: Final = tuple(Limit.model_fields)
_BOUNDS: Final = (
    ("exclusiveMinimum", "above"), ("minimum", "at least"), ("exclusiveMaximum", "below"), ("maximum", "at most"),
)  # fmt: skip
_WORDS: Final = {
    "number": "number", "integer": "whole number", "string": "text", "boolean": "true or false", "array": "list",
}  # fmt: skip
_SAMPLE: Final = 5


@dataclass(frozen=True, slots=True)
class FieldWords:
    """One field: ``type`` and ``default`` as they are written in the file; ``default`` is ``None`` when required."""

    name: str
    type: str
    default: str | None
    words: str


@dataclass(frozen=True, slots=True)
class KindWords:
    """One kind of limit. ``text`` is its explanation with the formula, ``example`` a section that can be pasted."""

    kind: str
    title: str
    unit: str
    floor: bool
    text: str
    curable_by: tuple[str, ...]
    breach: str
    formula: str
    own: tuple[FieldWords, ...]
    common: tuple[FieldWords, ...]
    example: str

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON-ready object."""
        return asdict(self)


def catalog() -> list[KindWords]:
    """All kinds, in alphabetical order."""
    return [describe(limit) for limit in limit_kinds().values()]


def describe(limit: type[Limit]) -> KindWords:
    """One kind, from its class."""
    schema = limit.model_json_schema()
    properties, definitions = schema["properties"], schema.get("$defs", {})
    required = set(schema.get("required", []))
    fields = [
        found
        for name, entry in properties.items()
        for found in _fields(name, entry, definitions, required=name in required)
    ]
    own = tuple(field for field in fields if field.name.split(".")[0] not in COMMON)
    common = tuple(field for field in fields if field.name.split(".")[0] in COMMON)
    return KindWords(
        limit.kind, limit.title, limit.unit, limit.is_floor, inspect.cleandoc(limit.__doc__ or ""), limit.curable_by,
        _breach(limit), _formula(limit), own, common, _example(limit, schema),
    )  # fmt: skip


def fields_of(model: type[BaseModel]) -> tuple[FieldWords, ...]:
    """The fields of any model in words."""
    schema = model.model_json_schema()
    required = set(schema.get("required", []))
    return tuple(
        found
        for name, entry in schema.get("properties", {}).items()
        for found in _fields(name, entry, schema.get("$defs", {}), required=name in required)
    )


def _breach(limit: type[Limit]) -> str:
    touch = limit.model_fields.get("touch_is_breach")
    below = limit.max_field == "min"
    if touch is not None and touch.default is True:
        return "at the limit or below it" if below else "at the limit or above it"
    return "below the limit" if below else "above the limit"


def _formula(limit: type[Limit]) -> str:
    own: str | None = getattr(limit, "formula", None)
    if own is not None:
        return own
    if not limit.is_floor:
        return "value / limit x 100"
    if limit.max_field == "min":
        return "limit / value x 100; a value of 0 or less is beyond any bound"
    return "(reference - equity) / (reference - floor) x 100, where floor = reference - limit"


def _fields(name: str, entry: dict[str, Any], definitions: dict[str, Any], *, required: bool) -> list[FieldWords]:
    target = definitions.get(str(entry.get("$ref", "")).rsplit("/", 1)[-1])
    if target is not None and name != "scope":
        needed = set(target.get("required", []))
        return [
            found
            for inner, part in target["properties"].items()
            for found in _fields(f"{name}.{inner}", part, definitions, required=required and inner in needed)
        ]
    default = None if required else _default(entry.get("default"))
    return [FieldWords(name, _type(entry, definitions), default, entry.get("description", ""))]


def _default(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, dict):
        return "all" if not any(value.values()) else inline(value)
    return inline(value)


def _type(entry: dict[str, Any], definitions: dict[str, Any]) -> str:
    if "enum" in entry:
        return " | ".join(str(item) for item in entry["enum"])
    if "const" in entry:
        return str(entry["const"])
    if "anyOf" in entry:
        parts = (_type(part, definitions) for part in entry["anyOf"] if part.get("type") != "null")
        return " or ".join(parts)
    if "$ref" in entry:
        return "table"
    word = _WORDS.get(str(entry.get("type")), str(entry.get("type")))
    bounds = [f"{text} {entry[key]:g}" for key, text in _BOUNDS if key in entry]
    return f"{word} {' and '.join(bounds)}" if bounds else word


def _example(limit: type[Limit], schema: dict[str, Any]) -> str:
    known = next((item for item in default_limits() if item["kind"] == limit.kind), None)
    if known is None:
        needed = {name: _sample(schema["properties"][name]) for name in schema.get("required", [])}
        known = {"kind": limit.kind, **needed}
    lines = [f"{key} = {inline(value)}" for key, value in known.items()]
    return "\n".join(["[[limits]]", *lines])


def _sample(entry: dict[str, Any]) -> object:
    if entry.get("examples"):
        return entry["examples"][0]
    return _SAMPLE if entry.get("type") == "integer" else float(_SAMPLE)
