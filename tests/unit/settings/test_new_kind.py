"""A new limit is one file: schema, listing, explanation and configuration know it without another edit."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import Field

from guard.cli.explain import explain
from guard.limits import registry
from guard.limits.base import Limit, Positive, Reading
from guard.metrics.compute import Metrics
from guard.settings.catalog import catalog
from guard.settings.load import load_text
from guard.settings.schema import json_schema


class CoffeeBreak(Limit):
    """Minutes since the last coffee."""

    kind: ClassVar[str] = "coffee_break"
    title: ClassVar[str] = "Coffee break"
    unit: ClassVar[str] = "minutes"

    max: Positive = Field(description="longest time without coffee")

    def evaluate(self, m: Metrics) -> Reading:  # noqa: ARG002
        return Reading(1.0, self.max, 1.0 / self.max * 100.0)


@pytest.fixture
def with_coffee(monkeypatch: pytest.MonkeyPatch) -> None:
    held = registry.limit_kinds()
    for module in ("guard.settings.schema", "guard.settings.catalog", "guard.settings.limits", "guard.cli.explain"):
        monkeypatch.setattr(f"{module}.limit_kinds", lambda: {**held, "coffee_break": CoffeeBreak})


@pytest.mark.usefixtures("with_coffee")
def test_a_new_kind_is_known_everywhere(capsys: pytest.CaptureFixture[str]) -> None:
    text = 'format = "guard.config/1"\n[[limits]]\nkind = "coffee_break"\nmax = 30\n'
    assert load_text(text, Path("c.toml")).policy.limits[0].kind == "coffee_break"
    assert "limit_coffee_break" in json_schema()["$defs"]
    assert "coffee_break" in {words.kind for words in catalog()}
    explain("coffee_break", as_json=False)
    assert "longest time without coffee" in capsys.readouterr().out
