"""Scripted faults of the simulated terminal: on exactly the n-th call of a function, or after some seconds.

Options (each one mapping or a list of them)::

    hang   {"call", "nth", "seconds", "gil"}   the call blocks; with "gil" the whole interpreter stands still
    none   {"call", "nth", "code", "times"}    the call answers its failure value
    ipc    {"call", "nth", "code"}             the pipe breaks; every later call fails until initialize()

``once`` names a file: the fault fires only if the file is not there, and makes it. So a replaced worker is spared.
"""

from __future__ import annotations

import ctypes
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KINDS = ("hang", "none", "ipc")
TEXTS = {
    1: "Success", -1: "Terminal: Call failed", -2: "Terminal: Invalid params", -4: "Terminal: Not found",
    -6: "Terminal: Authorization failed", -8: "Auto-Trading using Python API disabled in Terminal",
    -10000: "IPC call failed", -10001: "IPC send failed", -10002: "IPC recv failed",
    -10003: "IPC initialize failed, MetaTrader 5 x64 not found", -10004: "No IPC connection", -10005: "IPC timeout",
}  # fmt: skip
INCOMPATIBLE = "Terminal: Incompatible versions, please install the latest version of Terminal and Python module"


class CallError(Exception):
    """A call fails the vendor's way: an error code and text, and the function's own failure value."""

    def __init__(self, code: int, text: str | None = None) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = TEXTS[code] if text is None else text


@dataclass(frozen=True, slots=True)
class Fault:
    """One scripted fault."""

    kind: str
    call: str
    nth: int = 1
    times: int = 1
    seconds: float = 0.0
    gil: bool = False
    code: int = -1
    once: str = ""

    def due(self, count: int) -> bool:
        """Whether it fires on the ``count``-th call; notes that it did when it may fire only once."""
        if not self.nth <= count < self.nth + self.times:
            return False
        if not self.once:
            return True
        marker = Path(self.once)
        if marker.exists():
            return False
        marker.write_text(self.kind, encoding="utf-8")
        return True


def freeze(seconds: float, *, whole_interpreter: bool) -> None:
    """Block the calling thread, or every thread of the process as the vendor's extension does."""
    if not whole_interpreter:
        time.sleep(seconds)
    elif sys.platform == "win32":
        ctypes.PyDLL("kernel32").Sleep(int(seconds * 1000))
    else:
        ctypes.PyDLL(None).sleep(max(1, round(seconds)))


def read_faults(options: Mapping[str, Any]) -> list[Fault]:
    """The faults among the options."""
    found: list[Fault] = []
    for kind in KINDS:
        entries = options.get(kind)
        if entries is None:
            continue
        usual: dict[str, Any] = {"kind": kind, "code": -10001 if kind == "ipc" else -1}
        found.extend(Fault(**{**usual, **entry}) for entry in (entries if isinstance(entries, list) else [entries]))
    return found


class Faults:
    """Counts the calls and fires the scripted faults."""

    def __init__(self, faults: list[Fault]) -> None:
        self._faults, self._counts = faults, Counter[str]()

    def before(self, call: str) -> None:
        """Note a call; block or raise when a fault is due.

        Raises:
            CallError: the call is to fail; ``ConnectionError`` instead when the pipe is to break.
        """
        self._counts[call] += 1
        for fault in self._faults:
            if fault.call == call and fault.due(self._counts[call]):
                if fault.kind == "hang":
                    freeze(fault.seconds, whole_interpreter=fault.gil)
                elif fault.kind == "ipc":
                    raise ConnectionError(fault.code)
                else:
                    raise CallError(fault.code)
