"""The journal keeps what was written, in order, and notices whatever is done to it."""

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from guard.journal.canonical import GENESIS
from guard.journal.port import JournalError
from guard.journal.schema import APPLICATION_ID, VERSIONS
from guard.journal.sqlite import SqliteJournal, open_journal, open_readonly
from guard.model.errors import InputError
from guard.model.state import State
from guard.model.state_json import state_to_json
from tests.builders import broke, document, look

AT = "2026-11-20T14:00:00.000Z"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


def written(path: Path, count: int = 3) -> None:
    with closing(open_journal(path)) as journal:
        for number in range(count):
            journal.commit("note", {"number": number}, at=AT)


def vandalise(path: Path, *statements: str) -> None:
    """Change the file as another program could, triggers and all."""
    with closing(sqlite3.connect(path)) as raw:
        for trigger in ("row_no_update", "row_no_delete", "document_no_update", "document_no_delete"):
            raw.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        for statement in statements:
            raw.execute(statement)
        raw.commit()


def cycle(journal: SqliteJournal, made: dict[str, Any], state: State) -> tuple[int, State]:
    result = look(made, state)
    proof = {**made, "state": state_to_json(state)}
    return journal.commit_cycle(result, proof, at=made["taken_at"]), result.state


def test_rows_are_numbered_from_one_and_chained(path: Path) -> None:
    written(path)
    with closing(open_readonly(path)) as journal:
        rows = list(journal.rows())
        assert [row.seq for row in rows] == [1, 2, 3]
        assert rows[0].prev_hash == GENESIS
        assert [row.prev_hash for row in rows[1:]] == [row.hash for row in rows[:-1]]
        assert [row.body["number"] for row in rows] == [0, 1, 2]
        assert journal.verify_chain() == 3


def test_the_chain_goes_on_after_a_restart(path: Path) -> None:
    written(path)
    written(path)
    with closing(open_readonly(path)) as journal:
        assert journal.verify_chain() == 6


def test_rows_can_be_asked_by_kind_and_number(path: Path) -> None:
    with closing(open_journal(path)) as journal:
        for kind in ("a", "b", "a", "a"):
            journal.commit(kind, {}, at=AT)
        assert [row.seq for row in journal.rows("a", after=1)] == [3, 4]


def test_the_file_is_durable_and_strict(path: Path) -> None:
    with closing(open_journal(path)) as journal:
        ask = journal._connection.execute
        assert ask("PRAGMA journal_mode").fetchone() == ("wal",)
        assert ask("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert ask("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        tables = ask("SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite%'")
        assert dict(tables.fetchall()) == {"row": 1, "document": 1}


@pytest.mark.parametrize("statement", ["UPDATE row SET at = ''", "DELETE FROM row", "UPDATE document SET size = 1",
                                       "DELETE FROM document", "REPLACE INTO row SELECT * FROM row"])  # fmt: skip
def test_nothing_written_can_be_changed_or_removed(path: Path, statement: str) -> None:
    with closing(open_journal(path)) as journal:
        cycle(journal, document(), State())
        with pytest.raises(sqlite3.IntegrityError):
            journal._connection.execute("PRAGMA recursive_triggers = ON").connection.execute(statement)


def test_a_key_is_written_once(path: Path) -> None:
    with closing(open_journal(path)) as journal:
        first = journal.commit("notice", {"n": 1}, at=AT, key="k")
        assert journal.commit("notice", {"n": 2}, at=AT, key="k") == first
        assert [row.body for row in journal.rows()] == [{"n": 1}]


def test_a_cycle_is_one_transaction_and_its_verdicts_can_be_derived_again(path: Path) -> None:
    with closing(open_journal(path)) as journal:
        _, state = cycle(journal, document(0.0), State())
        last, after = cycle(journal, broke(1.0), state)
        rows = list(journal.rows())
        assert rows[-1].seq == last
        assert rows[-1].kind == "state"
        decided = [row for row in rows if row.kind == "cycle"][-1]
        proof = journal.snapshot_document(decided.seq)
        assert {k: v for k, v in proof.items() if k != "state"} == broke(1.0)
        again = look(proof, state)
        assert [v["severity"] for v in decided.body["verdicts"]] == [v.severity.name for v in again.verdicts]
        assert any(v["severity"] == "BREACH" for v in decided.body["verdicts"])
        told = [row.body["sentence"] for row in rows if row.kind == "notice" and row.seq > decided.seq]
        assert told == [notice.sentence for notice in again.notices]
        assert journal.load_state() == after
        assert journal.verify_chain() == last


def test_the_same_cycle_tried_again_adds_nothing_but_its_memory(path: Path) -> None:
    with closing(open_journal(path)) as journal:
        cycle(journal, document(), State())
        kinds = [row.kind for row in journal.rows()]
        cycle(journal, document(), State())
        assert [row.kind for row in journal.rows()] == [*kinds, "state"]


def test_slow_sections_are_stored_once(path: Path) -> None:
    with closing(open_journal(path)) as journal:
        first = document(0.0, deals=[{"ticket": number, "comment": "x" * 50} for number in range(500)])
        _, state = cycle(journal, first, State())
        slow = {"deals": first["deals"], "symbols": first["symbols"]}
        for second in range(1, 20):
            _, state = cycle(journal, {**broke(float(second)), **slow}, state)
        sizes = [size for (size,) in journal._connection.execute("SELECT size FROM document WHERE size > 30000")]
        assert len(sizes) == 1
        assert journal.verify_chain() > 20


def test_numbers_that_json_does_not_have_stay_readable(path: Path) -> None:
    with closing(open_journal(path)) as journal:
        made = document(ticks={"EURUSD": {"bid": float("nan"), "ask": float("inf"), "last": 0.0, "time": 1}})
        cycle(journal, made, State())
        seq = next(row.seq for row in journal.rows("cycle"))
        assert journal.snapshot_document(seq)["ticks"]["EURUSD"] == {"bid": "nan", "ask": "inf", "last": 0.0, "time": 1}


def test_a_new_journal_remembers_nothing(path: Path) -> None:
    with closing(open_journal(path)) as journal:
        assert journal.load_state() is None
        assert journal.verify_chain() == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE row SET body = '{\"number\":7}' WHERE seq = 2",
        "UPDATE row SET at = '2020-01-01T00:00:00Z' WHERE seq = 2",
        "UPDATE row SET kind = 'other' WHERE seq = 2",
        "DELETE FROM row WHERE seq = 2",
    ],
)
def test_a_changed_or_missing_row_is_noticed_and_named(path: Path, statement: str) -> None:
    written(path)
    vandalise(path, statement)
    with closing(open_readonly(path)) as journal, pytest.raises(JournalError, match=r"row [23]"):
        journal.verify_chain()


def test_a_changed_last_row_is_noticed_at_the_start(path: Path) -> None:
    written(path)
    vandalise(path, "UPDATE row SET body = '{}' WHERE seq = 3")
    with pytest.raises(JournalError, match="row 3"):
        open_journal(path)


@pytest.mark.parametrize("statement", ["UPDATE document SET data = x'00'", "DELETE FROM document",
                                       "UPDATE document SET size = size + 1"])  # fmt: skip
def test_a_damaged_document_is_noticed(path: Path, statement: str) -> None:
    with closing(open_journal(path)) as journal:
        cycle(journal, document(), State())
    vandalise(path, statement)
    with closing(open_readonly(path)) as journal, pytest.raises(JournalError, match=r"damaged|missing"):
        journal.verify_chain()


def test_a_newer_schema_is_refused_naming_the_version(path: Path) -> None:
    written(path)
    newer = len(VERSIONS) + 6
    vandalise(path, f"PRAGMA user_version = {newer}")
    for opened in (open_journal, open_readonly):
        with pytest.raises(InputError, match=f"schema {newer}") as caught:
            opened(path)
        assert caught.value.exit_code == 3


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("once upon a time\n" * 300, encoding="utf-8")
    with pytest.raises(JournalError, match="cannot be used"):
        open_journal(path)
    assert path.read_text(encoding="utf-8").startswith("once upon")


def test_another_programs_database_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE mine (x)")
    before = path.read_bytes()
    with pytest.raises(JournalError, match="another program"):
        open_journal(path)
    assert path.read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32" or (hasattr(os, "geteuid") and os.geteuid() == 0), reason="rights of root")
def test_a_folder_that_cannot_be_written_is_refused(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.parent.chmod(0o500)
    with pytest.raises(JournalError, match="cannot be used"):
        open_journal(path)


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("", encoding="utf-8")
    with pytest.raises(JournalError, match="cannot be used"):
        open_journal(tmp_path / "state" / "journal.db")


def test_a_disk_that_is_full_loses_nothing_and_goes_on_later(path: Path) -> None:
    with closing(open_journal(path)) as journal:
        journal.commit("note", {"n": 1}, at=AT)
        pages = journal._connection.execute("PRAGMA page_count").fetchone()[0]
        journal._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(JournalError, match="cannot be used"):
            journal.commit("note", {"text": "x" * 100_000}, at=AT)
        journal._connection.execute("PRAGMA max_page_count = 1000000")
        assert journal.commit("note", {"n": 2}, at=AT) == 2
        assert journal.verify_chain() == 2


def test_another_writer_is_waited_for_only_an_instant(path: Path) -> None:
    with closing(open_journal(path)) as journal, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="locked"):
            journal.commit("note", {}, at=AT)
        other.execute("ROLLBACK")
        assert journal.commit("note", {}, at=AT) == 1


def test_a_reader_does_not_hold_up_the_writer(path: Path) -> None:
    written(path)
    with closing(open_journal(path)) as journal, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM row").fetchone()
        assert journal.commit("note", {}, at=AT) == 4


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not let an open file be removed")
def test_a_journal_removed_under_the_guard_is_noticed(path: Path) -> None:
    with closing(open_journal(path)) as journal:
        path.unlink()
        with pytest.raises(JournalError, match="cannot be used"):
            journal.commit("note", {}, at=AT)


def test_reading_where_nothing_was_written_says_so(path: Path) -> None:
    with pytest.raises(JournalError, match="there is no journal"):
        open_readonly(path)


def test_a_row_without_a_snapshot_says_so(path: Path) -> None:
    written(path)
    with closing(open_readonly(path)) as journal:
        for seq in (1, 99):
            with pytest.raises(JournalError, match=f"row {seq} holds no snapshot"):
                journal.snapshot_document(seq)
