"""The guard installed by pip on Windows: its own wheel, in a folder with blanks and letters of two languages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import guard

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "J\N{LATIN SMALL LETTER O WITH DIAERESIS}rg \N{LATIN CAPITAL LETTER L WITH STROKE}ukasz My Guard"
LONGEST_S = 280.0

pytestmark = [
    pytest.mark.skipif(sys.platform != "win32", reason="needs a Windows Python: run it on the Windows bed"),
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``guard.exe`` of an environment that has the wheel, and all else from the Python it was made with."""
    room = tmp_path_factory.mktemp("installed") / FOLDER
    room.mkdir()
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(room), str(ROOT)], check=True, timeout=LONGEST_S)
    (wheel,) = room.glob("mt5_guard-*.whl")
    environment = room / "my environment"
    venv.create(environment, system_site_packages=True, with_pip=False)
    python = environment / "Scripts" / "python.exe"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--python", str(python)]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", str(wheel)], check=True, timeout=LONGEST_S)
    return environment / "Scripts" / "guard.exe"


def ran(program: Path, *words: str) -> subprocess.CompletedProcess[str]:
    known = {k: v for k, v in os.environ.items() if k != "PYTHONPATH" and not k.startswith("GUARD_")}
    home = str(program.parent.parent / "home")
    return subprocess.run(
        [str(program), *words], cwd=program.parent, env={**known, "PYTHONIOENCODING": "utf-8", "GUARD_HOME": home},
        capture_output=True, text=True, encoding="utf-8", timeout=LONGEST_S, check=False,
    )  # fmt: skip


def test_the_program_says_its_version(program: Path) -> None:
    done = ran(program, "--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert guard.__version__ in done.stdout


def test_the_demo_plays_and_its_journal_lies_in_the_home(program: Path) -> None:
    done = ran(program, "demo", "--speed", "max", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["event"] == "summary"
    assert len([*(program.parent.parent / "home" / "demo").glob("*.db")]) == 1


@pytest.mark.parametrize("command", ["run", "check"])
def test_without_a_terminal_the_guard_says_so_in_one_sentence(program: Path, command: str) -> None:
    done = ran(program, command)
    assert done.returncode == 5, done.stdout + done.stderr
    assert done.stderr.count("\n") == 1
    assert "terminal" in done.stderr


def test_the_shipped_configuration_is_found(program: Path) -> None:
    done = ran(program, "config", "init", "--yes", "-o", str(program.parent.parent / "guard.toml"))
    assert done.returncode == 0, done.stderr
    assert (program.parent.parent / "guard.toml").is_file()
