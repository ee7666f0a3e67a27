import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from guard.app.archive import archive_journal, archives, verify_all
from guard.app.binding import POLICY
from guard.journal.port import JournalError
from guard.journal.sqlite import open_journal
from guard.model.errors import InputError
from guard.model.state import State

NOW = datetime(2026, 11, 25, tzinfo=UTC)
STATE = replace(State(), policy_sha256="a" * 64, flow_gap_s=12.5)


def at(days: int) -> str:
    return (NOW - timedelta(days=days)).isoformat()


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "journal.db"
    with closing(open_journal(path)) as opened:
        opened.commit("start", {"mode": "warn"}, at=at(90))
        opened.commit(POLICY, {"document": {"mode": "warn"}}, at=at(90))
        opened.commit("notice", {"sentence": "old", "severity": "WARN"}, at=at(1))
        for days in (60, 40, 20, 1):
            opened.commit_state("heartbeat", {"equity": 100.0 + days}, STATE, at=at(days))
    (tmp_path / "commands.db").write_bytes(b"asked long ago")
    return path


def test_the_new_file_goes_on_from_the_last_row_and_a_guard_goes_on_with_its_memory(journal: Path) -> None:
    kept = archive_journal(journal, NOW)

    with closing(open_journal(journal)) as new, closing(open_journal(kept)) as old:
        first, last = next(iter(new.rows())), old.newest(1)[0]
        assert (first.seq, first.prev_hash, first.kind) == (last.seq + 1, last.hash, "archive")
        assert first.body == {"file": kept.name, "last_seq": last.seq, "last_hash": last.hash}
        assert new.load_state() == STATE
        assert [row.kind for row in new.rows()] == [
            "archive", "start", POLICY, "heartbeat", "heartbeat", "carried", "state",
        ]  # fmt: skip
        assert new.commit("heartbeat", {}, at=at(0)) == last.seq + 8
    assert not journal.with_name("commands.db").exists()
    assert [(one["first"], one["last"]) for one in verify_all(journal)] == [(1, last.seq), (last.seq + 1, last.seq + 8)]


def test_it_can_be_done_again_and_again(journal: Path) -> None:
    for _ in range(3):
        archive_journal(journal, NOW)
    assert len(archives(journal)) == 3
    assert len(verify_all(journal)) == 4


def test_a_missing_archive_or_another_one_in_its_place_is_found(journal: Path) -> None:
    archive_journal(journal, NOW)
    second = archive_journal(journal, NOW)
    archive_journal(journal, NOW)
    second.unlink()
    with pytest.raises(JournalError, match="does not go on from"):
        verify_all(journal)


def test_a_new_file_whose_first_row_was_changed_is_found(journal: Path) -> None:
    archive_journal(journal, NOW)
    with closing(sqlite3.connect(journal)) as connection:
        connection.execute("DROP TRIGGER row_no_update")
        body = json.dumps({"file": "x", "last_hash": "0" * 64, "last_seq": 3}, separators=(",", ":"), sort_keys=True)
        connection.execute("UPDATE row SET body = ? WHERE kind = 'archive'", (body,))
        connection.commit()
    with pytest.raises(JournalError, match="is damaged: row"):
        verify_all(journal)


def test_a_kill_before_the_last_step_leaves_the_journal_as_it_was(
    journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_self: Path, _target: Path) -> Path:
        raise OSError(28, "No space left on device")

    before = journal.read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", killed)
        with pytest.raises(InputError, match="it is as it was"):
            archive_journal(journal, NOW)
    assert len(journal.read_bytes()) == len(before)
    with closing(open_journal(journal)) as opened:
        assert opened.load_state() == STATE
    assert len(verify_all(journal)) == 2
    archive_journal(journal, NOW)
    assert len(verify_all(journal)) == 2


def test_a_journal_without_a_memory_is_not_archived(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with closing(open_journal(path)) as opened:
        opened.commit("start", {}, at=at(1))
    with pytest.raises(InputError, match="nothing to archive"):
        archive_journal(path, NOW)
