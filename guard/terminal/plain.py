"""Records of a MetaTrader5-shaped module as JSON-ready objects, and its errors."""

from __future__ import annotations

import math
from typing import Any

from guard.model.errors import TerminalError

IPC_ERRORS = range(-10005, -9999)


class ReadError(TerminalError):
    """A call of the vendor module failed. ``ipc`` tells that nothing more is believed on this connection."""

    def __init__(self, call: str, code: int, text: str) -> None:
        """``code`` and ``text`` are of ``last_error()``."""
        super().__init__(f"the terminal did not answer {call} ({code}: {text})")
        self.call, self.code = call, code

    @property
    def ipc(self) -> bool:
        """Whether the link itself failed: connect anew before reading again."""
        return self.code in IPC_ERRORS


def last_error(module: Any) -> tuple[int, str]:
    """The module's last error; ``(0, "")`` when it tells none."""
    error = module.last_error()
    if isinstance(error, tuple) and len(error) == 2:
        return int(error[0]), str(error[1])
    return 0, ""


def record(raw: Any) -> dict[str, Any]:
    """One record as a dict; a number that is not finite becomes null."""
    fields = raw._asdict() if hasattr(raw, "_asdict") else dict(vars(raw))
    return {name: _plain(value) for name, value in fields.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if hasattr(value, "item"):
        return _plain(value.item())
    return str(value)


def call(module: Any, name: str, *args: object, **keywords: object) -> Any:
    """Call a function of the module; ``None`` is an error, never an empty answer.

    Raises:
        ReadError: The function failed or is missing.
    """
    function = getattr(module, name, None)
    if function is None:
        raise ReadError(name, -1, "this module has no such function")
    try:
        answer = function(*args, **keywords)
    except (TypeError, ValueError, SystemError, RuntimeError, AttributeError) as error:
        raise ReadError(name, -1, f"{type(error).__name__}: {error}") from error
    if answer is None:
        code, text = last_error(module)
        raise ReadError(name, code, text if text else "no reason given")
    return answer
