"""The whole guard as a process: what a hanging terminal, a move and a restart do to it."""

import json
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from guard.journal.sqlite import open_readonly
from tests.launch import guard, options, running


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def memory(home: Path) -> dict[str, Any]:
    (path,) = home.glob("state/*/journal.db")
    with closing(open_readonly(path)) as journal:
        assert journal.verify_chain() > 0
        last = list(journal.rows("state"))[-1]
        document: dict[str, Any] = json.loads(
            journal._checked(
                last.body["sha256"],
                *journal._connection.execute(
                    "SELECT size, data FROM document WHERE sha256 = ?", (last.body["sha256"],)
                ).fetchone(),
            )
        )
        return document


def test_the_day_anchor_and_first_sight_survive_a_restart_from_another_folder(home: Path, tmp_path: Path) -> None:
    account = options(start=datetime.now(UTC).isoformat())
    with running(home, account) as first:
        time.sleep(1.0)
        first.interrupt()
    before = memory(home)
    assert before["anchors"]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with running(home, account, cwd=elsewhere) as second:
        assert second.events[-1]["first_start"] is False
        time.sleep(1.0)
        second.interrupt()
    after = memory(home)
    assert (after["anchors"], after["first_seen"]) == (before["anchors"], before["first_seen"])
    assert list(elsewhere.iterdir()) == []


def test_a_hanging_terminal_makes_the_guard_blind_tells_it_and_is_survived(home: Path, tmp_path: Path) -> None:
    hang = {"call": "account_info", "nth": 12, "seconds": 60.0, "gil": True, "once": str(tmp_path / "hung")}
    config = tmp_path / "limits.toml"
    config.write_text('format = "guard.config/1"\n[timing]\nstale_after_s = 0.5\n', encoding="utf-8")
    with running(home, options(hang=hang), "--config", str(config)) as guarded:
        blind = guarded.until(lambda event: event.get("kind") == "blind" and event["severity"] == "UNKNOWN")
        assert "cannot see" in blind["sentence"]
        back = guarded.until(lambda event: event.get("kind") == "blind" and event["severity"] == "OK")
        assert back["seq"] is not None
        assert guarded.interrupt() == 0
    with closing(open_readonly(next(home.glob("state/*/journal.db")))) as journal:
        kinds = [row.kind for row in journal.rows()]
        assert kinds.index("blind") < kinds.index("sight")
        journal.verify_chain()


def test_logs_tell_the_changes_and_the_journal_lists_them(home: Path) -> None:
    account = options(positions=[{"symbol": "EURUSD", "side": 1, "lots": 1.5, "sl": 0.0}])
    with running(home, account) as guarded:
        guarded.until(lambda event: event["event"] == "verdict" and event["severity"] == "BREACH")
        guarded.interrupt()
    (log,) = home.glob("text/*.log")
    text = log.read_text(encoding="utf-8")
    assert "BREACH effective_leverage" in text
    assert "stopped: SIGINT" in text
    (path,) = home.glob("state/*/journal.db")
    with closing(open_readonly(path)) as journal:
        kinds = {row.kind for row in journal.rows()}
    assert {"start", "cycle", "state", "notice", "stop"} <= kinds


def test_a_journal_of_a_newer_guard_stops_the_start_with_exit_3_naming_it(home: Path) -> None:
    import sqlite3  # noqa: PLC0415 - to play the newer guard

    account = options()
    assert guard("check", home=home, account=account).returncode in {0, 10, 11}
    (path,) = home.glob("state/*/journal.db")
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA user_version = 77")
    done = guard("run", home=home, account=account)
    assert done.returncode == 3
    assert "schema 77" in done.stderr
    assert done.stderr.count("\n") == 1
