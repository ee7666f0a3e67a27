"""Broken configurations: each ends with its exit code and one sentence that names the place."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from guard.settings.faults import ConfigError
from guard.settings.load import load_config

CASES: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "configs.toml").read_text(encoding="utf-8"))[
    "case"
]


def written(case: dict[str, Any], folder: Path) -> Path:
    path = folder / "config.toml"
    raw = bytes.fromhex(case["hex"]) if "hex" in case else case["text"].encode("utf-8")
    path.write_bytes(raw)
    return path


def test_there_are_at_least_thirty() -> None:
    assert len(CASES) >= 30
    assert len({case["name"] for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_broken_config_is_one_fault_at_its_place(case: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(written(case, tmp_path))
    assert caught.value.exit_code == case["exit"] == 3
    faults = {fault.path: fault.sentence for fault in caught.value.faults}
    assert case["place"] in faults, faults
    assert case["says"] in faults[case["place"]]
    assert len(faults) == 1, faults
    text = str(caught.value)
    assert "\n" not in text
    assert text.endswith((".", "?"))
    assert case.get("hides", "\0") not in text
    for jargon in ("pydantic", "Input should", "validation", "Traceback", "str type", "dict"):
        assert jargon not in text


@pytest.mark.parametrize("case", CASES[::9], ids=lambda case: case["name"])
def test_the_command_ends_with_the_same_sentence_and_code(case: dict[str, Any], tmp_path: Path) -> None:
    path = written(case, tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "guard", "config", "check", str(path)],
        capture_output=True, text=True, encoding="utf-8", check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == case["exit"]
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert case["says"] in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_a_missing_file_and_a_large_file_are_said(tmp_path: Path) -> None:
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * 2_000_000)
    for path, says in ((tmp_path, "folder"), (tmp_path / "none.toml", "no such file"), (large, "larger than")):
        with pytest.raises(ConfigError, match=says):
            load_config(path)
