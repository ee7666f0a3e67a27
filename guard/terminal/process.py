"""The worker as a child process: started so that it dies with the core and does not hear Ctrl-C."""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

import guard
from guard.model.errors import TerminalError
from guard.terminal.inbox import pipe_inbox
from guard.terminal.messages import BrokenMessageError, pack

KILL_PATIENCE_S = 0.5


def start_worker(arguments: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start ``python -P -m guard.terminal.worker``, which ends with this process and does not hear Ctrl-C.

    ``-P`` keeps the folder it is started from out of the worker's imports.

    Raises:
        TerminalError: The process cannot be started.
    """
    command = [sys.executable, "-P", "-m", "guard.terminal.worker", "--parent", str(os.getpid()), *arguments]
    root = str(Path(guard.__file__).resolve().parent.parent)
    known = os.environ.get("PYTHONPATH")
    env = {**os.environ, **environment, "PYTHONPATH": root if not known else os.pathsep.join((root, known))}
    flags: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        flags = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    try:
        process = subprocess.Popen(
            command, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env,
            **flags,
        )  # fmt: skip
    except OSError as error:
        raise TerminalError(f"the terminal worker cannot be started ({error})") from error
    _tie_to_this_process(process)
    return process


def end_worker(process: subprocess.Popen[bytes]) -> None:
    """Kill it; wait a moment only, for nothing may hold up the guard."""
    process.kill()
    for stream in (process.stdin, process.stdout):
        # On Windows a reader may wait on the output in its thread, which closes it.
        if stream is not None and (sys.platform != "win32" or stream is process.stdin):
            with contextlib.suppress(OSError):
                stream.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=KILL_PATIENCE_S)


class Channel(Protocol):
    """A worker that can be asked, waited for and ended."""

    @property
    def pid(self) -> int | None:
        """Its process number, ``None`` when it is not a process of ours."""

    def ask(self, request: dict[str, Any]) -> None:
        """Send a request.

        Raises:
            TerminalError: The worker is gone.
        """

    def reply(self, timeout_s: float) -> dict[str, Any] | None:
        """The next reply, or ``None`` when none came in time.

        Raises:
            TerminalError: The worker is gone.
        """

    def kill(self) -> None:
        """End it at once."""


class Child:
    """A worker that is a child of this process, over its standard input and output."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start it.

        Raises:
            TerminalError: The process cannot be started.
        """
        self._process = start_worker(arguments, environment)
        self._input = cast("FileIO", self._process.stdin)
        self._inbox = pipe_inbox(cast("BinaryIO", self._process.stdout))

    @property
    def pid(self) -> int | None:
        """The worker's process number."""
        return self._process.pid

    def ask(self, request: dict[str, Any]) -> None:
        """See ``Channel.ask``."""
        try:
            data = memoryview(pack(request))
            while data:
                data = data[self._input.write(data) :]
        except (OSError, ValueError, BrokenMessageError) as error:
            raise TerminalError(f"the terminal worker has ended ({error}); it is started again") from error

    def reply(self, timeout_s: float) -> dict[str, Any] | None:
        """See ``Channel.reply``."""
        try:
            return self._inbox.take(timeout_s)
        except BrokenMessageError as error:
            raise TerminalError("the terminal worker has ended; it is started again") from error

    def kill(self) -> None:
        """See ``Channel.kill``."""
        end_worker(self._process)


_JOBS: list[int] = []


def _tie_to_this_process(process: subprocess.Popen[bytes]) -> None:
    """Windows: put the worker into a job object that ends with this process. Elsewhere the worker sees to it itself."""
    if sys.platform == "win32":
        _join_job(int(process._handle))  # type: ignore[attr-defined]  # noqa: SLF001  # only way there


if sys.platform == "win32":

    def _join_job(handle: int) -> None:
        """Assign a process to this process's job, which ends all its members when the last handle to it closes."""
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateJobObjectW.restype = ctypes.c_void_p
        if not _JOBS:
            job = kernel.CreateJobObjectW(None, None)
            if not job:
                return
            # JOBOBJECT_EXTENDED_LIMIT_INFORMATION with LimitFlags (byte 16) JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE.
            size = 144 if ctypes.sizeof(ctypes.c_void_p) == 8 else 112
            info = (ctypes.c_ubyte * size)()
            ctypes.c_uint32.from_buffer(info, 16).value = 0x2000
            kernel.SetInformationJobObject(ctypes.c_void_p(job), 9, ctypes.byref(info), size)
            _JOBS.append(job)
        kernel.AssignProcessToJobObject(ctypes.c_void_p(_JOBS[0]), ctypes.c_void_p(handle))
