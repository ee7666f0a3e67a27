"""One guard per account on a machine; the lock goes with its holder."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from guard.app.account_lock import acquire, holder, lock_folder
from guard.app.home import Account
from guard.model.errors import AlreadyRunningError
from tests.launch import environment

ME, OTHER = Account(1, "SIMULATED-Lock"), Account(2, "SIMULATED-Lock")
HOLD = """
import sys, time
from pathlib import Path
from guard.app.account_lock import acquire
from guard.app.home import Account
lock = acquire(Account(1, "SIMULATED-Lock"), Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def hold(folder: Path) -> subprocess.Popen[str]:
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], env=environment(None), stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    other.stdout.close()
    return other


def test_the_second_is_refused_and_told_the_process(tmp_path: Path) -> None:
    other = hold(tmp_path)
    try:
        with pytest.raises(AlreadyRunningError, match=f"process {other.pid}") as caught:
            acquire(ME, tmp_path)
        assert caught.value.exit_code == 4
        assert holder(ME, tmp_path) == other.pid
        acquire(OTHER, tmp_path).release()
    finally:
        other.kill()
        other.wait()


def test_a_killed_holder_leaves_it_free(tmp_path: Path) -> None:
    other = hold(tmp_path)
    other.kill()
    other.wait()
    assert holder(ME, tmp_path) is None
    acquire(ME, tmp_path).release()


def test_released_it_is_free_and_releasing_twice_is_fine(tmp_path: Path) -> None:
    lock = acquire(ME, tmp_path)
    assert holder(ME, tmp_path) == os.getpid()
    lock.touch()
    lock.release()
    lock.release()
    assert holder(ME, tmp_path) is None


def test_nobody_holds_what_never_was(tmp_path: Path) -> None:
    assert holder(ME, tmp_path) is None


def test_the_refusal_comes_within_two_seconds(tmp_path: Path) -> None:
    held = acquire(ME, tmp_path)
    began = time.monotonic()
    with pytest.raises(AlreadyRunningError):
        acquire(ME, tmp_path)
    assert time.monotonic() - began < 2.0
    held.release()


def test_the_folder_is_the_machines_whatever_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = lock_folder()
    for name in ("HOME", "TMPDIR", "GUARD_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path))
    assert lock_folder() == before
