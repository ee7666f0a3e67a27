"""A small campaign in every run of the tests, and each planted bug caught."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.plants import PLANTS
from tests.simulation.run import run
from tests.simulation.script import draw

ROOT = Path(__file__).resolve().parents[2]


def campaign(*words: str, within_s: float = 110.0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.simulation", *words]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=within_s, check=False
    )


@pytest.mark.slow
def test_a_small_campaign_finds_no_violation() -> None:
    done = campaign("--seeds", "24", "--cycles", "600")
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("seeds=24 cycles=14400 deeds=")
    assert done.stdout.splitlines()[-1].endswith(" violations=0")


def test_the_same_seed_writes_the_same_journal_to_the_last_byte() -> None:
    first, second = run(draw(9, 500)), run(draw(9, 500))
    assert first.tail == second.tail
    assert first.cycles == 500


def test_every_bug_has_a_name_to_be_planted_by() -> None:
    assert set(PLANTS) == {
        "dropped-retry", "partial-counted-done", "lock-not-persisted", "close-without-ticket", "stale-snapshot-acted",
        "hedge-leg-alone", "restart-rebaselines-day", "flat-on-reconnect", "duplicate-after-lost-reply",
        "period-intent-survives-reset",
    }  # fmt: skip
