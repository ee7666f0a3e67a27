"""What the worker process does to itself at its start."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import BinaryIO

PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """On Linux: be killed when the core dies; on Windows a job object does it. ``parent``: the core's number."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if sys.platform != "win32" and parent and os.getppid() != parent:
        sys.exit(1)


def own_streams() -> tuple[BinaryIO, BinaryIO]:
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
