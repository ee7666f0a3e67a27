"""The guide to ``guard whatif`` shows what the command prints."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from guard.cli import main

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "data" / "whatif"


def examples() -> list[tuple[str, str]]:
    text = (ROOT / "docs" / "guide" / "whatif.md").read_text(encoding="utf-8")
    found = re.findall(r"```console\n\$ guard ([^\n]*)\n(.*?)```", text, flags=re.DOTALL)
    assert len(found) == 4
    return found


@pytest.mark.parametrize("command,expected", examples())
def test_the_guide_shows_what_the_command_prints(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str, expected: str
) -> None:
    monkeypatch.chdir(FOLDER)
    assert main.run(shlex.split(command)) == 0
    assert capsys.readouterr() == (expected, "")
