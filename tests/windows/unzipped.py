"""The folder for traders on the bed: built twice, unzipped, run: ``python -m tests.windows.unzipped``.

It is unzipped where a trader of that name would have it: a user's folder with letters of two languages and a blank.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any, Final

from tests.windows.bed import Bed, NoBedError, default_folder, install, say
from tools.portable import PortableError, build
from tools.signatures import ROOTS, SignatureError
from tools.wheels import WheelsError

ROOT: Final = Path(__file__).resolve().parent.parent.parent
USER: Final = "J\N{LATIN SMALL LETTER O WITH DIAERESIS}rg \N{LATIN CAPITAL LETTER L WITH STROKE}ukasz"
SEED: Final = "7"
DEMO: Final = ("--speed", "max", "--json", "--seed", SEED)


def events(told: bytes) -> list[dict[str, Any]]:
    """The events of a demo, without the folder of its journal."""
    return [json.loads(line) for line in told.decode("utf-8").splitlines() if line.startswith("{")]


def on_linux() -> list[dict[str, Any]]:
    """The demo as this machine's Python plays it."""
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [sys.executable, "-m", "guard", "demo", *DEMO, "--home", home], cwd=ROOT, capture_output=True, check=True
        )
    return events(done.stdout)


def in_the_bed(bed: Bed, *words: str, cwd: Path) -> subprocess.CompletedProcess[bytes]:
    """Run a program in the bed as a person's double click would, from the folder it lies in."""
    script = [sys.executable, str(ROOT / "tests" / "windows" / "bed.py"), "--bed", str(bed.folder), "--timeout", "300"]
    home = f"C:\\users\\{USER}\\AppData\\Local\\MT5Guard"
    nobody_waits = {**os.environ, "GUARD_NO_PAUSE": "1", "GUARD_HOME": home}
    return subprocess.run(
        [*script, *words], cwd=cwd, env=nobody_waits, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )


def check(bed: Bed) -> None:
    """Build, unzip, run, compare.

    Raises:
        AssertionError: Something is not as it should be.
    """
    cache = bed.folder
    if shutil.which("osslsigncode") is None or not ROOTS.is_file():
        install(["osslsigncode", "ca-certificates"])
    name, data, tree = build(cache)
    _, again, _ = build(cache)
    assert data == again, "two builds differ"
    say(f"{name}: {len(data):,} bytes in {len(tree):,} files; two builds are the same")
    user = bed.prefix / "drive_c" / "users" / USER
    shutil.rmtree(user, ignore_errors=True)
    place = user / "My Guard"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(place)
    (folder,) = place.iterdir()
    began = time.monotonic()
    done = in_the_bed(bed, "cmd", "/c", "Guard Demo.cmd", *DEMO, cwd=folder)
    assert done.returncode == 0, done.stderr
    there, here = events(done.stdout), on_linux()
    assert there, done.stdout
    assert there == here, "the demo in the folder tells other events than on Linux"
    counted = sum(event["event"] == "verdict" for event in here)
    say(f"the demo: {len(here)} events, {counted} verdicts as on Linux, after {time.monotonic() - began:.0f} s")
    # The first start asks; without a person the defaults are taken. No terminal runs here: exit code 5, one sentence.
    done = in_the_bed(bed, "cmd", "/c", "Start Guard.cmd", cwd=folder)
    assert done.returncode == 5, (done.returncode, done.stdout, done.stderr)
    assert b"Wrote" in done.stdout, done.stdout
    assert b"Traceback" not in done.stdout + done.stderr, done.stderr
    assert (user / "AppData" / "Local" / "MT5Guard" / "guard.toml").is_file()
    say(f"a start without a terminal: {done.stderr.decode('cp1252', 'replace').strip().splitlines()[-1]}")
    done = in_the_bed(bed, "cmd", "/c", "Guard Shell.cmd", "--version", cwd=folder)
    assert done.returncode == 0, done.stderr


def main() -> int:
    """Exit code 0, or 1 with what is wrong, or 2 without a bed."""
    bed = Bed(default_folder())
    try:
        bed.make()
        check(bed)
    except (NoBedError, WheelsError, SignatureError, PortableError) as error:
        say(str(error))
        return 2
    except AssertionError as error:
        say(f"the unzipped folder fails: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
