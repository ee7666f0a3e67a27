"""Every check of the project, one after the other: ``python -m guard.up verify``, or this module in an environment.

With ``--bed`` as the first word also the tests on the Windows bed (root on Debian 12).
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Windows is the first platform: its branches are typed everywhere.
CHECKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ruff", ("-m", "ruff", "check", ".")),
    ("mypy", ("-m", "mypy")),
    ("mypy for Windows", ("-m", "mypy", "--platform", "win32")),
    ("import-linter", ("-m", "tests.architecture.imports")),
)
BED: tuple[str, tuple[str, ...]] = ("tests on the Windows bed", ("-m", "tests.windows.on_bed"))


def main(words: Sequence[str]) -> int:
    """Run all checks and then pytest with ``words``, whatever the earlier ones said; 0 when all passed.

    pytest comes last, so that its closing line is the last line of a good run.
    """
    failed = []
    checks = [*CHECKS]
    if words[:1] == ["--bed"]:
        words = words[1:]
        checks.append(BED)
    for name, command in (*checks, ("pytest", ("-m", "pytest", *words))):
        sys.stdout.write(f"--- {name}\n")
        sys.stdout.flush()
        if subprocess.run([sys.executable, *command], cwd=ROOT, check=False).returncode != 0:
            failed.append(name)
    if failed:
        sys.stderr.write(f"verify: failed: {', '.join(failed)}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
