"""The worker process: ``python -m guard.terminal.worker``. The only importer of the vendor module.

Requests come on standard input, replies go to standard output (``guard.terminal.messages``); with ``--listen`` it
serves guards over a socket of this computer instead, each with a worker of its own (``guard.terminal.serve``). The
vendor extension never releases the interpreter lock and has no read time-out, so the guard's core kills and replaces
this process when it misses a deadline; a C-level timer ends it even when the core is gone and a call never returns.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from guard.model.errors import GuardError, TerminalError
from guard.terminal.bars import read_bars
from guard.terminal.deeds import Deeds
from guard.terminal.delta import change
from guard.terminal.examine import examine
from guard.terminal.messages import BrokenMessageError, receive, send
from guard.terminal.mt5 import initialize, load_module
from guard.terminal.plain import ReadError, call, record
from guard.terminal.reader import Clock, Reader
from guard.terminal.simulated import REFUSAL, SIMULATED, names_simulated
from guard.terminal.stdio import die_with_parent, own_streams

# How much longer than the core waits, until the worker ends itself: the core is gone, or cannot kill.
LAST_RESORT_SPARE_S = 10.0
LONGEST_S = 3600.0


class Worker:
    """Answers requests over one module."""

    def __init__(
        self, module: str, *, allow_simulated: bool = False, may_send: bool = False, clock: Clock | None = None
    ) -> None:
        """``may_send`` only for a guard that enforces; even then nothing is sent without a lease."""
        self._name, self._simulated, self._may_send = module, allow_simulated, may_send
        self._clock = clock if clock is not None else _clock
        self._instance = f"{os.getpid()}-{secrets.token_hex(8)}"
        self._reader: Reader | None = None
        self._deeds: Deeds | None = None
        self._sent: dict[str, object] = {}
        self._hot: dict[str, Any] = {}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The reply to one request; a failure is a reply too."""
        try:
            body = self._carry_out(request)
        except ReadError as error:
            return {"id": request.get("id"), "error": str(error), "ipc": error.ipc}
        except GuardError as error:
            return {"id": request.get("id"), "error": str(error), "ipc": False, "final": request.get("op") != "lease"}
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            # A module of another hand may answer anything.
            why = f"the terminal's answers cannot be used ({type(error).__name__}: {error})"
            return {"id": request.get("id"), "error": why, "ipc": False, "final": True}
        return {"id": request.get("id"), "body": body}

    def _carry_out(self, request: dict[str, Any]) -> dict[str, Any]:
        operation = request.get("op")
        if operation == "open":
            return self._open(request)
        reader, deeds = self._reader, self._deeds
        if reader is None or deeds is None:
            raise TerminalError("the worker was asked to read before it was connected")
        if operation == "hot":
            return self._read_hot(reader)
        if operation == "cold":
            return self._read_cold(reader, request.get("deals_from_s"))
        if operation == "bars":
            names = [name for name in request.get("symbols", ()) if isinstance(name, str)]
            return {"bars": read_bars(reader.module, names, float(request["begin_s"]), float(request["end_s"]))}
        if operation == "examine":
            names = [name for name in request.get("symbols", ()) if isinstance(name, str)]
            return examine(reader.module, self._name, names, _clock()[0].timestamp())
        if operation == "lease":
            return deeds.lease(request)
        if operation == "check":
            return deeds.check(request.get("request"))
        if operation == "send":
            return deeds.send(request.get("request"))
        raise TerminalError(f"the worker does not know the request {operation!r}")

    def _read_hot(self, reader: Reader) -> dict[str, Any]:
        before, self._hot = self._hot, reader.hot()
        self._refuse_simulated(self._hot)
        different = {
            name: change(before.get(name), value)
            for name, value in self._hot.items()
            if name not in before or before[name] != value
        }
        return {
            "hot": different, "names": list(self._hot), "errors": reader.errors, "cold_due": reader.cold_due(self._hot),
        }  # fmt: skip

    def _read_cold(self, reader: Reader, since: object) -> dict[str, Any]:
        if not self._hot:
            raise TerminalError("the worker was asked for the rest before the first reading")
        reader.forget_errors()
        cold = reader.cold(self._hot, float(since) if isinstance(since, (int, float)) else None)
        new = {name: value for name, value in cold.items() if self._sent.get(name) is not value}
        self._sent = dict(cold)
        return {"cold": new, "names": sorted(cold), "read_at": reader.read_at, "errors": reader.errors}

    def _open(self, request: dict[str, Any]) -> dict[str, Any]:
        module = load_module(self._name, allow_simulated=self._simulated)
        initialize(module, request)
        self._reader = Reader(module, self._clock)
        self._deeds = Deeds(module, self._instance, lambda: self._clock()[1], may_send=self._may_send)
        self._sent, self._hot = {}, {}
        known = {"terminal": _told(module, "terminal_info"), "account": _told(module, "account_info")}
        self._refuse_simulated(known)
        return {**known, "instance": self._instance, "module": self._name}

    def _refuse_simulated(self, read: dict[str, Any]) -> None:
        if not self._simulated and names_simulated(read):
            raise TerminalError(f"this terminal says it is {SIMULATED}: {REFUSAL}")


def _told(module: Any, name: str) -> dict[str, Any] | None:
    """A record, ``None`` when the terminal does not tell it yet.

    Raises:
        ReadError: The link failed.
    """
    try:
        return record(call(module, name))
    except ReadError as error:
        if error.ipc:
            raise
        return None


@contextmanager
def _last_resort(within_s: object) -> Iterator[None]:
    """End this process when a call takes much longer than the core waits: a timer in C, which needs no interpreter."""
    patience = within_s if isinstance(within_s, (int, float)) and 0.0 < within_s < LONGEST_S else LONGEST_S
    faulthandler.dump_traceback_later(patience + LAST_RESORT_SPARE_S, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def _clock() -> tuple[datetime, float]:
    return datetime.now(UTC), time.monotonic()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m guard.terminal.worker")
    parser.add_argument("--module", default="MetaTrader5", help="the terminal's package")
    parser.add_argument("--may-send", action="store_true", help="allow a guard that enforces to send orders")
    parser.add_argument("--listen", metavar="HOST:PORT", help="serve guards of this computer, e.g. 127.0.0.1:18500")
    parser.add_argument("--token-file", type=Path, help="the secret both sides share; made when it is not there")
    parser.add_argument("--parent", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--allow-simulated", action="store_true", help=argparse.SUPPRESS)
    return parser


def _listen(options: argparse.Namespace) -> int:
    from guard.terminal.greeting import make_token, own_address  # noqa: PLC0415 - only when it listens
    from guard.terminal.serve import listen, serve  # noqa: PLC0415

    def tell(sentence: str) -> None:
        sys.stderr.write(f"guard worker: {sentence}\n".encode("ascii", "replace").decode())
        sys.stderr.flush()

    try:
        if options.token_file is None:
            raise TerminalError("name the file of the shared secret with --token-file")
        token = make_token(options.token_file)
        listener = listen(*own_address(options.listen))
    except GuardError as error:
        tell(str(error))
        return error.exit_code
    host, port = listener.getsockname()[:2]
    tell(f"listens at {host}:{port}, token in {options.token_file}; Ctrl-C ends it")
    arguments = ["--module", options.module]
    arguments += ["--may-send"] if options.may_send else []
    arguments += ["--allow-simulated"] if options.allow_simulated else []
    try:
        serve(listener, token, arguments, {}, tell)
    except KeyboardInterrupt:
        tell("stopped")
    return 0


def main() -> int:
    """Serve until the core closes the pipe, or, with ``--listen``, until stopped."""
    options = _parser().parse_args()
    if options.listen is not None:
        return _listen(options)
    die_with_parent(options.parent)
    source, sink = own_streams()
    worker = Worker(options.module, allow_simulated=options.allow_simulated, may_send=options.may_send)
    try:
        while True:
            request = receive(source)
            with _last_resort(request.get("within_s")):
                reply = worker.answer(request)
            send(sink, reply)
    except BrokenMessageError:
        return 0


if __name__ == "__main__":
    sys.exit(main())
