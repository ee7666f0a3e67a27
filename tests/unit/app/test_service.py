import configparser
import plistlib
import socket
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from guard.app import service
from guard.app.service import ServiceError, install, plan, remove
from guard.app.watchdog import Watchdog
from guard.model.errors import UsageError

COMMAND = [r"C:\Program Files\Python\pythonw.exe", "-m", "guard", "run", "--config", r"C:\Users\you\my & own.toml"]
NS = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}


def test_the_windows_task_starts_at_log_on_in_the_users_session_and_again_when_it_fails(tmp_path: Path) -> None:
    made = plan(COMMAND, tmp_path, "win32")
    assert made.data.startswith((b"\xff\xfe", b"\xfe\xff"))
    root = ET.fromstring(made.data.decode("utf-16"))  # noqa: S314 - our own text
    assert root.find("t:Triggers/t:LogonTrigger", NS) is not None
    assert root.findtext("t:Principals/t:Principal/t:LogonType", None, NS) == "InteractiveToken"
    assert root.findtext("t:Settings/t:RestartOnFailure/t:Interval", None, NS) == "PT1M"
    assert root.findtext("t:Settings/t:ExecutionTimeLimit", None, NS) == "PT0S"
    assert root.findtext("t:Settings/t:DisallowStartIfOnBatteries", None, NS) == "false"
    assert root.findtext("t:Actions/t:Exec/t:Command", None, NS) == COMMAND[0]
    assert root.findtext("t:Actions/t:Exec/t:Arguments", None, NS) == (
        r'-m guard run --config "C:\Users\you\my & own.toml"'
    )


def test_the_systemd_unit_has_a_watchdog_and_restarts_but_not_on_what_will_not_change(tmp_path: Path) -> None:
    made = plan(["/opt/my python/bin/python", "-m", "guard", "run", "--home", "/home/you/50% of $x"], tmp_path, "linux")
    unit = configparser.RawConfigParser()
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # the documented way to keep the case
    unit.read_string(made.data.decode())
    assert unit["Service"]["Type"] == "notify"
    assert int(unit["Service"]["WatchdogSec"]) == 60
    assert unit["Service"]["Restart"] == "on-failure"
    assert unit["Service"]["RestartPreventExitStatus"].split() == ["2", "3", "4", "6"]
    assert unit["Service"]["ExecStart"] == (
        '"/opt/my python/bin/python" "-m" "guard" "run" "--home" "/home/you/50%% of $$x"'
    )


def test_the_launchd_agent_is_kept_alive_unless_it_was_stopped(tmp_path: Path) -> None:
    agent = plistlib.loads(plan(["/usr/bin/python3", "-m", "guard", "run"], tmp_path, "darwin").data)
    assert agent["ProgramArguments"] == ["/usr/bin/python3", "-m", "guard", "run"]
    assert agent["KeepAlive"] == {"SuccessfulExit": False}
    assert agent["RunAtLoad"] is True


def test_another_system_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no service for sunos"):
        plan(["guard"], tmp_path, "sunos")


def test_installing_writes_the_file_and_runs_the_commands_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    ran: list[tuple[str, ...]] = []
    codes = iter([0, 1])

    def record(words: tuple[str, ...]) -> tuple[int, str]:
        ran.append(words)
        return next(codes, 0), "no bus"

    monkeypatch.setattr(service, "run", record)
    made = plan(["python", "-m", "guard", "run"], tmp_path, "linux")
    with pytest.raises(ServiceError, match=r"enable --now mt5-guard.service failed \(no bus\)"):
        install(made)
    assert made.path.read_bytes() == made.data
    assert [words[2] for words in ran] == ["daemon-reload", "enable"]
    assert remove(made) is True
    assert not made.path.exists()
    assert remove(made) is False


@pytest.mark.skipif(sys.platform == "win32", reason="systemd's socket is a Unix one")
def test_systemd_hears_ready_first_then_at_most_one_word_in_five_seconds_and_the_stop() -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(f"{folder}/notify")
        heard.setblocking(False)
        dog = Watchdog({"NOTIFY_SOCKET": f"{folder}/notify"})
        for _ in range(50):
            dog.looked()
        dog.stopping()
        assert heard.recv(100) == b"READY=1\nWATCHDOG=1"
        assert heard.recv(100) == b"STOPPING=1"
        with pytest.raises(BlockingIOError):
            heard.recv(100)


def test_without_systemd_nothing_is_told() -> None:
    dog = Watchdog({})
    dog.looked()
    dog.stopping()
