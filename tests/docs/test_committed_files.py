import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LEFTOVERS = {".git", ".venv", ".venv-up", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", "build", "dist"}
# Any mirror may serve the locked packages, so no file names one: the hashes decide.
REGISTRY_HOST = re.compile(
    r"pypi\.org|pythonhosted\.(?:org|com)|anaconda\.(?:org|com)|deb\.debian\.|npmjs\.|index-url[ =]*\S*://"
)
# Folders of one machine. A path in an example names no user: C:\Users\you, /home/you.
MACHINE_PATH = re.compile(
    r"(?<![\w.~/-])/(?:work|root)/|/home/(?!you\b)\w+|[A-Z]:\\+Users\\+(?!you\b)\w+", re.IGNORECASE
)


def committed() -> Iterator[Path]:
    """The text files git knows, or outside a clone every file that is not a leftover of a tool."""
    git = shutil.which("git")
    if git and (ROOT / ".git").exists():
        listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
        paths = [ROOT / name for name in listed.split("\0") if name]
    else:
        paths = [path for path in ROOT.rglob("*") if not LEFTOVERS & {*path.parts}]
    return (path for path in paths if path.is_file())


def lines_that_match(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in committed():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        rows = enumerate(text.splitlines(), 1)
        name = path.relative_to(ROOT).as_posix()
        found += [f"{name}:{number}: {row.strip()[:80]}" for number, row in rows if pattern.search(row)]
    return found


@pytest.mark.parametrize("pattern", [REGISTRY_HOST, MACHINE_PATH], ids=["package index host", "path of one machine"])
def test_no_committed_file_holds_a(pattern: re.Pattern[str]) -> None:
    assert lines_that_match(pattern) == []


@pytest.mark.parametrize(
    "line, pattern",
    [
        ("https://files." + "pythonhosted" + ".org/packages", REGISTRY_HOST),
        ("--index" + "-url https://mirror.example/simple", REGISTRY_HOST),
        ("open('/ro" + "ot/guard.toml')", MACHINE_PATH),
        ("C:\\Us" + "ers\\Giorgos\\guard.toml", MACHINE_PATH),
    ],
)
def test_the_patterns_find_what_they_look_for(line: str, pattern: re.Pattern[str]) -> None:
    assert pattern.search(line)


@pytest.mark.parametrize("name", ["uv.lock", "pylock.toml"])
def test_locks_of_other_tools_are_not_committed(name: str) -> None:
    assert name not in {path.name for path in committed()}


def test_vendored_files_are_those_the_notice_names_by_their_hash() -> None:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    named = dict(re.findall(r"SHA-256 of (\S+?): +([0-9a-f]{64})", notice))
    assert set(named) == {"uplot.js", "uplot.css"}
    for name, digest in named.items():
        held = (ROOT / "guard" / "web" / "static" / name).read_bytes()
        assert hashlib.sha256(held).hexdigest() == digest
