"""``guard demo`` as a program sees it: its events, its proof, its limits and its exit codes."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from guard.cli.demo import new_file
from guard.cli.main import run
from guard.journal.sqlite import open_readonly
from guard.settings.places import config_dir

Event = dict[str, Any]
Run = tuple[list[Event], str, Path]

FOUR = ("effective_leverage", "missing_stop", "margin_level", "period_loss")


def guard(*argv: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of one command line."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([str(word) for word in argv])
    return code, out.getvalue(), err.getvalue()


def demo(home: object, *argv: object) -> Run:
    """The events of a run at full speed, its bytes and its journal."""
    code, out, err = guard("demo", "--speed", "max", "--json", "--home", home, *argv)
    assert code == 0, err
    (journal,) = (Path(str(home)) / "demo").glob("*.db")
    return [json.loads(line) for line in out.splitlines()], out, journal


@pytest.fixture(scope="module")
def seed_7(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return demo(tmp_path_factory.mktemp("seed7"))


@pytest.fixture(scope="module")
def seed_8(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return demo(tmp_path_factory.mktemp("seed8"), "--seed", 8)


def verdicts(events: list[Event], limit: str | None = None) -> list[Event]:
    return [e for e in events if e["event"] == "verdict" and limit in {None, e["limit"]}]


@pytest.mark.parametrize("limit", FOUR)
@pytest.mark.parametrize("run_of", ["seed_7", "seed_8"])
def test_each_of_the_four_limits_warns_and_then_breaks(limit: str, run_of: str, request: pytest.FixtureRequest) -> None:
    events, _, _ = request.getfixturevalue(run_of)
    assert [e["severity"] for e in verdicts(events, limit)][:2] == ["WARN", "BREACH"]


def test_the_same_seed_gives_the_same_bytes(seed_7: Run, tmp_path: Path) -> None:
    _, again, _ = demo(tmp_path, "--seed", 7)
    assert again == seed_7[1]


@pytest.mark.parametrize("limit", FOUR)
def test_another_seed_moves_the_instants(limit: str, seed_7: Run, seed_8: Run) -> None:
    ours, theirs = ([e["at"] for e in verdicts(one[0], limit)[:2]] for one in (seed_7, seed_8))
    assert ours[0] != theirs[0]
    assert ours[1] != theirs[1]


def test_each_verdict_is_derived_again_by_evaluate_from_the_journaled_snapshot(seed_7: Run, tmp_path: Path) -> None:
    events, _, journal = seed_7
    rules = config_dir() / "demo.toml"
    assert len(verdicts(events)) >= 8
    for event in verdicts(events):
        file = tmp_path / "snapshot.json"
        assert guard("journal", "snapshot", event["snapshot"], "--journal", journal, "-o", file)[0] == 0
        code, out, err = guard("evaluate", file, "--config", rules, "--json")
        assert code in {0, 10, 12}, err
        (found,) = [v for v in json.loads(out)["verdicts"] if v["limit"] == event["limit"]]
        for field in ("kind", "severity", "value", "threshold", "utilization_pct", "unit", "sentence"):
            assert found[field] == event[field], (event["at"], field)


@pytest.mark.parametrize(
    "limit,before,after",
    [
        ("effective_leverage", "max = 12.0", "max = 24.0"),
        ("missing_stop", "max = 180.0", "max = 360.0"),
        ("margin_level", "min = 150.0", "min = 75.0"),
        ("period_loss", "value = 6.0", "value = 12.0"),
    ],
)
def test_a_limit_twice_as_wide_says_nothing_and_the_others_speak_as_before(
    limit: str, before: str, after: str, seed_7: Run, tmp_path: Path
) -> None:
    text = (config_dir() / "demo.toml").read_text(encoding="utf-8")
    assert text.count(before) == 1
    wide = tmp_path / "wide.toml"
    wide.write_text(text.replace(before, after), encoding="utf-8")
    events, _, _ = demo(tmp_path, "--config", wide)
    assert verdicts(events, limit) == []
    for other in set(FOUR) - {limit}:
        assert verdicts(events, other)[:2] == [
            {**e, "snapshot": new["snapshot"]}
            for e, new in zip(verdicts(seed_7[0], other)[:2], verdicts(events, other)[:2], strict=True)
        ]


def test_the_events_begin_with_start_and_end_with_summary(seed_7: Run) -> None:
    events, _, _ = seed_7
    assert [events[0]["event"], events[-1]["event"]] == ["start", "summary"]
    assert events[0]["simulated"] is True
    assert {e["event"] for e in events} == {"start", "narration", "verdict", "figures", "summary"}


def test_figures_come_every_simulated_minute(seed_7: Run) -> None:
    at = [e["at"] for e in seed_7[0] if e["event"] == "figures"]
    assert len(at) == 4 * 60
    assert all(instant.endswith(":00.000Z") for instant in at)


def test_no_event_holds_a_path_or_a_process_number(seed_7: Run) -> None:
    _, out, journal = seed_7
    assert str(journal.parent.parent) not in out
    assert "pid" not in out


def test_the_summary_says_what_was_caught_first_and_how_long_before_the_margin_call(seed_7: Run) -> None:
    summary = seed_7[0][-1]
    first = verdicts(seed_7[0])[0]
    assert summary["first"]["at"] == first["at"]
    assert summary["first"]["at"] < summary["margin_call_at"]
    caught = {row["limit"]: row for row in summary["caught"]}
    for limit in FOUR:
        warned, broken = verdicts(seed_7[0], limit)[:2]
        assert (caught[limit]["warn_at"], caught[limit]["breach_at"]) == (warned["at"], broken["at"])


def test_the_calm_market_fires_nothing(tmp_path: Path) -> None:
    events, _, _ = demo(tmp_path, "--scenario", "calm")
    assert verdicts(events) == []
    assert events[-1]["first"] is None


def test_the_full_hedge_is_said_to_be_margin_blind(tmp_path: Path) -> None:
    events, _, _ = demo(tmp_path, "--scenario", "hedge")
    assert [e for e in verdicts(events, "margin_level") if e["severity"] == "WARN" and "blind" in e["sentence"]]


def test_the_gap_ends_in_a_stop_out_that_the_summary_names(tmp_path: Path) -> None:
    events, _, _ = demo(tmp_path, "--scenario", "gap")
    assert events[-1]["stop_out_at"] is not None


def test_people_read_that_it_is_simulated_and_where_the_journal_is(tmp_path: Path) -> None:
    code, out, _ = guard("demo", "--speed", "max", "--home", tmp_path)
    (journal,) = (tmp_path / "demo").glob("*.db")
    assert code == 0
    assert out.splitlines()[0].startswith(" SIMULATED")
    assert str(journal) in out
    assert "guard evaluate" in out


def test_each_run_has_a_journal_of_its_own_and_its_chain_holds(tmp_path: Path) -> None:
    for _ in range(2):
        assert guard("demo", "--speed", "max", "--scenario", "calm", "--home", tmp_path)[0] == 0
    files = sorted((tmp_path / "demo").glob("*.db"))
    assert len(files) == 2
    for file in files:
        with contextlib.closing(open_readonly(file)) as journal:
            assert journal.verify_chain() > 0


def test_the_list_of_the_journal_names_the_snapshot_of_each_verdict(seed_7: Run) -> None:
    events, _, journal = seed_7
    code, out, _ = guard("journal", "list", "--journal", journal, "--json")
    assert code == 0
    rows = [json.loads(line) for line in out.splitlines()]
    notices = {(row["at"][:19], row["snapshot"]) for row in rows if row["kind"] == "notice"}
    for event in verdicts(events):
        assert (event["at"][:19], event["snapshot"]) in notices


@pytest.mark.parametrize(
    "argv,code,said",
    [
        (("demo", "--scenario", "moon"), 2, "overleverage"),
        (("demo", "--speed", "fast"), 2, "max"),
        (("demo", "--speed", "0"), 2, "max"),
        (("demo", "--speed", "nan"), 2, "max"),
        (("demo", "--config", "nowhere.toml"), 3, "nowhere.toml"),
        (("journal", "list", "--journal", "nowhere.db"), 3, "nowhere.db"),
        (("journal", "snapshot", "1", "--journal", "nowhere.db"), 3, "nowhere.db"),
    ],
)
def test_a_wrong_word_is_one_sentence_and_its_code(
    argv: tuple[str, ...], code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUARD_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    found, out, err = guard(*argv)
    assert (found, out) == (code, "")
    assert said in err
    assert "Traceback" not in err


def test_a_row_without_a_snapshot_cannot_be_exported(seed_7: Run) -> None:
    code, _, err = guard("journal", "snapshot", 2, "--journal", seed_7[2])
    assert code == 3
    assert "row 2" in err


def command(home: object, *argv: object, **environ: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "guard", "demo", "--home", str(home), *map(str, argv)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environ},
    )


def test_a_console_that_knows_only_ascii_is_no_trouble(tmp_path: Path) -> None:
    process = command(tmp_path, "--speed", "max", "--scenario", "gap", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")
    assert out.decode("ascii").startswith(" SIMULATED")


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one Windows process of a group")
def test_ctrl_c_ends_with_a_summary_and_exit_code_0(tmp_path: Path) -> None:
    process = command(tmp_path, "--speed", "900", "--json")
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["event"] == "start"
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert json.loads(out.splitlines()[-1])["stopped_early"] is True
    assert b"Traceback" not in err


def test_in_a_checkout_the_journal_goes_to_logs_and_a_named_home_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("GUARD_HOME", raising=False)
    assert new_file(None, "calm", 1).parent == config_dir().parent / "logs" / "demo"
    assert new_file(tmp_path, "calm", 1).parent == tmp_path / "demo"
    monkeypatch.setenv("GUARD_HOME", str(tmp_path / "own"))
    assert new_file(None, "calm", 1).parent == tmp_path / "own" / "demo"
