import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from guard.app import commands
from guard.app.commands import Answer, Command, Inbox, ask
from guard.app.desk import Desk
from guard.app.patient import PatientJournal
from guard.journal.sqlite import SqliteJournal, open_journal


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    with closing(open_journal(tmp_path / "journal.db")) as opened:
        yield opened


@pytest.fixture
def desk(tmp_path: Path, journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(commands, "_LOOK_S", 0.0)
    return Desk(tmp_path / "commands.db", journal, PatientJournal(journal, lambda _: None))


def a_notice(journal: SqliteJournal, sentence: str = "day loss: BREACH.") -> int:
    body = {"key": "k", "at": "2026-11-20T14:00:00Z", "severity": "BREACH", "limit": "period_loss",
            "kind": "period_loss", "sentence": sentence}  # fmt: skip
    return journal.commit("notice", body, at="2026-11-20T14:00:00Z")


def test_without_an_inbox_there_is_nothing_to_answer(desk: Desk) -> None:
    assert desk.attend() == []


def test_an_acknowledgement_is_journaled_with_its_answer(tmp_path: Path, journal: SqliteJournal, desk: Desk) -> None:
    number = a_notice(journal)
    uid = ask(tmp_path / "commands.db", "ack", {"notice": number}, "cli")
    (said,) = desk.attend()
    assert f"notice {number} is acknowledged" in said
    (row,) = journal.rows("command")
    assert (row.body["uid"], row.body["done"], row.body["notice"], row.body["source"]) == (uid, True, number, "cli")
    assert desk.attend() == []


@pytest.mark.parametrize("number", [99, 0, -1, "1", 1.5, True])
def test_what_is_no_notice_is_not_acknowledged(
    tmp_path: Path, journal: SqliteJournal, desk: Desk, number: object
) -> None:
    a_notice(journal)
    ask(tmp_path / "commands.db", "ack", {"notice": number}, "cli")
    desk.attend()
    (row,) = journal.rows("command")
    assert row.body["done"] is False
    assert "there is no notice" in row.body["answer"]


def test_a_command_is_answered_once_also_after_a_restart(tmp_path: Path, journal: SqliteJournal, desk: Desk) -> None:
    ask(tmp_path / "commands.db", "ack", {}, "cli", uid="telegram:7")
    ask(tmp_path / "commands.db", "ack", {}, "cli", uid="telegram:7")
    assert len(desk.attend()) == 1
    desk.close()
    again = Desk(tmp_path / "commands.db", journal, PatientJournal(journal, lambda _: None))
    assert again.attend() == []
    assert len(list(journal.rows("command"))) == 1


def test_what_was_asked_while_no_guard_ran_is_answered_and_not_carried_out(
    tmp_path: Path, journal: SqliteJournal, desk: Desk
) -> None:
    done: list[Command] = []

    def flatten(command: Command) -> Answer:
        done.append(command)
        return Answer(done=True, sentence="flat", facts={})

    desk.handlers["flatten"] = flatten
    ask(tmp_path / "commands.db", "flatten", {}, "cli")
    with closing(sqlite3.connect(tmp_path / "commands.db")) as raw, raw:
        raw.execute("UPDATE command SET at = '2020-01-01T00:00:00Z'")
    desk.attend()
    (row,) = journal.rows("command")
    assert done == []
    assert "ask again" in row.body["answer"]


@pytest.mark.parametrize("verb", ["lock", "flatten", "tighten", "unlock", "format c:"])
def test_what_this_guard_cannot_do_is_said(tmp_path: Path, journal: SqliteJournal, desk: Desk, verb: str) -> None:
    ask(tmp_path / "commands.db", verb, {}, "web")
    desk.attend()
    (row,) = journal.rows("command")
    assert row.body["done"] is False
    assert "this guard cannot" in row.body["answer"]


def test_an_inbox_held_by_somebody_delays_nothing_and_loses_nothing(tmp_path: Path, desk: Desk) -> None:
    ask(tmp_path / "commands.db", "ack", {}, "cli")
    with closing(sqlite3.connect(tmp_path / "commands.db", isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        desk.attend()
        assert time.monotonic() - began < 1.0
    ask(tmp_path / "commands.db", "ack", {}, "cli")
    desk.attend()
    assert desk._inbox._after == 2


def test_a_damaged_inbox_is_no_reason_to_stop(tmp_path: Path, desk: Desk) -> None:
    (tmp_path / "commands.db").write_bytes(b"not a database, not at all" * 100)
    assert desk.attend() == []


def test_a_body_that_is_no_object_counts_as_empty(tmp_path: Path) -> None:
    ask(tmp_path / "commands.db", "ack", {}, "cli")
    with closing(sqlite3.connect(tmp_path / "commands.db")) as raw, raw:
        raw.execute("UPDATE command SET body = '[1'")
    (command,) = Inbox(tmp_path / "commands.db").new()
    assert command.body == {}
