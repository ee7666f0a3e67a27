"""The worker as a process: what it is told, what it survives, and how it ends by itself."""

import io
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from guard.model.errors import TerminalError
from guard.terminal import process
from guard.terminal.client import WorkerTerminal
from guard.terminal.inbox import ThreadInbox, pipe_inbox
from guard.terminal.messages import BrokenMessageError, pack
from guard.terminal.port import Connection
from guard.terminal.process import Child
from tests.terminals import MODULE, ROOT, read_often, simulated

OPTIONS = '{"positions": [{"symbol": "EURUSD", "side": 1, "lots": 0.1}]}'


@pytest.fixture
def child() -> Iterator[Child]:
    made = Child(["--module", MODULE, "--allow-simulated"], {"GUARD_FAKE_OPTIONS": OPTIONS})
    yield made
    made.kill()


def test_a_worker_that_is_killed_is_gone_and_says_so(child: Child) -> None:
    pid = child.pid
    assert pid is not None
    child.kill()
    assert not psutil.pid_exists(pid)
    with pytest.raises(TerminalError, match="has ended"):
        child.ask({"op": "hot"})


def test_an_answer_that_does_not_come_is_none_and_comes_later(child: Child) -> None:
    assert child.reply(0.0) is None
    child.ask({"id": 5, "op": "open", "within_s": 60.0})
    answer = child.reply(30.0)
    assert answer is not None
    assert answer["id"] == 5
    assert answer["body"]["account"]["login"] == 5012345
    assert child.reply(0.05) is None


def test_what_the_worker_does_not_know_is_an_error_it_survives(child: Child) -> None:
    def said(**request: object) -> dict[str, Any]:
        child.ask({"id": 1, **request})
        answer = child.reply(30.0)
        assert answer is not None
        return answer

    assert "before it was connected" in said(op="hot")["error"]
    assert said(op="open", timeout_s="x", path=None)["body"]["instance"]
    assert "does not know the request 'dance'" in said(op="dance")["error"]
    assert "does not know the request None" in said()["error"]
    assert "before the first reading" in said(op="cold")["error"]
    assert said(op="send", request=5)["body"]["outcome"] == "refused"
    assert "watching only" in said(op="lease")["error"]
    assert said(op="hot", within_s="x")["body"]["names"]
    assert said(op="cold", deals_from_s="x")["body"]["names"]


def test_a_worker_that_hangs_ends_itself_when_the_core_does_not() -> None:
    """The last resort: a timer in C, for the interpreter stands still."""
    options = '{"hang": {"call": "account_info", "nth": 2, "seconds": 60, "gil": true}}'
    script = (
        "import sys\nfrom guard.terminal import worker\nworker.LAST_RESORT_SPARE_S = 0.5\n"
        f"sys.argv = ['worker', '--module', '{MODULE}', '--allow-simulated']\nsys.exit(worker.main())\n"
    )
    known = os.environ.get("PYTHONPATH")
    env = {**os.environ, "GUARD_FAKE_OPTIONS": options,
           "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), known)))}  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=env,
    ) as hung:  # fmt: skip
        assert hung.stdin is not None
        hung.stdin.write(
            pack({"id": 1, "op": "open", "within_s": 60.0}) + pack({"id": 2, "op": "hot", "within_s": 0.5})
        )
        hung.stdin.flush()
        began = time.monotonic()
        assert hung.wait(30) == 1
        assert time.monotonic() - began < 20.0


def test_a_worker_that_crashes_is_replaced(tmp_path: Path) -> None:
    crash = {"call": "positions_get", "nth": 3, "once": str(tmp_path / "once")}
    terminal = simulated(crash=crash)
    try:
        terminal.connect()
        old = terminal.worker_pid
        with pytest.raises(TerminalError, match="has ended"):
            read_often(terminal)
        assert terminal.worker_pid != old
        assert terminal.restarts == 1
    finally:
        terminal.close()


def test_a_worker_that_cannot_be_started_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process.sys, "executable", str(ROOT / "no such python"))
    with pytest.raises(TerminalError, match="cannot be started"):
        Child([], {})


def test_a_worker_does_not_hear_the_core_s_ctrl_c(child: Child) -> None:
    assert child.pid is not None
    if sys.platform != "win32":
        assert os.getpgid(child.pid) != os.getpgid(0)
        assert os.getsid(child.pid) != os.getsid(0)
    else:
        pytest.skip("a console of its own group: shown by the flags, Ctrl-C cannot be raised for one group only")


@pytest.mark.parametrize("threaded", [True, False])
def test_both_ways_of_waiting_for_a_pipe_behave_alike(threaded: bool) -> None:
    reading, writing = os.pipe()
    source, sink = os.fdopen(reading, "rb"), os.fdopen(writing, "wb", buffering=0)
    inbox = ThreadInbox(source) if threaded else pipe_inbox(source)
    message = pack({"text": "Größe", "long": "x" * 200_000})
    began = time.monotonic()
    assert inbox.take(0.1) is None
    assert 0.05 < time.monotonic() - began < 5.0
    sink.write(message[:3])
    assert inbox.take(0.0) is None
    rest = io.BytesIO(message[3:] + pack({"second": 2}) + b"\x00\x00")
    writer = threading.Thread(target=lambda: [sink.write(part) for part in iter(lambda: rest.read(5000), b"")])
    writer.start()
    first = inbox.take(10.0)
    assert first is not None
    assert (first["text"], len(first["long"])) == ("Größe", 200_000)
    assert inbox.take(10.0) == {"second": 2}
    writer.join()
    assert inbox.take(0.0) is None
    sink.close()
    for _ in range(2):
        with pytest.raises(BrokenMessageError, match="gone"):
            inbox.take(5.0)
    if not threaded:
        source.close()


def test_a_password_is_never_on_the_worker_s_command_line_or_in_a_representation() -> None:
    connection = Connection(MODULE, login=5012345, password="S3CRET-planted", server="SIMULATED-Demo", token="T0KEN")  # noqa: S106
    assert "S3CRET" not in repr(connection)
    assert "T0KEN" not in repr(connection)

    terminal = WorkerTerminal(connection, allow_simulated=True, fake_options={})
    try:
        terminal.connect()
        assert terminal.worker_pid is not None
        told = psutil.Process(terminal.worker_pid)
        assert "S3CRET" not in " ".join(told.cmdline()) + str(told.environ())
    finally:
        terminal.close()


def test_the_worker_needs_nothing_but_the_standard_library_and_the_terminal_s_package() -> None:
    """So that a bare Windows Python under Wine can serve a guard: the checkout on its path is enough."""
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from guard.terminal import greeting, serve, worker\n"
        "known = sys.stdlib_module_names | {'guard', '__main__'}\n"
        "print([name for name in sys.modules if name.partition('.')[0] not in known])\n"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
