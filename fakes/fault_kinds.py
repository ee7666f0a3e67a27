"""What each kind of fault does."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fakes.ledger import Rejected
from fakes.server_zone import ServerZone

if TYPE_CHECKING:
    from fakes.broker import Broker
    from fakes.faults import Fault

INCOMPATIBLE = "Terminal: Incompatible versions, please install the latest version of Terminal and Python module"
FAILED = "Terminal: Call failed"
TEXTS = {
    1: "Success", -1: FAILED, -2: "Terminal: Invalid params", -3: "Terminal: Out of memory",
    -4: "Terminal: Not found", -5: INCOMPATIBLE, -6: "Terminal: Authorization failed",
    -7: "Terminal: Unsupported function", -8: "Auto-Trading using Python API disabled in Terminal",
    -10000: "IPC call failed", -10001: "IPC send failed", -10002: "IPC recv failed",
    -10003: "IPC initialize failed, MetaTrader 5 x64 not found", -10004: "No IPC connection", -10005: "IPC timeout",
}  # fmt: skip
CRASHED = 70
_WORDS = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}


class CallError(Exception):
    """A call fails the vendor's way: an error code and text, and the function's own failure value."""

    def __init__(self, code: int, text: str | None = None) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = TEXTS.get(code, FAILED) if text is None else text  # as the package words any other code


def freeze(seconds: float, *, whole_interpreter: bool) -> None:
    """Block the calling thread, or every thread of the process as the vendor's extension does."""
    if not whole_interpreter:
        time.sleep(seconds)
    elif sys.platform == "win32":
        ctypes.PyDLL("kernel32").Sleep(int(seconds * 1000))
    else:
        # One C call, so that no other thread gets a turn in between.
        ctypes.PyDLL(None).poll(None, 0, int(seconds * 1000))


def happen(fault: Fault, broker: Broker | None, options: dict[str, Any] | None) -> None:
    """Let it happen now.

    Raises:
        CallError: The call fails; ``ConnectionError`` when the pipe breaks.
    """
    if fault.kind == "none":
        raise CallError(fault.code)
    if fault.kind == "ipc":
        raise ConnectionError(fault.code)
    if fault.kind == "hang":
        freeze(fault.seconds, whole_interpreter=fault.gil)
    elif fault.kind == "crash":
        os._exit(CRASHED)
    elif fault.kind == "state" and broker is not None and options is not None:
        before = otherwise(fault.set, broker, options)
        fault.undo = before if fault.undo is None else fault.undo
    elif broker is not None:
        _trade(fault, broker)


def _trade(fault: Fault, broker: Broker) -> None:
    if fault.kind == "retcode":
        broker.dealer.script(fault.code, executed=fault.executed)
    elif fault.kind == "partial":
        broker.dealer.script(lots=fault.lots)
    elif fault.kind == "foreign":
        # What the server refuses them does not happen.
        with contextlib.suppress(Rejected):
            _someone_else(fault, broker)
    elif fault.kind == "clock" and fault.suspend:
        broker.advance(fault.seconds)
    elif fault.kind == "clock":
        broker.zone = ServerZone(int(broker.utc_offset_s + fault.seconds))


def _someone_else(fault: Fault, broker: Broker) -> None:
    """What a trader at the terminal, or another program, does meanwhile."""
    if fault.deed == "open":
        broker.open("buy", fault.symbol, fault.lots or 0.01)
        return
    held = list(broker.positions)
    if fault.index >= len(held):
        return
    position = held[fault.index]
    if fault.deed == "close":
        broker.close(position.ticket)
    elif fault.deed == "reduce":
        step = broker.specs[position.symbol].volume_step
        broker.close(position.ticket, max(step, round(position.volume / 2 / step) * step))
    elif fault.deed == "stops":
        broker.modify(position.ticket, sl=0.0, tp=0.0)
    else:
        raise ValueError(f"nobody does {fault.deed!r}")


def otherwise(wanted: Mapping[str, Any], broker: Broker, options: dict[str, Any]) -> dict[str, Any]:
    """Set the account's rules and the session's options; what they were before."""
    before: dict[str, Any] = {}
    for name, value in wanted.items():
        if hasattr(broker.rules, name):
            before[name] = getattr(broker.rules, name)
            setattr(broker.rules, name, value)
            continue
        before[name] = options.get(name)
        if value is None:
            options.pop(name, None)
        else:
            options[name] = value
    return before


def changed(fault: Fault, answer: Any) -> Any:
    """An answer with other rows or values; a failure stays one."""
    if answer is None:
        return None
    if fault.kind == "value":
        single = hasattr(answer, "_asdict")
        return _with(answer, fault) if single else tuple(_with(row, fault) for row in answer)
    rows = tuple(answer)
    hows: dict[str, tuple[Any, ...]] = {
        "empty": (),
        "duplicate": (*rows[:1], *rows),
        "drop": rows[1:],
        "reverse": rows[::-1],
    }
    return hows[fault.how]


def _with(row: Any, fault: Fault) -> Any:
    values = row._asdict()
    if fault.field not in values:
        raise ValueError(f"there is no field {fault.field!r} to spoil")
    values[fault.field] = _WORDS.get(fault.value, fault.value) if isinstance(fault.value, str) else fault.value
    return type(row)(tuple(values.values()))
