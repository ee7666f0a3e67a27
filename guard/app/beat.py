"""The pulse of a running guard: one small mapped file, written after every look, read by whoever watches the watcher.

``status.json`` is written every few seconds; whether the loop hangs must be known sooner. A write is a copy of 40 bytes
into memory that other processes see: no system call, nothing to wait for.
"""

from __future__ import annotations

import mmap
import struct
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loguru import logger

NAME: Final = "beat"
LATEST_S: Final = 1.0
_LAYOUT: Final = struct.Struct("<QdddQ")
_BLIND: Final = -1.0
_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Beat:
    """The last finished look: how many there were, seconds since then, seconds between looks, and whether it saw."""

    looks: int
    age_s: float
    period_s: float
    blind: bool

    @property
    def late(self) -> bool:
        """Whether the next look should have been finished by now."""
        return self.age_s > max(2.0 * self.period_s, LATEST_S)


class BeatFile:
    """The guard's side. A file that cannot be made is logged once: the guard watches all the same."""

    def __init__(self, path: Path) -> None:
        """``path``: beside the account's ``status.json``."""
        self._path = path
        self._map: mmap.mmap | None = None
        self._failed = False
        self._looks = 0

    def write(self, period_s: float, *, blind: bool) -> None:
        """A look has been finished; the next one begins ``period_s`` later."""
        self._looks += 1
        mapped = self._map if self._map is not None else self._open()
        if mapped is not None:
            flag = _BLIND if blind else 1.0
            # The number stands at both ends: a reader that sees two of them has read half of each.
            _LAYOUT.pack_into(mapped, 0, self._looks, time.monotonic(), period_s, flag, self._looks)

    def _open(self) -> mmap.mmap | None:
        if self._failed:
            return None
        try:
            self._path.write_bytes(bytes(_LAYOUT.size))
            with self._path.open("r+b") as file:
                self._map = mmap.mmap(file.fileno(), _LAYOUT.size)
        except (OSError, ValueError) as error:
            self._failed = True
            logger.error("pulse file {} cannot be written: {}", self._path, error)
        return self._map

    def close(self) -> None:
        """Take the file away."""
        if self._map is not None:
            self._map.close()
            self._map = None
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            logger.debug("pulse file {} stays: {}", self._path, error)


def read_beat(path: Path) -> Beat | None:
    """The pulse of a guard, ``None`` when there is none: no look has been finished since this computer started."""
    for _ in range(_TRIES):
        try:
            data = path.read_bytes()
        except OSError:
            return None
        if len(data) != _LAYOUT.size:
            return None
        looks, at, period_s, flag, again = _LAYOUT.unpack(data)
        age_s = time.monotonic() - at
        if looks == again:
            return Beat(looks, age_s, period_s, flag == _BLIND) if looks and age_s >= 0.0 else None
    return None
