"""``guard limits`` and ``guard explain``: every kind from the registry."""

from __future__ import annotations

import json

import pytest

from guard.cli import main
from guard.limits.registry import limit_kinds

Capture = pytest.CaptureFixture[str]


def test_limits_lists_every_kind_with_fields_units_and_defaults(capsys: Capture) -> None:
    assert main.run(["limits", "--kinds"]) == 0
    out = capsys.readouterr().out
    for kind, limit in limit_kinds().items():
        assert f"{kind}: {limit.title}, in {limit.unit}" in out
    assert "number above 0; required: largest allowed notional / equity" in out
    assert 'default "gross"' in out


def test_limits_as_json(capsys: Capture) -> None:
    assert main.run(["limits", "--kinds", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [entry["kind"] for entry in document["limits"]] == list(limit_kinds())
    leverage = next(entry for entry in document["limits"] if entry["kind"] == "effective_leverage")
    assert leverage["own"][0] == {
        "name": "max",
        "type": "number above 0",
        "default": None,
        "words": "largest allowed notional / equity, in times",
    }


@pytest.mark.parametrize("kind", list(limit_kinds()))
def test_every_kind_is_explained_with_formula_fields_and_example(kind: str, capsys: Capture) -> None:
    assert main.run(["explain", kind]) == 0
    out = capsys.readouterr().out
    for part in ("Utilization: ", "Fields", "Example", f'kind = "{kind}"', f"in {limit_kinds()[kind].unit}"):
        assert part in out
    assert main.run(["explain", kind, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == kind


def test_a_mistyped_kind_gets_a_hint(capsys: Capture) -> None:
    assert main.run(["explain", "effective-levrage"]) == 2
    assert "did you mean `effective_leverage`?" in capsys.readouterr().err
