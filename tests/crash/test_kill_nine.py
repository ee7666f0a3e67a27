"""The guard ended hard at any moment: nothing it acknowledged is lost, and it starts again where it was."""

import os
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from guard.journal.sqlite import open_readonly
from guard.model.state_json import state_to_json
from tests.launch import Running, options

RUNS = int(os.environ.get("GUARD_CRASH_RUNS", "50"))
IN_A_COMMIT = 0.5
WATCHING = 0.8
LIMITS = """
format = "guard.config/1"
[[limits]]
kind = "max_drawdown"          # its peak rises all the time: nearly every look is written
anchor = "peak_equity"
limit = { value = 50.0, unit = "pct", basis = "anchor" }
[[limits]]
kind = "effective_leverage"    # above it from the first look, for an hour before it tells: a running timer
max = 1.0
for_s = 3600.0
[[limits]]
kind = "missing_stop"
[[limits]]
kind = "period_loss"
limit = { value = 5.0, unit = "pct", basis = "anchor" }
"""


class Victim:
    """One journal, and one guard after the other on it."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir(parents=True)
        self.limits = folder / "limits.toml"
        self.limits.write_text(LIMITS, encoding="utf-8")
        self.killed = folder / "killed"
        self.account = options(
            speed=1, start=datetime.now(UTC).isoformat(), drift=400.0, balance=100000.0,
            positions=[{"symbol": "EURUSD", "side": 1, "lots": 2.0}],
        )  # fmt: skip
        self.acknowledged: dict[int, str] = {}
        self.in_commit = 0
        self.compared = 0
        self.before: dict[str, Any] | None = None
        self._rows = 0

    def run(self, chance: random.Random) -> None:
        """Start, end hard at a random moment, look what is left."""
        more: dict[str, Any] = {"GUARD_TEST_ACKS": "1", "GUARD_TEST_KILLED": str(self.killed)}
        inside = chance.random() < IN_A_COMMIT
        if inside:
            event = chance.choice(["begin", "insert", "commit", "committed"])
            more["GUARD_TEST_KILL"] = f"{chance.randint(1, 6)}:{event}"
        guard = Running(self.home, self.account, "--config", str(self.limits), **more)
        try:
            if inside:
                guard.process.wait(30)
            else:
                # Mostly while it watches, sometimes while it still starts.
                if chance.random() < WATCHING:
                    guard.until(lambda event: event["event"] == "ack")
                time.sleep(chance.uniform(0.0, 0.8))
                guard.kill()
        finally:
            guard.kill()
        events = guard.rest()
        said = guard.errors()
        assert said == "", said
        for stream in (guard.process.stdout, guard.process.stderr):
            assert stream is not None
            stream.close()
        self.acknowledged.update((e["seq"], e["hash"]) for e in events if e["event"] == "ack")
        self.in_commit += self.killed.exists()
        self.killed.unlink(missing_ok=True)
        self._look()

    def _look(self) -> None:
        files = [file for file in self.home.glob("state/*/journal.db") if file.stat().st_size]
        if not files:
            assert not self.acknowledged
            return
        with closing(open_readonly(files[0])) as journal:
            last = journal.verify_chain()
            held = {row.seq: row.hash for row in journal.rows()}
            assert {seq: held.get(seq) for seq in self.acknowledged} == self.acknowledged
            first = next(journal.rows("cycle", after=self._rows), None)
            if first is not None and self.before is not None:
                # What the first look after the restart was decided on is what was on disk at the end before.
                assert journal.snapshot_document(first.seq)["state"] == self.before
                self.compared += 1
            state = journal.load_state()
            self.before = None if state is None else state_to_json(state)
            self._rows = last


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(sys.platform == "win32", reason="os.kill with signal 9 is another thing there")
def test_no_acknowledged_row_is_lost_and_anchors_and_timers_survive(tmp_path: Path) -> None:
    victims = [Victim(tmp_path / str(number)) for number in range(2)]

    def campaign(victim: Victim, seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(RUNS // 2):
            victim.run(chance)

    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(campaign, victim, 8 + number) for number, victim in enumerate(victims)]:
            done.result()
    in_commit = sum(victim.in_commit for victim in victims)
    compared = sum(victim.compared for victim in victims)
    acknowledged = sum(len(victim.acknowledged) for victim in victims)
    summary = f"{RUNS} kills, {in_commit} in a commit, {acknowledged} rows acknowledged, {compared} restarts compared"
    print(summary)
    assert in_commit >= RUNS * 15 // 50, summary
    assert compared >= RUNS // 4, summary
    assert acknowledged >= RUNS, summary
    for victim in victims:
        assert victim.before is not None
        assert victim.before["anchors"]
        assert any(timer["held_s"] > 0 for timer in victim.before["timers"].values())
        assert victim.before["unprotected_s"]
