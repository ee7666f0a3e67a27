"""The guard as a service of the user's own session: what is written, and which system commands make it known.

Windows: a scheduled task at log-on, because the terminal lives in the user's session. Linux: a systemd user unit with
a watchdog. macOS: a launchd agent. Each starts the guard again when it ends by itself.
Source: Task Scheduler schema (learn.microsoft.com), systemd.service(5), sd_notify(3), launchd.plist(5).
"""

from __future__ import annotations

import os
import plistlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from guard.model.errors import GuardError, UsageError

NAME: Final = "mt5-guard"
_LABEL: Final = "io.github.mt5-guard"
_WATCHDOG_S: Final = 60
_TIMEOUT_S: Final = 60.0


class ServiceError(GuardError):
    """The system refused."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an installation does: the file, its bytes, and the commands that make it known, take it away, and ask.

    ``data`` is in the encoding that the system wants: Windows reads task files in UTF-16.
    """

    system: str
    path: Path
    data: bytes
    install: tuple[tuple[str, ...], ...]
    remove: tuple[tuple[str, ...], ...]
    status: tuple[str, ...]


def guard_command(words: Sequence[str]) -> list[str]:
    """How this installation's guard is started, without a console window on Windows."""
    python = Path(sys.executable)
    windowless = python.with_name("pythonw.exe")
    return [str(windowless if sys.platform == "win32" and windowless.is_file() else python), "-m", "guard", *words]


def plan(command: Sequence[str], home: Path, system: str = sys.platform) -> Plan:
    """What to do on a system (``win32``, ``linux``, ``darwin``).

    Args:
        command: Program and arguments.
        home: The guard's home, where the task file of Windows is kept.
        system: As ``sys.platform`` names it.

    Raises:
        UsageError: There is no service for this system.
    """
    if system == "win32":
        path = home / "service.xml"
        return Plan(
            system, path, _task(command).encode("utf-16"),
            (("schtasks", "/Create", "/TN", NAME, "/XML", str(path), "/F"), ("schtasks", "/Run", "/TN", NAME)),
            (("schtasks", "/End", "/TN", NAME), ("schtasks", "/Delete", "/TN", NAME, "/F")),
            ("schtasks", "/Query", "/TN", NAME, "/FO", "LIST"),
        )  # fmt: skip
    if system == "linux":
        base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        unit = f"{NAME}.service"
        user = ("systemctl", "--user")
        return Plan(
            system, base / "systemd" / "user" / unit, _unit(command).encode(),
            ((*user, "daemon-reload"), (*user, "enable", "--now", unit)),
            ((*user, "disable", "--now", unit), (*user, "daemon-reload")),
            (*user, "is-active", unit),
        )  # fmt: skip
    if system == "darwin":
        path = Path.home() / "Library" / "LaunchAgents" / f"{_LABEL}.plist"
        return Plan(
            system, path, _agent(command, home), (("launchctl", "load", "-w", str(path)),),
            (("launchctl", "unload", "-w", str(path)),), ("launchctl", "list", _LABEL),
        )  # fmt: skip
    raise UsageError(f"there is no service for {system}: start `guard run` as your system does it")


def _task(command: Sequence[str]) -> str:
    """A task at log-on of this user, restarted every minute when it fails, never ended for time or battery."""
    arguments = subprocess.list2cmdline(command[1:])
    user = os.environ.get("USERDOMAIN", "."), os.environ.get("USERNAME", "")
    who = escape("\\".join(user)) if user[1] else ""
    name = f"<UserId>{who}</UserId>" if who else ""
    return f"""<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>MT5 Guard watches the MetaTrader 5 account.</Description></RegistrationInfo>
  <Triggers><LogonTrigger><Enabled>true</Enabled>{name}</LogonTrigger></Triggers>
  <Principals><Principal id="Author">{name}<LogonType>InteractiveToken</LogonType>
    <RunLevel>LeastPrivilege</RunLevel></Principal></Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>
    <IdleSettings><StopOnIdleEnd>false</StopOnIdleEnd><RestartOnIdle>false</RestartOnIdle></IdleSettings>
    <Enabled>true</Enabled>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>4</Priority>
    <RestartOnFailure><Interval>PT1M</Interval><Count>999</Count></RestartOnFailure>
  </Settings>
  <Actions Context="Author"><Exec><Command>{escape(command[0])}</Command>
    <Arguments>{escape(arguments)}</Arguments></Exec></Actions>
</Task>
"""


def _unit(command: Sequence[str]) -> str:
    """Restarted when it fails, and when it has not said for a minute that it looks (``sd_notify``)."""
    line = " ".join(_quoted(word) for word in command)
    return f"""[Unit]
Description=MT5 Guard watches the MetaTrader 5 account
After=network-online.target

[Service]
Type=notify
NotifyAccess=main
ExecStart={line}
Restart=on-failure
RestartSec=5
WatchdogSec={_WATCHDOG_S}
TimeoutStartSec=180
# Another account, a fault of the configuration, already guarded: starting again changes nothing.
RestartPreventExitStatus=2 3 4 6

[Install]
WantedBy=default.target
"""


def _quoted(word: str) -> str:
    """A word as systemd reads it: ``%`` and ``$`` are doubled, quotes and backslashes escaped."""
    safe = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{safe}"'


def _agent(command: Sequence[str], home: Path) -> bytes:
    return plistlib.dumps({
        "Label": _LABEL,
        "ProgramArguments": list(command),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": 10,
        "ProcessType": "Interactive",
        "StandardErrorPath": str(home / "text" / "service.err"),
    })  # fmt: skip


def install(made: Plan) -> None:
    """Write the file and make it known.

    Raises:
        ServiceError: The file cannot be written, or the system refuses; the file stays, to be looked at.
    """
    try:
        made.path.parent.mkdir(parents=True, exist_ok=True)
        made.path.write_bytes(made.data)
    except OSError as error:
        raise ServiceError(f"{made.path} cannot be written ({error.strerror}): check the folder") from error
    for words in made.install:
        code, said = run(words)
        if code != 0:
            what = " ".join(words)
            raise ServiceError(f"{what} failed ({said}): {made.path} is written, and can be installed by hand")


def remove(made: Plan) -> bool:
    """Take it away; whether there was one."""
    there = made.path.is_file()
    for words in made.remove:
        run(words)
    made.path.unlink(missing_ok=True)
    return there


def run(words: Sequence[str]) -> tuple[int, str]:
    """A system command: its exit code and what it said, in one line."""
    program = shutil.which(words[0])
    if program is None:
        return 127, f"{words[0]} is not there"
    try:
        done = subprocess.run([program, *words[1:]], check=False, capture_output=True, timeout=_TIMEOUT_S)
    except (OSError, subprocess.SubprocessError) as error:
        return 126, str(error)
    text = (done.stderr or done.stdout).decode("utf-8", "replace")
    return done.returncode, " ".join(text.split()) or f"exit code {done.returncode}"
