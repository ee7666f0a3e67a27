"""The first run: a private environment from the hash-locked set, then the command in it. Standard library only.

``python -m guard.up demo`` shows the product, ``python -m guard.up test`` runs the tests; every other word is a guard command.
Written so that Python 3.6 can still read it far enough to say that it is too old.
"""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from typing import Dict, List, Optional, Tuple

OLDEST = (3, 11)
SETUP_FAILED = 2
INTERRUPTED = 130
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HELP = """\
MT5 Guard in a checkout, with nothing but Python 3.11 or newer on the machine.

  python -m guard.up demo             a scripted market: what the guard sees, under a minute, no terminal needed
  python -m guard.up test [...]       the tests (further words go to pytest)
  python -m guard.up check [...]      everything: ruff, mypy, import-linter, then pytest
  python -m guard.up COMMAND [...]    any guard command, such as: run, check-account, limits, config init

Write python3 instead of python on Linux and macOS, py on Windows if python is not found.
The first call installs the libraries into .venv-up in this folder; later calls install nothing.
"""

_NETWORK = re.compile(
    r"NewConnectionError|name resolution|getaddrinfo|dns error|error sending request|Network is unreachable|No route to host"
    r"|ConnectTimeout|Max retries exceeded|Connection refused|ProxyError|Could not connect|client error \(Connect\)",
    re.IGNORECASE,
)
_SCRUBBED = ("PYTHONHOME", "PYTHONPATH", "PYTHONSAFEPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIREMENT")


class SetupError(Exception):
    """The environment cannot be made; ``str()`` is one sentence with what to do about it."""


def main(argv: Optional[List[str]] = None) -> int:
    """Carry out one command line; return its exit code (2 when the environment cannot be made)."""
    words = sys.argv[1:] if argv is None else list(argv)
    try:
        check_python(sys.version_info[:2], sys.platform, sysconfig.get_platform())
        if not words or words[0] in ("-h", "--help", "help"):
            sys.stdout.write(HELP)
            return 0
        check_root(ROOT)
        word, rest = words[0], words[1:]
        if word == "test":
            return hand_over(ready("test"), ["-m", "pytest", *rest], cwd=ROOT)
        if word == "check" and is_project_check(rest):
            return run_checks(ready("test"), rest)
        return hand_over(ready("run"), ["-P", "-m", "guard", *words])
    except SetupError as error:
        sys.stderr.write("guard.up: %s\n" % error)
        return SETUP_FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
