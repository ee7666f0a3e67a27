import re
from pathlib import Path

import pytest

from guard.cli.main import command_names
from tests.up.checkout import ROOT

COMMAND = re.compile(r"^(?:\$ |> )?(?:guard|(?:python3?|py) -m guard(?:\.up)?) ([a-z][\w-]*)")
OF_THE_BOOTSTRAP = {"test", "verify"}
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


def code_of(page: Path) -> list[str]:
    """Every code block and every inline code of a page."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [*lines, *re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_a_page_names_exists(page: Path) -> None:
    named = {word for line in code_of(page) for word in COMMAND.findall(line)}

    assert named <= {name.replace("_", "-") for name in command_names()} | OF_THE_BOOTSTRAP


@pytest.mark.parametrize("python", ["python", "python3", "py"])
@pytest.mark.parametrize("job", ["demo", "test"])
def test_the_readme_shows_both_commands_for_every_system(python: str, job: str) -> None:
    assert f"{python} -m guard.up {job}" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_to_a_file_of_the_project_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]

    assert missing == []
