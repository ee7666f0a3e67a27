"""The names under which the ``MetaTrader5`` package looks for a terminal's pipe. Pure but for one look at the disk."""

from __future__ import annotations

import hashlib
import ntpath
import os
import sys

_BEFORE = "\\\\.\\pipe\\MT5.Terminal."
_LONG = "\\\\?\\"
_UNC = "\\\\"


def pipe_name(path: str) -> str:
    """The pipe of a program's path, as it is written or, for one that exists, as Windows finally names it."""
    return _BEFORE + hashlib.sha256(path.lower().encode("utf-16-le", "surrogatepass")).hexdigest().upper()


def final_path(path: str) -> str:
    """The path as Windows names it once it is open: absolute, links followed, with the prefix for long paths."""
    full = os.path.realpath(path) if sys.platform == "win32" else ntpath.abspath(path)
    if full.startswith(_LONG):
        return full
    return f"{_LONG}UNC\\{full[2:]}" if full.startswith(_UNC) else _LONG + full


def pipe_names(path: str) -> tuple[str, ...]:
    """Every name under which a client may look: for a program that is there, and for one that is not.

    The latter is found by the path as it is written: with slashes of either kind.
    """
    full = ntpath.abspath(path)
    ways = (path, full, full.replace("\\", "/"), final_path(path))
    return tuple(dict.fromkeys(pipe_name(way) for way in ways))
