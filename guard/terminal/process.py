"""The worker as a child process: started so that it dies with the core and does not hear Ctrl-C."""

from __future__ import annotations

import ctypes
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO, cast

import guard
from guard.model.errors import TerminalError
from guard.terminal.messages import BrokenMessageError, receive, send


class Child:
    """A running worker and the thread that collects its replies."""

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        """Start ``python -P -m guard.terminal.worker`` with these arguments.

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
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env, **flags
            )
        except OSError as error:
            raise TerminalError(f"the terminal worker cannot be started ({error})") from error
        _tie_to_this_process(self._process)
        self._replies: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        threading.Thread(target=self._collect, name="terminal replies", daemon=True).start()

    @property
    def pid(self) -> int:
        """The worker's process number."""
        return self._process.pid

    def ask(self, request: dict[str, Any]) -> None:
        """Send a request.

        Raises:
            TerminalError: The worker is gone.
        """
        stream = self._process.stdin
        if stream is None:
            raise TerminalError("the terminal worker has no input")
        try:
            send(cast("BinaryIO", stream), request)
        except BrokenMessageError as error:
            raise TerminalError(f"the terminal worker has ended ({error}); it is started again") from error

    def reply(self, timeout_s: float) -> dict[str, Any] | None:
        """The next reply, or ``None`` when none came in time.

        Raises:
            TerminalError: The worker is gone.
        """
        try:
            message = self._replies.get(timeout=max(0.0, timeout_s)) if timeout_s > 0.0 else self._replies.get_nowait()
        except queue.Empty:
            return None
        if message is None:
            raise TerminalError("the terminal worker has ended; it is started again")
        return message

    def kill(self) -> None:
        """End the worker at once and wait for it."""
        self._process.kill()
        try:
            self._process.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            return
        if self._process.stdin is not None:
            try:
                self._process.stdin.close()
            except OSError:
                return

    def _collect(self) -> None:
        stream = self._process.stdout
        if stream is None:
            return
        try:
            while True:
                self._replies.put(receive(cast("BinaryIO", stream)))
        except BrokenMessageError:
            self._replies.put(None)
        finally:
            stream.close()


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
