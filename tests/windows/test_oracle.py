"""The vendor tables hold on the package that is installed: 0 differences."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.pipe_terminal import ROOT, needs_package

pytestmark = [needs_package, pytest.mark.timeout(400)]


def test_the_package_does_what_the_tables_say() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.windows.oracle"], cwd=ROOT, capture_output=True, text=True, encoding="utf-8",
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert ", 0 differences" in done.stdout
