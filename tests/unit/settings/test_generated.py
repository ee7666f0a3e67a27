"""Files written from the registry are current, and the schema accepts what the program accepts."""

from __future__ import annotations

import tomllib
from pathlib import Path

import jsonschema
import pytest

from guard.settings.extends import SHOCKS
from guard.settings.generated import files
from guard.settings.places import config_dir
from guard.settings.schema import json_schema

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", files())
def test_a_generated_file_is_current(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == files()[name], "run python -m guard.settings.generated"


CONFIGURATIONS = sorted(path for path in config_dir().glob("**/*.toml") if path.parent.name != SHOCKS)


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: path.stem)
def test_every_shipped_file_fits_the_schema(path: Path) -> None:
    jsonschema.validate(tomllib.loads(path.read_text(encoding="utf-8")), json_schema())


def test_the_schema_refuses_what_the_program_refuses() -> None:
    document = {"format": "guard.config/1", "limits": [{"kind": "open_risk", "max": 0}]}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, json_schema())
