"""The import contracts of pyproject.toml over a source tree: ``python -m tests.architecture.imports [FOLDER]``."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_LINT = "from importlinter.cli import lint_imports_command as c; c(['--no-logo', '--no-cache'])"


def check_contracts(root: Path) -> tuple[int, str]:
    """Run import-linter in ``root`` with its own pyproject.toml; exit code (0: all kept) and what it printed."""
    # A process of its own, and only ``root`` on its path: the contracts must see that tree and no installed guard.
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONUTF8": "1", "NO_COLOR": "1", "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-c", _LINT], cwd=root, env=environment, check=False, text=True, encoding="utf-8",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return done.returncode, done.stdout


if __name__ == "__main__":
    code, text = check_contracts(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
    sys.stdout.write(text)
    sys.exit(code)
