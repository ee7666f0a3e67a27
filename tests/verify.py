"""Every check of the project, one after the other: ``python -m guard.up verify``, or this module in an environment."""

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


def main(words: Sequence[str]) -> int:
    """Run all checks and then pytest with ``words``, whatever the earlier ones said; 0 when all passed.

    pytest comes last, so that its closing line is the last line of a good run.
    """
    failed = []
    for name, command in (*CHECKS, ("pytest", ("-m", "pytest", *words))):
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
