"""Stopping cleanly: Ctrl-C everywhere, SIGTERM where it exists, Ctrl-Break on Windows."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_SLICE_S: Final = 0.25


class Stopped(BaseException):
    """Raised by a stop signal inside ``Stop.interruptible``; never an error."""


class Stop:
    """Whether someone asked the guard to stop. A second Ctrl-C ends it at once."""

    def __init__(self) -> None:
        """Nobody has asked yet."""
        self.reason: str | None = None
        self._interruptible = False

    def install(self) -> None:
        """Listen to the system's stop signals; only the main thread may."""
        for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
            number = getattr(signal, name, None)
            if number is not None:
                signal.signal(number, self._on_signal)

    def ask(self, reason: str) -> None:
        """Stop after the current cycle."""
        if self.reason is None:
            self.reason = reason

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """A long wait that writes nothing, such as connecting: a signal leaves it at once with ``Stopped``."""
        self._interruptible = True
        try:
            if self.reason is not None:
                raise Stopped
            yield
        finally:
            self._interruptible = False

    def sleep_until(self, deadline: float) -> None:
        """Sleep until the monotonic ``deadline``, or until someone asks to stop."""
        while self.reason is None:
            left = deadline - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, _SLICE_S))

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self.ask(signal.Signals(number).name)
        signal.signal(number, signal.SIG_DFL)
        if self._interruptible:
            raise Stopped
