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


# A seed and a number of cycles in which each bug shows, found by running the campaign with it.
SHOWS = {
    "dropped-retry": (6, 1000), "partial-counted-done": (6, 1000), "lock-not-persisted": (77, 1000),
    "close-without-ticket": (0, 1000), "stale-snapshot-acted": (42, 1000), "hedge-leg-alone": (6, 1000),
    "restart-rebaselines-day": (6, 1000), "flat-on-reconnect": (60, 600), "duplicate-after-lost-reply": (3, 1000),
    "period-intent-survives-reset": (10, 1000),
}  # fmt: skip
ONE = """
import sys, warnings
warnings.simplefilter("ignore")
from tests.simulation.pool import some
for ran in some([int(sys.argv[2])], int(sys.argv[3]), sys.argv[1] or None):
    print(ran.violations[:1])
sys.exit(1 if ran.violations else 0)
"""


def one_seed(planted: str, seed: int, cycles: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", ONE, planted, str(seed), str(cycles)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=110, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("planted", sorted(PLANTS))
def test_a_planted_bug_is_caught_where_the_guard_itself_is_not(planted: str) -> None:
    seed, cycles = SHOWS[planted]
    found = one_seed(planted, seed, cycles)
    assert found.returncode == 1, found.stdout + found.stderr
    assert "Violation(invariant='I" in found.stdout, found.stdout + found.stderr
    clean = one_seed("", seed, cycles)
    assert clean.returncode == 0, clean.stdout + clean.stderr
