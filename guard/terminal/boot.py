"""Which boot of the computer this is, so that monotonic clocks of two processes may be compared."""

from __future__ import annotations

import sys
import time
from pathlib import Path

if sys.platform == "win32":
    import winreg

    PLACE = r"SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters"

    def boot_id() -> str:
        """An identifier of the present boot: Windows counts its boots."""
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, PLACE) as key:
                return f"boot-{winreg.QueryValueEx(key, 'BootId')[0]}"
        except OSError:
            return _by_clock()
else:

    def boot_id() -> str:
        """An identifier of the present boot."""
        try:
            return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        except OSError:
            return _by_clock()


def _by_clock() -> str:
    """The boot instant to the minute; a changed clock looks like a new boot, which is the careful side."""
    return f"boot-{round((time.time() - time.monotonic()) / 60.0)}"
