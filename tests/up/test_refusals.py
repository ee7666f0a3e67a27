import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from guard import up as bootstrap
from tests import verify
from tests.up.checkout import ROOT, make_checkout, up

SENTENCE_END = ".\n"


def test_without_words_the_help_is_printed_and_nothing_is_installed(tmp_path: Path) -> None:
    folder = make_checkout(tmp_path / "checkout")

    done = up(folder)

    assert (done.returncode, done.stderr) == (0, "")
    assert "python -m guard.up demo" in done.stdout
    assert not (folder / ".venv-up").exists()


@pytest.mark.parametrize("name", ["__init__.py", "up.py"])
def test_what_runs_first_can_be_read_by_old_pythons(name: str) -> None:
    text = (ROOT / "guard" / name).read_text(encoding="utf-8")

    ast.parse(text, feature_version=(3, 6))
    assert "from __future__ import annotations" not in text  # unknown to 3.6


@pytest.mark.parametrize("version", [(3, 6), (3, 10)])
def test_an_old_python_is_named_and_refused(version: tuple[int, int]) -> None:
    with pytest.raises(bootstrap.SetupError, match=r"this is Python 3\.\d+; MT5 Guard needs 3\.11 or newer") as error:
        bootstrap.check_python(version, "linux-x86_64")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("platform", ["win32", "win-arm64"])
def test_a_windows_python_that_metatrader5_does_not_support_is_refused(platform: str) -> None:
    with pytest.raises(bootstrap.SetupError, match=platform):
        bootstrap.check_python((3, 11), platform)


@pytest.mark.parametrize("platform", ["win-amd64", "linux-x86_64", "linux-aarch64", "macosx-11.0-arm64"])
def test_the_supported_pythons_pass(platform: str) -> None:
    bootstrap.check_python((3, 14), platform)


def test_outside_a_checkout_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    folder = make_checkout(tmp_path / "installed")
    (folder / "config" / "lock-run.txt").unlink()

    done = up(folder, "demo")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("guard.up: ")
    assert done.stderr.endswith(SENTENCE_END)
    assert done.stderr.count("\n") == 1


def test_with_no_tool_at_all_one_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "ROOT", str(make_checkout(tmp_path / "checkout")))
    monkeypatch.setattr(bootstrap, "routes", list)

    assert bootstrap.main(["demo"]) == 2

    said = capsys.readouterr().err
    assert "install uv" in said
    assert "python3-venv" in said
    assert said.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_checkout(tmp_path / "checkout")
    (folder / ".venv-up").write_text("a file where the folder should be", encoding="utf-8")
    monkeypatch.setattr(bootstrap, "ROOT", str(folder))

    assert bootstrap.main(["demo"]) == 2

    assert "cannot be written" in capsys.readouterr().err


def programs(*present: str) -> object:
    return lambda name: f"/somewhere/{name}" if name in present else None


@pytest.mark.parametrize(
    "modules, tools, first_words",
    [
        (("venv", "ensurepip", "pip"), ("uv", "pip3"), ["/somewhere/uv", "{python}"]),
        (("venv", "ensurepip"), (), ["{python}"]),
        (("venv", "pip"), ("pip3",), [sys.executable]),
        (("venv",), ("pip3", "pip"), ["/somewhere/pip3"]),
        (("venv",), ("pip",), ["/somewhere/pip"]),
        (("venv",), (), []),
        ((), ("uv",), ["/somewhere/uv"]),
        ((), ("pip3",), []),
    ],
)
def test_the_ways_to_install_are_tried_in_this_order(
    modules: tuple[str, ...], tools: tuple[str, ...], first_words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "has_module", lambda name: name in modules)
    monkeypatch.setattr(shutil, "which", programs(*tools))

    routes = bootstrap.routes()

    assert [steps[-1][0] for steps in routes] == first_words
    assert all("--require-hashes" in steps[-1] for steps in routes)
    assert all("--without-pip" in steps[0] for steps in routes if steps[-1][0] not in {"{python}", "/somewhere/uv"})


def test_a_folder_left_by_a_removed_package_is_no_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "removed_package" / "__pycache__").mkdir(parents=True)
    monkeypatch.syspath_prepend(tmp_path)

    assert not bootstrap.has_module("removed_package")
    assert not bootstrap.has_module("never_there")
    assert bootstrap.has_module("venv")


@pytest.mark.parametrize("output", ["error: unexpected argument", "error: dns error: failed to lookup address"])
def test_when_uv_fails_pip_is_tried(output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    monkeypatch.setattr(bootstrap, "routes", lambda: [[["uv"]], [["pip"]]])

    def run_steps(steps: list[list[str]]) -> str:
        tried.append(steps[0][0])
        return output

    monkeypatch.setattr(bootstrap, "run_steps", run_steps)

    with pytest.raises(bootstrap.SetupError):
        bootstrap.build(str(tmp_path / "environment"), "lock")
    assert tried == ["uv", "pip"]


@pytest.mark.parametrize(
    "words, command",
    [
        (["test", "-k", "margin"], ["test", "-m", "pytest", "-k", "margin"]),
        (["verify", "-n", "2"], ["test", "-m", "tests.verify", "-n", "2"]),
        (["demo", "--speed", "max"], ["run", "-P", "-m", "guard", "demo", "--speed", "max"]),
        (["check"], ["run", "-P", "-m", "guard", "check"]),
    ],
)
def test_words_are_passed_on(words: list[str], command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[list[str]] = []

    def hand_over(whole: list[str], _: object) -> int:
        given.append(whole)
        return 0

    monkeypatch.setattr(bootstrap, "ready", lambda which, _: which)
    monkeypatch.setattr(bootstrap, "hand_over", hand_over)

    assert bootstrap.main(words) == 0
    assert given == [command]


def test_a_finished_test_environment_serves_the_guard_too(tmp_path: Path) -> None:
    root = str(make_checkout(tmp_path / "checkout"))
    python = Path(bootstrap.interpreter(bootstrap.environment(root, "test")))
    python.parent.mkdir(parents=True)
    python.touch()
    (python.parents[1] / "ready.json").write_text("{}", encoding="utf-8")

    assert bootstrap.ready("run", root) == str(python)


def test_every_check_runs_and_a_failed_one_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[str] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        seen.append(command[2])
        return subprocess.CompletedProcess(command, 1 if command[2] == "mypy" else 0)

    monkeypatch.setattr(subprocess, "run", run)

    assert verify.main([]) == 1
    assert seen == ["ruff", "mypy", "mypy", "tests.architecture.imports", "pytest"]
    assert "failed: mypy, mypy for Windows" in capsys.readouterr().err
