"""Whatever stands in a configuration, the answer is a policy or faults with places, never another error."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from guard.limits.registry import limit_kinds
from guard.settings.extends import shipped_file, shipped_names
from guard.settings.faults import ConfigError
from guard.settings.load import load_text
from guard.settings.preset_file import PresetFile
from guard.settings.toml_file import parse_toml, read_toml
from guard.settings.toml_text import dump

WORDS = st.sampled_from(
    ["USD", "5 USD", "initial", "warn", "flatten", "pct", "money", "day", "UTC", "Mars", "00:00", "", "peak_equity"]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | WORDS
    | st.text(st.characters(blacklist_categories=["Cs"]), max_size=8)
)
OWN = {name for kind in limit_kinds().values() for name in kind.model_fields}
FIELDS = sorted(OWN | {"value", "unit", "tz", "kind"})
TABLES: st.SearchStrategy[dict[str, Any]] = st.deferred(
    lambda: st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4)
)
VALUES: st.SearchStrategy[Any] = st.deferred(lambda: SCALARS | st.lists(SCALARS | TABLES, max_size=3) | TABLES)
LIMITS = st.lists(
    st.builds(lambda kind, rest: {**rest, "kind": kind}, st.sampled_from([*limit_kinds(), "x"]), TABLES), max_size=3
)
FILES = st.builds(
    lambda rest, limits: {"format": "guard.config/1", **rest, "limits": limits},
    st.dictionaries(st.sampled_from([*PresetFile.model_fields, "limits"]), VALUES, max_size=4),
    LIMITS | VALUES,
)


def without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_none(item) for item in value if item is not None]
    return value


def outcome(work: Callable[[], Any]) -> tuple[Any, ConfigError | None]:
    """What ``work`` gives, or the configuration error it ends with; any other error goes through."""
    try:
        return work(), None
    except ConfigError as error:
        return None, error


@settings(max_examples=400, deadline=None)
@given(FILES)
def test_any_document_is_a_policy_or_faults(document: dict[str, Any]) -> None:
    loaded, error = outcome(lambda: load_text(dump(without_none(document)), Path("any.toml")))
    if error is not None:
        assert error.faults
        assert all(fault.sentence.endswith((".", "?")) for fault in error.faults)
    else:
        json.dumps(loaded.document, allow_nan=False)
        assert loaded.policy.limits


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_a_document_or_one_fault(raw: bytes) -> None:
    _, error = outcome(lambda: parse_toml(raw, "any.toml"))
    if error is not None:
        assert len(error.faults) == 1
        assert "\n" not in str(error)


PRESETS = {name: read_toml(shipped_file(name), name) for name in shipped_names()}


def places(value: Any, above: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The place of every value in a document."""
    found = [above] if above else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        found += places(part, (*above, key))
    return found


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(sorted(PRESETS)), VALUES)
def test_a_preset_with_any_one_value_spoilt_is_read_or_its_faults_are_told(
    data: st.DataObject, name: str, junk: Any
) -> None:
    document = json.loads(json.dumps(PRESETS[name]))
    place = data.draw(st.sampled_from(places(document)))
    inner = document
    for step in place[:-1]:
        inner = inner[step]
    if junk is None:
        del inner[place[-1]]
    else:
        inner[place[-1]] = without_none(junk)
    loaded, error = outcome(lambda: load_text(dump(document), Path("own.toml")))
    assert (loaded is None) != (error is None)
    assert error is None or all(fault.sentence.endswith((".", "?")) for fault in error.faults)
