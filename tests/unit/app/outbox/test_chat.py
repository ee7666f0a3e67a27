import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from guard.app.outbox.chat import HELP, Desk, Question

NOW = 1_800_000_000.0


class Answering(dict[str, Any]):
    """Answers every command at once, as the journal of a running guard would."""

    def get(self, uid: str, default: Any = None) -> Any:
        return {"answer": f"done {uid}"} if uid.startswith("telegram:") else default


def desk(folder: Path, able: list[str] | None = None, **changes: Any) -> Desk:
    verdict = {"limit": "day", "kind": "period_loss", "severity": "WARN", "value": 300.0, "threshold": 400.0,
               "utilization_pct": 75.0, "unit": "USD", "sentence": "."}  # fmt: skip
    unknown = {**verdict, "limit": "gone", "severity": "UNKNOWN", "value": None, "utilization_pct": None}
    document = {
        "format": "guard.status/1", "at": "2027-01-15T08:00:00Z", "state": "watching", "severity": "WARN",
        "blind": None, "mode": "warn", "account": {"login": 5012345, "server": "S", "currency": "USD"},
        "figures": {"equity": 9700.0, "balance": 10000.0, "margin_level_pct": None}, "verdicts": [verdict, unknown],
        "commands": able if able is not None else ["ack", "flatten", "lock"], **changes,
    }  # fmt: skip
    (folder / "status.json").write_text(json.dumps(document), encoding="utf-8")
    return Desk(folder / "status.json", folder / "commands.db", Answering(), clock=lambda: NOW, answer_s=0.2)


def ask(one: Desk, text: str, at: float = NOW, chat: int = 7, number: int = 1) -> str:
    return one.answer(Question(number, chat, text, at))


def asked(folder: Path) -> list[tuple[str, str, Any]]:
    if not (folder / "commands.db").exists():
        return []
    with closing(sqlite3.connect(folder / "commands.db")) as raw:
        rows = raw.execute("SELECT uid, verb, body FROM command ORDER BY id").fetchall()
    return [(uid, verb, json.loads(body)) for uid, verb, body in rows]


def test_status_says_the_figures_and_what_is_not_known(tmp_path: Path) -> None:
    said = ask(desk(tmp_path), "/status")
    assert "5012345: WARN, mode warn" in said
    assert "equity: 9,700.00 USD" in said
    assert "margin level: unknown" in said


def test_old_figures_are_called_old(tmp_path: Path) -> None:
    one = desk(tmp_path, at="2027-01-15T07:00:00Z")
    assert ask(one, "/status").startswith("These figures are 3600 s old: the guard is silent.")


def test_headroom_says_what_is_left_of_each_limit(tmp_path: Path) -> None:
    said = ask(desk(tmp_path), "/headroom@my_bot")
    assert "WARN day: 25.00 % left (300.00 of 400.00 USD)" in said
    assert "UNKNOWN gone: not known" in said


def test_without_a_guard_there_are_no_figures(tmp_path: Path) -> None:
    one = Desk(tmp_path / "status.json", tmp_path / "commands.db", {}, clock=lambda: NOW)
    assert "no guard is running" in ask(one, "/status")


@pytest.mark.parametrize(
    "text, verb, body",
    [
        ("/ack", "ack", {}),
        ("/ack 17", "ack", {"notice": 17}),
        ("/ack_17", "ack", {"notice": 17}),
        ("/lock 30m", "lock", {"for_s": 1800, "reason": "asked by Telegram"}),
        ("/lock 4H too angry", "lock", {"for_s": 14400, "reason": "too angry"}),
    ],
)
def test_commands_go_through_the_inbox_and_the_journal_answers(
    tmp_path: Path, text: str, verb: str, body: dict[str, Any]
) -> None:
    assert ask(desk(tmp_path), text, number=41) == "Done telegram:7:41"
    assert asked(tmp_path) == [("telegram:7:41", verb, {**body, "chat": 7})]


@pytest.mark.parametrize(
    "text",
    ["/unlock", "/lock", "/lock 0m", "/lock forever", "/lock 900h", "/lock -5m", "/ack -1", "/ack one", "/ack 1.5",
     "/tighten", "/set max 100", "flat ten", "", " ", "/", "/lock ²m"],
)  # fmt: skip
def test_what_is_not_a_command_does_nothing(tmp_path: Path, text: str) -> None:
    ask(desk(tmp_path), text)
    assert asked(tmp_path) == []


def test_the_help_names_nothing_that_loosens() -> None:
    assert "unlock" not in HELP
    assert all(word in HELP for word in ("/status", "/headroom", "/ack", "/lock", "/flatten"))


def test_flatten_asks_again_and_only_the_right_number_in_time_from_the_same_chat_counts(tmp_path: Path) -> None:
    one = desk(tmp_path)
    code = ask(one, "/flatten").split("/flatten ")[1].split()[0]
    assert "not the number" in ask(one, f"/flatten {code}", chat=8)
    assert asked(tmp_path) == []
    assert "not the number" in ask(one, "/flatten 0")
    assert "not the number" in ask(one, f"/flatten {code}")  # a wrong one uses it up
    code = ask(one, "/flatten").split("/flatten ")[1].split()[0]
    one._clock = lambda: NOW + 61.0
    assert "too old" in ask(one, f"/flatten {code}", at=NOW + 61.0)
    assert asked(tmp_path) == []
    code = ask(one, "/flatten", at=NOW + 61.0).split("/flatten ")[1].split()[0]
    assert ask(one, f"/flatten {code}", at=NOW + 61.0, number=9) == "Done telegram:7:9"
    assert asked(tmp_path) == [("telegram:7:9", "flatten", {"chat": 7})]


@pytest.mark.parametrize("text", ["/flatten", "/lock 30m"])
def test_what_the_guard_cannot_do_in_its_mode_is_said_at_once(tmp_path: Path, text: str) -> None:
    said = ask(desk(tmp_path, able=["ack"]), text)
    assert "cannot" in said
    assert "sends no orders" in said
    assert asked(tmp_path) == []


def test_a_message_that_was_on_its_way_for_a_minute_does_nothing(tmp_path: Path) -> None:
    assert "nothing was done" in ask(desk(tmp_path), "/lock 30m", at=NOW - 61.0)
    assert asked(tmp_path) == []


def test_a_guard_that_does_not_answer_is_said_so(tmp_path: Path) -> None:
    desk(tmp_path)
    one = Desk(tmp_path / "status.json", tmp_path / "commands.db", {}, clock=lambda: NOW, answer_s=0.2)
    began = time.monotonic()
    assert "has not answered yet" in ask(one, "/ack")
    assert time.monotonic() - began < 5.0
