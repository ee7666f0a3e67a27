"""The bootstrap makes real environments here, from empty or local locks: no network is asked."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from guard import up as bootstrap
from guard.up import build, interpreter
from tests.up.checkout import PYTHON, environments, make_checkout, make_wheel, plain_environment, up

pytestmark = pytest.mark.skipif(
    subprocess.run([PYTHON, "-c", "import ensurepip, venv"], check=False, capture_output=True).returncode != 0,
    reason="this Python was installed without ensurepip",
)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout, in a folder with a space and an accent, whose first run has been made."""
    folder = make_checkout(tmp_path_factory.mktemp("up") / "a checkout é")
    first = up(folder, "hello")
    assert first.returncode == 0, first.stderr
    assert "installing the libraries, once" in first.stderr
    return folder


def test_the_second_run_installs_nothing_and_prints_only_the_commands_words(checkout: Path) -> None:
    before = [path.stat().st_mtime_ns for path in checkout.glob(".venv-up/*/ready.json")]

    second = up(checkout, "hello", "--option", "two words")

    assert (second.returncode, second.stderr) == (0, "")
    answer = json.loads(second.stdout)
    assert answer["words"] == ["hello", "--option", "two words"]
    assert Path(answer["folder"]) == checkout
    assert Path(answer["prefix"]) == environments(checkout)[0]
    assert before == [path.stat().st_mtime_ns for path in checkout.glob(".venv-up/*/ready.json")]


def test_the_commands_exit_code_is_the_exit_code(checkout: Path) -> None:
    assert up(checkout, "breach").returncode == 12


def test_the_callers_folder_stays_and_a_stranger_named_guard_in_it_is_not_run(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "__init__.py").write_text("raise SystemExit('the wrong guard')", encoding="utf-8")
    code = "import runpy, sys; sys.argv = ['guard.up', 'hello']; runpy.run_module('guard.up', run_name='__main__')"

    done = subprocess.run(
        [PYTHON, "-P", "-c", code], cwd=tmp_path, env=plain_environment(PYTHONPATH=str(checkout)), check=False,
        capture_output=True, text=True, encoding="utf-8", timeout=100,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert Path(json.loads(done.stdout)["folder"]) == tmp_path


def test_an_environment_without_its_stamp_is_not_believed_and_made_anew(checkout: Path) -> None:
    (environments(checkout)[0] / "ready.json").unlink()
    leftover = environments(checkout)[0] / "half-finished"
    leftover.touch()

    again = up(checkout, "hello")

    assert again.returncode == 0
    assert "installing the libraries" in again.stderr
    assert not leftover.exists()


def test_an_environment_whose_python_is_gone_is_made_anew(checkout: Path) -> None:
    Path(interpreter(str(environments(checkout)[0]))).unlink()

    assert up(checkout, "hello").returncode == 0


def test_two_first_runs_at_once_make_one_environment(tmp_path: Path) -> None:
    folder = make_checkout(tmp_path / "checkout")
    both = [
        subprocess.Popen(
            [PYTHON, "-m", "guard.up", "hello"], cwd=folder, env=plain_environment(),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        )
        for _ in range(2)
    ]  # fmt: skip
    said = [process.communicate(timeout=100)[1] for process in both]

    assert [process.returncode for process in both] == [0, 0]
    assert sum("installing" in text for text in said) == 1
    assert len(environments(folder)) == 1


def test_another_lock_gets_another_environment_with_what_it_names(tmp_path: Path) -> None:
    wheel, digest = make_wheel(tmp_path)
    folder = make_checkout(tmp_path / "checkout", f"{wheel} --hash=sha256:{digest}\n")

    done = up(folder, "hello")

    assert done.returncode == 0, done.stderr
    python = interpreter(str(environments(folder)[0]))
    assert subprocess.run([python, "-c", "import planted"], check=False).returncode == 0
    (folder / "config" / "lock-run.txt").write_text("# nothing any more\n", encoding="utf-8")
    assert up(folder, "hello").returncode == 0
    assert len(environments(folder)) == 2


def test_a_package_that_is_not_the_recorded_one_is_refused_and_nothing_runs(tmp_path: Path) -> None:
    wheel, _ = make_wheel(tmp_path)
    folder = make_checkout(tmp_path / "checkout", f"{wheel} --hash=sha256:{'0' * 64}\n")

    done = up(folder, "hello")

    assert (done.returncode, done.stdout) == (2, "")
    assert "its hash differs" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_network_one_sentence_says_so(tmp_path: Path) -> None:
    folder = make_checkout(tmp_path / "checkout", f"planted==1.0 --hash=sha256:{'0' * 64}\n")
    # The discard port of this machine: nobody answers there.
    unreachable = {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "1"}

    done = up(folder, "hello", **unreachable)

    assert (done.returncode, done.stdout) == (2, "")
    last = done.stderr.strip().splitlines()[-1]
    assert "the package index cannot be reached" in last
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a console's Ctrl-C cannot be sent to one process group there")
def test_ctrl_c_is_the_commands_to_answer_and_prints_no_traceback(checkout: Path) -> None:
    assert up(checkout, "hello").returncode == 0
    process = subprocess.Popen(
        [PYTHON, "-m", "guard.up", "sleep"], cwd=checkout, env=plain_environment(), start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"

    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=20)

    assert (process.returncode, said) == (7, "")


@pytest.mark.skipif(sys.platform == "win32", reason="a console's Ctrl-C cannot be sent to one process group there")
def test_where_the_process_cannot_be_replaced_it_waits_for_the_child_after_ctrl_c(checkout: Path) -> None:
    python = sys.executable
    child = [python, "-m", "guard", "sleep"]
    code = f"import sys; from guard.up import run_child; sys.exit(run_child({child!r}, None, {{}}))"
    process = subprocess.Popen(
        [python, "-c", code], cwd=checkout, env=plain_environment(), start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"

    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=20)

    assert (process.returncode, said) == (7, "")


def test_without_ensurepip_a_pip_from_elsewhere_fills_the_environment(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    up(checkout, "hello")
    python = interpreter(str(environments(checkout)[0]))
    wheel, digest = make_wheel(tmp_path)
    lock = tmp_path / "lock-run.txt"
    lock.write_text(f"{wheel} --hash=sha256:{digest}\n", encoding="utf-8")
    monkeypatch.setattr(bootstrap, "has_module", lambda name: name == "venv")
    pip = Path(python).with_name("pip.exe" if os.name == "nt" else "pip")
    monkeypatch.setattr(shutil, "which", lambda name: str(pip) if name == "pip3" else None)
    monkeypatch.setattr(sys, "executable", PYTHON)

    folder = tmp_path / "environment"
    build(str(folder), str(lock))

    made = interpreter(str(folder))
    assert subprocess.run([made, "-c", "import planted"], check=False).returncode == 0
    assert subprocess.run([made, "-c", "import pip"], check=False, capture_output=True).returncode == 1
    shutil.rmtree(folder)
