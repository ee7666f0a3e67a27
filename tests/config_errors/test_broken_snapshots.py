"""Broken snapshots: exit code 3 with one sentence, or 11 with a gap that names the place. Never OK, never a crash."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

from guard.cli.evaluate import evaluate
from guard.model.errors import InputError

HERE = Path(__file__).parent
BASE = (HERE / "snapshot.json").read_text(encoding="utf-8")
CASES: list[dict[str, Any]] = tomllib.loads((HERE / "snapshots.toml").read_text(encoding="utf-8"))["case"]
MARK = "@put@"


def text_of(case: dict[str, Any]) -> str:
    if case.get("raw") == "@deep":
        return "[" * 100_000 + "]" * 100_000
    if "raw" in case:
        return str(case["raw"])
    document = json.loads(BASE)
    here: Any = document
    *above, last = [int(step) if step.isdigit() else step for step in case["path"].split(".")]
    for step in above:
        here = here[step]
    if "put" not in case:
        del here[last]
        return json.dumps(document)
    here[last] = MARK
    return json.dumps(document).replace(f'"{MARK}"', case["put"])


def written(case: dict[str, Any], folder: Path) -> Path:
    path = folder / "snapshot.json"
    path.write_bytes(bytes.fromhex(case["hex"]) if "hex" in case else text_of(case).encode("utf-8"))
    return path


def test_there_are_at_least_thirty() -> None:
    assert len(CASES) >= 30
    assert len({case["name"] for case in CASES}) == len(CASES)


def test_the_snapshot_they_are_made_from_is_ok(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as done:
        evaluate(str(HERE / "snapshot.json"), None, as_json=True)
    assert done.value.exit_code == 0
    assert json.loads(capsys.readouterr().out)["severity"] == "OK"


@pytest.mark.parametrize("case", [c for c in CASES if c["exit"] == 3], ids=lambda case: case["name"])
def test_an_unusable_snapshot_is_one_sentence(case: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        evaluate(str(written(case, tmp_path)), None, as_json=True)
    text = str(caught.value)
    assert caught.value.exit_code == 3
    assert case["says"] in text
    assert f"{case['place']}:" in text if case["place"] else True
    assert "\n" not in text
    assert len(text) < 400


@pytest.mark.parametrize("case", [c for c in CASES if c["exit"] == 11], ids=lambda case: case["name"])
def test_a_bad_field_is_a_gap_and_the_verdicts_that_need_it_are_unknown(
    case: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as done:
        evaluate(str(written(case, tmp_path)), None, as_json=True)
    out = capsys.readouterr().out
    assert not re.search(r"\b(NaN|Infinity)\b", out)
    result = json.loads(out)
    assert done.value.exit_code == 11
    assert result["severity"] == "UNKNOWN"
    sentences = [gap["sentence"] for gap in result["gaps"] if gap["path"] == case["place"]]
    assert any(case["says"] in sentence for sentence in sentences), result["gaps"]
    for verdict in result["verdicts"]:
        if verdict["severity"] == "UNKNOWN":
            assert verdict["value"] is None
            assert "unknown" in verdict["sentence"]


@pytest.mark.parametrize("case", CASES[::11], ids=lambda case: case["name"])
def test_the_command_gives_the_code_and_no_traceback(case: dict[str, Any], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "guard", "evaluate", str(written(case, tmp_path))],
        capture_output=True, text=True, encoding="utf-8", check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == case["exit"]
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == (1 if case["exit"] == 3 else 0)


@pytest.mark.parametrize("name", ["company", "fifo_close", "currency_digits", "profit"])
def test_a_bad_vendor_field_nobody_uses_changes_no_verdict(name: str, tmp_path: Path) -> None:
    document = json.loads(BASE)
    document["account"][name] = ["nonsense"]
    path = tmp_path / "snapshot.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(typer.Exit) as done:
        evaluate(str(path), None, as_json=True)
    assert done.value.exit_code == 0


def test_a_state_that_is_not_understood_is_left_out_with_a_gap(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = {**json.loads(BASE), "state": {"anchors": {"day": {"nonsense": 1}}}}
    path = tmp_path / "snapshot.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(typer.Exit):
        evaluate(str(path), None, as_json=True)
    gaps = {gap["path"]: gap["sentence"] for gap in json.loads(capsys.readouterr().out)["gaps"]}
    assert "left out" in gaps["state.anchors.day.nonsense"]
