"""The live contract itself runs: over the simulated module, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.launch import ROOT, environment, options

BOOK = [{"symbol": "EURUSD", "side": 1, "lots": 0.1}, {"symbol": "USDJPY", "side": -1, "lots": 0.1}]


def live(folder: Path, account: dict[str, Any] | None, *words: str) -> tuple[str, dict[str, Any]]:
    answers = folder / "answers.json"
    told = {"GUARD_LIVE": "1", "GUARD_LIVE_MODULE": "fakes.metatrader5", "GUARD_LIVE_ANSWERS": str(answers)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "live", *words, "tests/contract"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(account, **(told if account is not None else {})), capture_output=True,
        text=True, encoding="utf-8", timeout=110, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout, json.loads(answers.read_text(encoding="utf-8")) if answers.is_file() else {}


@pytest.mark.slow
def test_it_reads_answers_and_with_the_flag_sends(tmp_path: Path) -> None:
    account = options(speed=1, positions=BOOK, commission_per_lot=3.5)
    said, found = live(tmp_path, account, "--may-trade")
    assert " failed" not in said
    assert {"4 ticket", "5 margin", "6 comment", "7 latency", "9 unknown tickets", "11 date 0"} <= found.keys()
    assert found["6 comment"]["30"].startswith("(-2")


def test_without_a_terminal_named_it_runs_nothing(tmp_path: Path) -> None:
    said, found = live(tmp_path, None)
    assert " passed" not in said
    assert "GUARD_LIVE is not set" in said
    assert found == {}
