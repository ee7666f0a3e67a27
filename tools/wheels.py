"""Windows packages on any machine: chosen from a lock, downloaded by hash, unpacked. Nothing is run or built."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from packaging.markers import Marker
from packaging.utils import canonicalize_name, parse_wheel_filename

# What the markers of a lock are asked under: CPython 3.11 on 64-bit Windows.
WINDOWS: Final[Mapping[str, str]] = {
    "implementation_name": "cpython",
    "implementation_version": "3.11.9",
    "os_name": "nt",
    "platform_machine": "AMD64",
    "platform_python_implementation": "CPython",
    "platform_release": "10",
    "platform_system": "Windows",
    "platform_version": "10.0.19045",
    "python_full_version": "3.11.9",
    "python_version": "3.11",
    "sys_platform": "win32",
    "extra": "",
}
_HEAD: Final = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)\s*(?:;\s*(?P<marker>[^\\]+))?\\?\s*$")
_HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")


class WheelsError(Exception):
    """The packages cannot be had; ``str()`` says which and why."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """One package of a lock; ``hashes`` are the SHA-256 of every file of it that the lock allows."""

    name: str
    version: str
    hashes: tuple[str, ...]

    def __str__(self) -> str:
        """As a line of a requirements file."""
        return " ".join([f"{self.name}=={self.version}", *(f"--hash=sha256:{each}" for each in self.hashes)])


def for_windows(lock: str, without: Collection[str] = ()) -> list[Pinned]:
    """The packages of a lock's text that 64-bit Windows with CPython 3.11 gets, in the lock's order."""
    chosen: list[Pinned] = []
    blocks = re.split(r"\n(?=[A-Za-z0-9])", lock)
    for block in blocks:
        found = _HEAD.match(block.split("\n", 1)[0])
        if found is None:
            continue
        name, marker = str(canonicalize_name(found["name"])), found["marker"]
        if name in without or (marker is not None and not Marker(marker.strip()).evaluate(dict(WINDOWS))):
            continue
        chosen.append(Pinned(name, found["version"], tuple(_HASH.findall(block))))
    return chosen


def download(packages: Iterable[Pinned], folder: Path) -> list[Path]:
    """The wheels of ``packages`` in ``folder``, those that are missing downloaded; pip compares every hash.

    Raises:
        WheelsError: pip is missing, or a package has no wheel for Windows, cannot be had or is not the recorded file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = list(packages)
    have = present(folder)
    missing = [each for each in wanted if (each.name, each.version) not in have]
    # Those that are there are checked as well: pip takes a file that it finds only with the right hash.
    listed = folder / "wanted.txt"
    listed.write_text("".join(f"{each}\n" for each in wanted), encoding="utf-8")
    command = [
        *_pip(), "download", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps", "--require-hashes",
        "--only-binary", ":all:", "--platform", "win_amd64", "--python-version", "3.11", "--implementation", "cp",
        "--find-links", str(folder), *(() if missing else ("--no-index",)), "--dest", str(folder), "-r", str(listed),
    ]  # fmt: skip
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    listed.unlink()
    if done.returncode != 0:
        raise WheelsError(f"the Windows wheels cannot be had: {(done.stderr or done.stdout).strip()[-600:]}")
    have = present(folder)
    return [have[each.name, each.version] for each in wanted]


def present(folder: Path) -> dict[tuple[str, str], Path]:
    """The wheels in a folder by name and version."""
    found = {}
    for path in sorted(folder.glob("*.whl")):
        name, version, _, _ = parse_wheel_filename(path.name)
        found[str(name), str(version)] = path
    return found


def _pip() -> list[str]:
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    path = shutil.which("pip3") or shutil.which("pip")
    if path is None:
        raise WheelsError("pip is needed to download wheels: install it (Debian: apt install python3-pip)")
    return [path]


def contents(wheel: Path) -> dict[str, bytes]:
    """What a wheel puts among the packages of a Python: file by path. Its scripts and headers are left out.

    Raises:
        WheelsError: A path of it leads out of the folder.
    """
    files = {}
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith("/"):
                continue
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
                raise WheelsError(f"{wheel.name} holds a path that leads out of it: {name}")
            if path.parts[0].endswith(".data"):
                if len(path.parts) < 3 or path.parts[1] not in {"purelib", "platlib"}:
                    continue
                path = PurePosixPath(*path.parts[2:])
            files[path.as_posix()] = archive.read(name)
    return files


def unpack(wheels: Iterable[Path], site: Path) -> None:
    """Unpack wheels into a folder of packages; what is there of the same name is written over."""
    for wheel in wheels:
        for name, data in contents(wheel).items():
            target = site / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
