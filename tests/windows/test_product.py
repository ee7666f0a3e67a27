"""What only Windows shows: Ctrl-C at a console, worker and parent in one job, locks, sharing, cp1252, strange paths."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from guard.journal.sqlite import open_readonly
from tests.launch import environment, guard, options, running
from tests.windows.ctrl_c import PRESSED

pytestmark = pytest.mark.skipif(sys.platform != "win32", reason="needs a Windows Python: run it on the Windows bed")
# A folder as people have them: blanks and letters that no code page of one country holds together.
FOLDER = "J\N{LATIN SMALL LETTER O WITH DIAERESIS}rg \N{LATIN CAPITAL LETTER L WITH STROKE}ukasz My Guard"
TIMEOUT_S = 100.0


def with_ctrl_c(word: str, *command: str, env: dict[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    flags: dict[str, Any] = {"creationflags": 0x08000000}  # CREATE_NO_WINDOW: a console of its own, unseen
    return subprocess.run(
        [sys.executable, "-m", "tests.windows.ctrl_c", word, sys.executable, *command], env=env, cwd=cwd,
        capture_output=True, text=True, encoding="utf-8", timeout=TIMEOUT_S, check=False, **flags,
    )  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / FOLDER / "home"
    folder.mkdir(parents=True)
    return folder


def journal_of(home: Path) -> Path:
    (found,) = home.glob("state/*/journal.db")
    return found


def rows(home: Path, kind: str) -> list[Any]:
    journal = open_readonly(journal_of(home))
    try:
        return [row for row in journal.rows() if row.kind == kind]
    finally:
        journal.close()


def test_ctrl_c_at_a_console_stops_the_guard_cleanly_and_the_journal_says_so(home: Path) -> None:
    listing = home.parent / "modules.txt"
    settings = environment(options(), GUARD_TEST_MODULES=str(listing))
    words = ("-m", "tests.root", "run", "--json", "--home", str(home))
    done = with_ctrl_c('"start"', *words, env=settings, cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    before, after = done.stdout.split(PRESSED.strip())
    assert '"start"' in before
    assert json.loads(after.splitlines()[-1])["event"] == "stop"
    assert [row.body["why"] for row in rows(home, "stop")] == ["SIGINT"]
    loaded = {name.split(".")[0] for name in listing.read_text(encoding="utf-8").split()}
    assert {"guard", "apscheduler", "loguru"} <= loaded
    assert loaded & {"_ssl", "_hashlib", "pandas", "numpy", "MetaTrader5", "fakes", "fastapi", "matplotlib"} == set()


def test_ctrl_c_stops_the_demo_with_its_summary(home: Path) -> None:
    words = ("demo", "--speed", "600", "--json", "--home", str(home))
    done = with_ctrl_c('"start"', "-m", "guard", *words, env=environment(None), cwd=home)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    assert (summary["event"], summary["stopped_early"]) == ("summary", True)


def test_no_worker_outlives_a_guard_that_is_killed(home: Path) -> None:
    with running(home, options()) as guarded:
        workers = psutil.Process(guarded.process.pid).children(recursive=True)
        assert workers
        guarded.kill()
        gone, alive = psutil.wait_procs(workers, timeout=5.0)
        assert (len(gone), alive) == (len(workers), [])


def test_after_a_kill_the_journal_is_whole_and_goes_on(home: Path) -> None:
    account = options()
    with running(home, account) as first:
        first.kill()
    with running(home, account) as second:
        second.kill()
    checked = guard("journal", "verify", home=home, account=None, root=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert len(rows(home, "start")) == 2


def test_output_through_a_cp1252_pipe_loses_no_line(home: Path) -> None:
    plain = {k: v for k, v in environment(options()).items() if not k.startswith("PYTHONIO") and k != "PYTHONUTF8"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.root", "check", "--home", str(home)], env=plain, cwd=home, capture_output=True,
        timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    # The clock of a still market is not confirmed, so the loss limits are unknown: exit code 11.
    assert (done.returncode, done.stderr) == (11, b"")
    told = done.stdout.decode("cp1252")
    assert "effective_leverage" in told
    assert "?" not in told


def test_the_demo_reads_the_same_through_cp1252_and_utf_8(home: Path) -> None:
    told = []
    for name in ("cp1252", "utf-8"):
        settings = {**environment(None), "PYTHONIOENCODING": name}
        done = subprocess.run(
            [sys.executable, "-m", "guard", "demo", "--speed", "max", "--home", str(home)], env=settings, cwd=home,
            capture_output=True, timeout=TIMEOUT_S, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        told.append(done.stdout.decode(name))
    assert [len(text.splitlines()) for text in told] == [len(told[0].splitlines())] * 2


def test_the_home_is_found_where_windows_keeps_a_user_s_data(home: Path) -> None:
    own = {**environment(None), "LOCALAPPDATA": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", "from guard.app.home import find_home; print(ascii(str(find_home(None).root)))"],
        env=own, cwd=home, capture_output=True, text=True, timeout=TIMEOUT_S, check=True,
    )  # fmt: skip
    assert done.stdout.strip().endswith("MT5Guard'")


def test_zones_come_with_the_guard(home: Path) -> None:
    code = (
        "from zoneinfo import ZoneInfo; from datetime import datetime, UTC;"
        "print(datetime(2026, 7, 1, tzinfo=UTC).astimezone(ZoneInfo('Europe/Athens')).utcoffset())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(None), cwd=home, capture_output=True, text=True,
        timeout=TIMEOUT_S, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "3:00:00"


def test_a_status_file_that_another_program_holds_open_does_not_stop_the_guard(home: Path) -> None:
    with running(home, options()) as guarded:
        deadline = time.monotonic() + 20.0
        while not (found := list(home.glob("state/*/status.json"))):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        before, until = found[0].read_bytes(), time.monotonic() + 3.0
        while time.monotonic() < until:
            with found[0].open("rb"):  # as an editor or a virus scanner would
                time.sleep(0.2)
        assert guarded.process.poll() is None
        # Nobody holds it now: it is written again.
        while found[0].read_bytes() == before:
            assert time.monotonic() < deadline + 20.0
            time.sleep(0.1)
