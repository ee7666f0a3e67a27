"""A recording (``guard.recording/1``): readings of a terminal one after the other, one JSON object a line.

The first line is the head; each further line holds the sections that changed since the line before, under ``set``, and
the names of all sections of that reading, under ``names``. A failed reading is a line with ``failed``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from guard.model.errors import InputError, TerminalError

FORMAT = "guard.recording/1"
Document = dict[str, Any]


class Recorder:
    """Writes readings to a text stream; each line is complete before the next begins."""

    def __init__(self, stream: TextIO) -> None:
        """``stream`` stays the caller's to close."""
        self._stream = stream
        self._before: Mapping[str, Any] = {}
        self.count = 0
        self._line({"format": FORMAT})

    def reading(self, document: Mapping[str, Any]) -> None:
        """One reading; it must hold JSON values only."""
        before = self._before
        changed = {name: value for name, value in document.items() if name not in before or before[name] != value}
        self._line({"names": list(document), "set": changed})
        self._before = document
        self.count += 1

    def failure(self, why: str) -> None:
        """A reading that failed, with its sentence."""
        self._line({"failed": why})
        self.count += 1

    def _line(self, entry: Mapping[str, Any]) -> None:
        self._stream.write(json.dumps(entry, separators=(",", ":"), allow_nan=False) + "\n")
        self._stream.flush()


class Recording:
    """A ``Terminal`` that gives the readings of a recording one after the other, and failures where they were."""

    def __init__(self, path: Path) -> None:
        """``path`` is a file that ``guard snapshot --record`` wrote."""
        self._path = path
        self._readings: Iterator[Document | str] = iter(())
        self._pending: list[Document | str] = []
        self.deals_from: datetime | None = None

    def connect(self) -> Document:
        """Begin at the first reading; what it says of terminal and account.

        Raises:
            InputError: The file cannot be read, or is no recording.
            TerminalError: It holds no reading.
        """
        self._readings, self._pending = _readings(self._path), []
        for entry in self._readings:
            self._pending.append(entry)
            if not isinstance(entry, str):
                return {"terminal": entry.get("terminal"), "account": entry.get("account")}
        raise TerminalError(f"the recording {self._path} holds no reading")

    def read_snapshot(self) -> Document:
        """The next reading. Sections that did not change are the same objects as before.

        Raises:
            TerminalError: This reading failed when it was recorded, or the recording ends.
        """
        entry = self._pending.pop(0) if self._pending else next(self._readings, None)
        if entry is None:
            raise TerminalError(f"the recording {self._path} ends here")
        if isinstance(entry, str):
            raise TerminalError(entry)
        return entry

    def close(self) -> None:
        """Let go of the file."""
        self._readings, self._pending = iter(()), []


def _readings(path: Path) -> Iterator[Document | str]:
    held: Document = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        way = "give a file that `guard snapshot --record` wrote"
        raise InputError(f"the recording {path} cannot be read ({error}): {way}") from error
    for number, line in enumerate(lines, 1):
        entry = _entry(path, number, line, last=number == len(lines))
        if entry is None:
            return
        if number == 1:
            if entry.get("format") != FORMAT:
                raise InputError(f"{path}: this version reads {FORMAT}, the first line says {entry.get('format')!r}")
        elif "failed" in entry:
            yield str(entry["failed"])
        else:
            held = _laid_over(path, number, held, entry)
            yield held


def _entry(path: Path, number: int, line: str, *, last: bool) -> Document | None:
    """One line; ``None`` for a last line that was cut off while it was written."""
    try:
        entry = json.loads(line)
    except ValueError as error:
        if last and number > 1:
            return None
        raise InputError(f"{path}, line {number}: no JSON ({error}): the file is damaged") from error
    if not isinstance(entry, dict):
        raise InputError(f"{path}, line {number}: must be an object: the file is damaged")
    return entry


def _laid_over(path: Path, number: int, held: Document, entry: Document) -> Document:
    fresh, names = entry.get("set"), entry.get("names")
    if not isinstance(fresh, dict) or not isinstance(names, list):
        raise InputError(f"{path}, line {number}: lacks 'set' or 'names': the file is damaged")
    try:
        return {name: fresh[name] if name in fresh else held[name] for name in names}
    except (KeyError, TypeError) as error:
        raise InputError(f"{path}, line {number}: names a section that no line holds: the file is damaged") from error
