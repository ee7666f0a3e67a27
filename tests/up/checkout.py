"""A small checkout to try ``guard.up`` in: the real bootstrap, a stub of the guard, locks of one's own."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The Python that this environment was made from: it has what a user's Python has.
PYTHON = getattr(sys, "_base_executable", sys.executable)

STUB = """\
import json, os, signal, sys, time
if "sleep" in sys.argv:
    try:
        print("ready", flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        sys.exit(7)
print(json.dumps({"words": sys.argv[1:], "folder": os.getcwd(), "prefix": sys.prefix}))
sys.exit(12 if "breach" in sys.argv else 0)
"""


def make_checkout(folder: Path, lock: str = "# nothing to install\n") -> Path:
    """A checkout in ``folder`` whose two locks hold ``lock``."""
    (folder / "guard").mkdir(parents=True)
    (folder / "config").mkdir()
    for name in ("__init__.py", "up.py"):
        shutil.copy(ROOT / "guard" / name, folder / "guard")
    (folder / "guard" / "__main__.py").write_text(STUB, encoding="utf-8")
    (folder / "pyproject.toml").write_text("", encoding="utf-8")
    for name in ("run", "test"):
        (folder / "config" / f"lock-{name}.txt").write_text(lock, encoding="utf-8")
    return folder


def plain_environment(**more: str) -> dict[str, str]:
    """This process's environment without uv on the path and without settings of pip; nothing is looked for online."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "PYTHON"))}
    without_uv = [part for part in kept["PATH"].split(os.pathsep) if part and not shutil.which("uv", path=part)]
    kept["PATH"] = os.pathsep.join(without_uv)
    return {**kept, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", **more}


def up(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m guard.up`` in ``folder``."""
    return subprocess.run(
        [PYTHON, "-m", "guard.up", *words], cwd=folder, env=plain_environment(**more), check=False,
        capture_output=True, text=True, encoding="utf-8", timeout=100,
    )  # fmt: skip


def environments(folder: Path) -> list[Path]:
    """The environments that were made in the checkout."""
    return sorted(path for path in (folder / ".venv-up").glob("*-py*") if path.is_dir())


def make_wheel(folder: Path, name: str = "planted") -> tuple[Path, str]:
    """A wheel with one empty module, and its sha256."""
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},sha256={_digest(text)},{len(text.encode())}\n" for path, text in files.items())
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in {**files, f"{info}/RECORD": record + f"{info}/RECORD,,\n"}.items():
            archive.writestr(path, text)
    return wheel, hashlib.sha256(wheel.read_bytes()).hexdigest()


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
