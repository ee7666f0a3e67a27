"""The worker process: ``python -m guard.terminal.worker``. The only importer of the vendor module; it cannot trade.

Requests come on standard input, replies go to standard output (``guard.terminal.messages``). The vendor extension never
releases the interpreter lock and has no read time-out, so the guard's core kills and replaces this process when it
misses a deadline; a C-level timer ends it even when the core is gone and a call never returns.
"""

from __future__ import annotations

import argparse
import ctypes
import faulthandler
import importlib
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from guard.model.errors import GuardError, TerminalError
from guard.terminal.messages import BrokenMessageError, receive, send
from guard.terminal.plain import ReadError, last_error, record
from guard.terminal.reader import Reader

PR_SET_PDEATHSIG = 1
LAST_RESORT_S = {"open": 240.0, "hot": 60.0, "cold": 60.0}
SIMULATED = "SIMULATED"


class Worker:
    """Answers requests over one module."""

    def __init__(self, module: str, *, path: str | None, allow_simulated: bool, timeout_s: float) -> None:
        """``path`` names the terminal's program; without it the package looks for one itself."""
        self._name, self._path, self._simulated, self._timeout_s = module, path, allow_simulated, timeout_s
        self._reader: Reader | None = None
        self._sent: dict[str, int] = {}
        self._hot: dict[str, Any] = {}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The reply to one request; a failure is a reply too."""
        faulthandler.dump_traceback_later(LAST_RESORT_S.get(str(request.get("op")), 60.0), exit=True)
        try:
            body = self._carry_out(request)
        except ReadError as error:
            return {"id": request.get("id"), "error": str(error), "ipc": error.ipc}
        except GuardError as error:
            return {"id": request.get("id"), "error": str(error), "ipc": False, "final": True}
        finally:
            faulthandler.cancel_dump_traceback_later()
        return {"id": request.get("id"), "body": body}

    def _carry_out(self, request: dict[str, Any]) -> dict[str, Any]:
        operation = request.get("op")
        if operation == "open":
            return self._open()
        reader = self._reader
        if reader is None:
            raise TerminalError("the worker was asked to read before it was connected")
        if operation == "hot":
            before, self._hot = self._hot, reader.hot()
            self._refuse_simulated(self._hot)
            changed = {name: value for name, value in self._hot.items() if name not in before or before[name] != value}
            return {
                "hot": changed, "names": list(self._hot), "errors": reader.errors,
                "cold_due": reader.cold_due(self._hot),
            }  # fmt: skip
        if operation == "cold":
            since = request.get("deals_from_s")
            reader.forget_errors()
            cold = reader.cold(self._hot, float(since) if isinstance(since, (int, float)) else None)
            new = {name: value for name, value in cold.items() if self._sent.get(name) != id(value)}
            self._sent = {name: id(value) for name, value in cold.items()}
            return {"cold": new, "names": sorted(cold), "read_at": reader.read_at, "errors": reader.errors}
        raise TerminalError(f"the worker does not know the request {operation!r}")

    def _open(self) -> dict[str, Any]:
        module = self._import()
        arguments = (self._path,) if self._path is not None else ()
        if not module.initialize(*arguments, timeout=int(self._timeout_s * 1000)):
            code, text = last_error(module)
            raise ReadError("initialize", code, text)
        self._reader = Reader(module, _clock)
        self._sent, self._hot = {}, {}
        terminal, account = module.terminal_info(), module.account_info()
        known = {
            "terminal": record(terminal) if terminal is not None else None,
            "account": record(account) if account is not None else None,
        }
        self._refuse_simulated(known)
        return known

    def _import(self) -> Any:
        try:
            module = importlib.import_module(self._name)
        except ImportError as error:
            if self._name != "MetaTrader5":
                raise TerminalError(f"the module {self._name} cannot be imported ({error})") from error
            if sys.platform == "win32":
                way = "install it with: python -m pip install MetaTrader5"
            else:
                way = "it exists for Windows only: run the guard there, next to the terminal"
            raise TerminalError(f"the MetaTrader5 package is not installed: {way}") from error
        if getattr(module, SIMULATED, False) and not self._simulated:
            raise TerminalError(f"{self._name} is a simulated terminal: only `guard demo` and tests may use one")
        return module

    def _refuse_simulated(self, read: dict[str, Any]) -> None:
        if self._simulated:
            return
        terminal, account = read["terminal"] or {}, read["account"] or {}
        names = [terminal.get("name"), terminal.get("company"), account.get("company"), account.get("server")]
        if any(isinstance(name, str) and SIMULATED in name.upper() for name in names):
            raise TerminalError("this terminal says it is SIMULATED: only `guard demo` and tests may use one")


def _clock() -> tuple[datetime, float]:
    return datetime.now(UTC), time.monotonic()


def _die_with_parent(parent: int) -> None:
    """On Linux: be killed when the core dies; on Windows a job object does it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if sys.platform != "win32" and parent and os.getppid() != parent:
        sys.exit(1)


def _streams() -> tuple[BinaryIO, BinaryIO]:
    """Input and output as they were; afterwards nothing the vendor prints can corrupt the replies."""
    source = os.fdopen(os.dup(0), "rb")
    sink = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - exists on Windows only

        msvcrt.setmode(source.fileno(), os.O_BINARY)
        msvcrt.setmode(sink.fileno(), os.O_BINARY)
    return source, sink


def main() -> int:
    """Serve until the core closes the pipe."""
    parser = argparse.ArgumentParser(prog="python -m guard.terminal.worker")
    parser.add_argument("--module", default="MetaTrader5")
    parser.add_argument("--path", type=Path)
    parser.add_argument("--timeout", type=float, default=60.0)
    parser.add_argument("--parent", type=int, default=0)
    parser.add_argument("--allow-simulated", action="store_true")
    options = parser.parse_args()
    _die_with_parent(options.parent)
    source, sink = _streams()
    path = str(options.path) if options.path is not None else None
    worker = Worker(options.module, path=path, allow_simulated=options.allow_simulated, timeout_s=options.timeout)
    try:
        while True:
            send(sink, worker.answer(receive(source)))
    except BrokenMessageError:
        return 0


if __name__ == "__main__":
    sys.exit(main())
