"""``guard doctor``: the computer the guard runs on."""

from __future__ import annotations

import platform
import shutil
import struct
import tempfile
import time
from importlib import metadata
from typing import TYPE_CHECKING, Final

from guard.app.findings import Level, Report
from guard.app.live import look

if TYPE_CHECKING:
    from guard.app.home import Home
    from guard.settings.load import Loaded

COMPUTER: Final = "computer"
_LEAST_FREE: Final = 500_000_000
_NEEDED: Final = ("pydantic", "typer", "apscheduler", "loguru", "tzdata", "platformdirs", "keyring")


def examine_computer(report: Report, home: Home, loaded: Loaded) -> None:
    """Python, packages, home, disk, other guards."""
    _python(report)
    _packages(report, loaded)
    _home(report, home)
    _others(report, home)


def _python(report: Report) -> None:
    bits = struct.calcsize("P") * 8
    what = f"Python {platform.python_version()}, {bits} bit, {platform.platform(terse=True)}"
    if bits == 64:
        report.add(COMPUTER, Level.OK, what)
    else:
        report.add(COMPUTER, Level.PROBLEM, what, "install a 64-bit Python: the MetaTrader5 package has no other")


def _packages(report: Report, loaded: Loaded) -> None:
    versions = {name: _version(name) for name in _NEEDED}
    missing = [name for name, found in versions.items() if found is None]
    if missing:
        way = f"install them: python -m pip install {' '.join(missing)}"
        report.add(COMPUTER, Level.PROBLEM, f"not installed: {', '.join(missing)}", way)
    else:
        report.add(COMPUTER, Level.OK, f"{len(versions)} packages the guard needs are installed")
    if loaded.terminal.kind != "mt5" or loaded.terminal.module != "MetaTrader5":
        return
    # Where it is missing the terminal cannot be reached, and that finding says what to do.
    found = _version("MetaTrader5")
    if found is not None:
        report.add(COMPUTER, Level.OK, f"MetaTrader5 package {found}")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _home(report: Report, home: Home) -> None:
    folder = next((one for one in (home.root, *home.root.parents) if one.is_dir()), home.root)
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            began = time.perf_counter()
            file.write(b"guard")
            file.flush()
            took_ms = (time.perf_counter() - began) * 1000.0
        free = shutil.disk_usage(folder).free
    except OSError as error:
        what = f"the home {home.root} cannot be written ({error.strerror})"
        report.add(COMPUTER, Level.PROBLEM, what, "choose another folder with --home or GUARD_HOME")
        return
    what = f"home {home.root}: writable ({took_ms:.1f} ms), {free / 1e9:,.1f} GB free"
    if free < _LEAST_FREE:
        report.add(COMPUTER, Level.PROBLEM, what, "make room: without it the journal cannot be written")
    else:
        report.add(COMPUTER, Level.OK, what)


def _others(report: Report, home: Home) -> None:
    alive = [str(seen.account) for seen in look(home) if seen.running]
    if alive:
        what = f"a guard of this home watches account {', '.join(alive)}: this examination does not disturb it"
        report.add(COMPUTER, Level.NOTE, what)
