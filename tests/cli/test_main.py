"""The command's edges: exit codes, one sentence on standard error, only the named command's module."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

import guard
from guard.cli import main
from guard.model.errors import (
    AlreadyRunningError,
    GuardError,
    InputError,
    TerminalError,
    UsageError,
    WrongAccountError,
)


def run(*argv: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "guard", *argv],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )


def failing(error: BaseException) -> Callable[[list[str]], typer.Typer]:
    def build(_argv: list[str]) -> typer.Typer:
        app = typer.Typer(rich_markup_mode=None)

        @app.callback()
        def root() -> None:
            """Nothing."""

        @app.command()
        def fail() -> None:
            raise error

        return app

    return build


def test_version() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"guard {guard.__version__}\n", "")


def test_help_lists_every_command() -> None:
    done = run("--help")
    assert done.returncode == 0
    for name in ("evaluate", "limits", "explain", "config", "calc", "demo"):
        assert name in done.stdout


@pytest.mark.parametrize(
    "argv", [["nonsense"], ["--nonsense"], ["evaluate"], ["limits", "--nonsense"], ["explain", "x"]]
)
def test_a_usage_error_is_one_sentence_and_two(argv: list[str]) -> None:
    done = run(*argv)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("guard: ")


@pytest.mark.parametrize(
    "kind, code",
    [
        (GuardError, 1),
        (UsageError, 2),
        (InputError, 3),
        (AlreadyRunningError, 4),
        (TerminalError, 5),
        (WrongAccountError, 6),
    ],
)
def test_an_expected_error_is_its_sentence_and_code(
    kind: type[GuardError], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(main, "build_app", failing(kind("no luck today")))
    assert main.run(["fail"]) == code
    assert capsys.readouterr() == ("", "guard: no luck today\n")


def test_an_unexpected_error_is_one_sentence_and_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GUARD_TRACEBACK", raising=False)
    monkeypatch.setattr(main, "build_app", failing(ZeroDivisionError("division by\nzero")))
    assert main.run(["fail"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "ZeroDivisionError: division by zero" in err


@pytest.mark.parametrize("error, code", [(KeyboardInterrupt(), 130), (typer.Abort(), 130), (typer.Exit(12), 12)])
def test_interrupts_and_exits_keep_their_codes(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(main, "build_app", failing(error))
    assert main.run(["fail"]) == code
    assert capsys.readouterr() == ("", "")


@pytest.mark.skipif(os.name == "nt", reason="needs a shell pipe; Windows reports the closed pipe as another error")
def test_a_reader_that_goes_away_is_no_fault() -> None:
    command = f"{sys.executable} -m guard config schema | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=60)  # noqa: S607
    assert done.stdout.strip() in {"141", "0"}
    assert done.stderr == ""


def test_only_the_named_command_is_loaded() -> None:
    code = (
        "import sys; from guard.cli.main import run; run(['explain', 'margin_level', '--json']);"
        "print(sorted(m for m in sys.modules if m.startswith(('guard.cli', 'pandas', 'rich', 'loguru', 'numpy'))),"
        " file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    rooms = ["_kinds", "_lean", "explain", "main", "output"]
    assert done.stderr.strip() == str(["guard.cli", *(f"guard.cli.{room}" for room in rooms)])
    json.loads(done.stdout)


def test_a_console_without_the_signs_sees_look_alikes() -> None:
    snapshot = Path(__file__).parents[1] / "config_errors" / "snapshot.json"
    done = run("evaluate", str(snapshot), PYTHONIOENCODING="cp1252")
    assert done.returncode == 0
    assert "##......" in done.stdout
    done.stdout.encode("cp1252")


def test_json_is_ascii_whatever_the_console() -> None:
    done = run("config", "schema", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert json.loads(done.stdout)["title"] == "guard.config/1"


def test_streams_that_are_no_files_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert main.run(["--version"]) == 0
