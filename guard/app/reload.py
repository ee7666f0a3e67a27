"""The configuration file while the guard runs: looked at once a second, believed when two readings agree."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from guard.model.errors import InputError
from guard.settings.load import Loaded, load_config

PERIOD_S: Final = 1.0
_LARGEST: Final = 1_000_000
_GONE: Final = "gone"


@dataclass(frozen=True, slots=True)
class Change:
    """What a look at the file found: a configuration, or a sentence about why the last good one stays."""

    loaded: Loaded | None
    trouble: str = ""


class ConfigWatch:
    """Watches the file and those it extends by path. A file that is half written, gone or wrong changes nothing."""

    def __init__(self, loaded: Loaded, now: float) -> None:
        """``loaded`` is what was read at the start; without a file nothing is watched."""
        self._path = loaded.path
        self._name = loaded.policy.source
        self._look_at = now + PERIOD_S
        self._bases = loaded.own_files
        self._stat: tuple[object, ...] = ()
        self._held = self._fingerprint() if self._path is not None else None
        self._seen: str | None = self._held
        self._told: str | None = None

    def look(self, now: float) -> Change | None:
        """What is new, ``None`` when nothing is; ``now`` is monotonic."""
        if self._path is None or now < self._look_at:
            return None
        self._look_at = now + PERIOD_S
        stat = self._stats()
        if stat == self._stat and self._seen == self._held:
            return None
        self._stat = stat
        found = self._fingerprint()
        agreed, self._seen = found == self._seen, found
        if found == self._held:
            self._told = None
        if not agreed or found == self._held or (_GONE if found is None else found) == self._told:
            return None
        if found is None:
            return self._trouble(_GONE, f"the configuration {self._path} is gone or cannot be read")
        try:
            loaded = load_config(self._path, self._name)
        except InputError as error:
            return self._trouble(found, f"the configuration was changed and cannot be used: {error}")
        if loaded.own_files != self._bases:
            self._bases = loaded.own_files
            found = self._fingerprint()
        self._seen = self._held = found
        self._told = None
        return Change(loaded)

    def _trouble(self, key: str, sentence: str) -> Change:
        """Said once for each state of the file."""
        self._told = key
        return Change(None, sentence)

    def _stats(self) -> tuple[object, ...]:
        return tuple(_stat(path) for path in self._files())

    def _files(self) -> tuple[Path, ...]:
        return (*(() if self._path is None else (self._path,)), *self._bases)

    def _fingerprint(self) -> str | None:
        """The hash of all files, ``None`` when one cannot be read."""
        digest = hashlib.sha256()
        try:
            for path in self._files():
                with path.open("rb") as file:
                    digest.update(hashlib.sha256(file.read(_LARGEST)).digest())
        except OSError:
            return None
        return digest.hexdigest()


def _stat(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
