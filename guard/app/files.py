"""Replacing a small file whole, so that a reader never sees half of one."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

_TRIES: Final = 5
_PAUSE_S: Final = 0.01


def replace_text(path: Path, text: str) -> None:
    """Write ``text`` beside ``path`` and put it in its place.

    Windows refuses the replacement while a reader has the file open; that is tried again a few times.

    Raises:
        OSError: It could not be written.
    """
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    beside.write_text(text, encoding="utf-8", newline="\n")
    for left in range(_TRIES, 0, -1):
        try:
            beside.replace(path)
        except PermissionError:
            if left == 1:
                beside.unlink(missing_ok=True)
                raise
            time.sleep(_PAUSE_S)
        else:
            return
