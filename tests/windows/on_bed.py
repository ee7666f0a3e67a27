"""The tests that run on the Windows bed: ``python -m tests.windows.on_bed [words for pytest]``.

Makes the bed, brings the locked Windows packages into it, and runs there what Windows may do otherwise than Linux.
With words, those go to pytest in place of the usual selection. Exit code 2 and the reason where there can be no bed.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.windows import unzipped
from tests.windows.bed import Bed, NoBedError, default_folder, say
from tools.wheels import Pinned, WheelsError, download, for_windows, unpack

ROOT: Final = Path(__file__).resolve().parent.parent.parent
LOCK: Final = ROOT / "config" / "lock-test.txt"
# Checkers and browsers are for the machine of the developer.
NOT_ON_THE_BED: Final = frozenset({
    "ast-serialize", "graphql-core", "greenlet", "grimp", "harfile", "hypothesis-graphql", "import-linter",
    "jsonschema-rs", "librt", "mypy", "mypy-extensions", "pandas-stubs", "pathspec", "playwright", "pyrate-limiter",
    "ruff", "schemathesis", "types-jsonschema", "types-psutil", "werkzeug",
})  # fmt: skip
# Programs that nobody here wrote, which trade on the simulated terminal (test_bots.py), without what they ask for.
BOTS: Final = (
    Pinned("mt5py", "2.0.1", ("4e312e56b78c8439e432aaa5e382ac72f8f1a86fa3e8362af2a49cbc72f9418d",)),
    Pinned("pymt5adapter", "0.4.4", ("5ee39cdadc60d1b986229105724952eb7f950b710a4be3d4b13b9e0d6bbf8cb4",)),
)
# What touches the system: processes, pipes, consoles, files, locks, clocks, text. The rest is arithmetic.
CHOSEN: Final = (
    "tests/windows",
    "tests/contract/test_terminals.py",
    "tests/unit/terminal",
    "tests/unit/journal",
    "tests/unit/app/test_account_lock.py",
    "tests/unit/app/test_home.py",
    "tests/cli/test_run_and_check.py",
    "tests/cli/test_demo.py",
)
LONGEST_S: Final = 1200.0


def packages(bed: Bed) -> None:
    """Bring the locked Windows packages into the bed, unless these are there.

    Raises:
        WheelsError: They cannot be had.
    """
    text = LOCK.read_text(encoding="utf-8")
    chosen = [*for_windows(text, NOT_ON_THE_BED), *BOTS]
    stamp = bed.site / "locked.txt"
    wanted = hashlib.sha256("\n".join(map(str, chosen)).encode()).hexdigest()
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    began = time.monotonic()
    unpack(download(chosen, bed.folder / "wheels"), bed.site)
    stamp.write_text(wanted, encoding="utf-8")
    say(f"{len(chosen)} packages after {time.monotonic() - began:.0f} s")


def main(words: Sequence[str]) -> int:
    """Run the tests; pytest's exit code, 2 without a bed."""
    bed = Bed(default_folder())
    began = time.monotonic()
    try:
        bed.make()
        packages(bed)
    except (NoBedError, WheelsError) as error:
        say(f"no Windows bed: {error}")
        return 2
    say(f"the bed is there after {(time.monotonic() - began) / 60:.1f} minutes")
    began = time.monotonic()
    chosen = [*words] or ["-n", str(min(4, os.cpu_count() or 1)), *CHOSEN]
    # Wine captures file descriptors slowly; a cache of pytest would be mixed up with that of this side.
    command = ["python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--capture=sys", "--durations=10", *chosen]
    code = bed.run(command, timeout_s=LONGEST_S, cwd=ROOT)
    say(f"its tests took {(time.monotonic() - began) / 60:.1f} minutes")
    if words:
        return code
    began = time.monotonic()
    folder = unzipped.main()
    say(f"the folder for traders took {(time.monotonic() - began) / 60:.1f} minutes")
    return code or folder


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
