"""The first run: a private environment from the hash-locked set, then the command in it. Standard library only.

``python -m guard.up demo`` shows the product, ``... test`` runs the tests, other words are guard commands.
Written so that Python 3.6 can still read it far enough to say that it is too old.
"""

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from typing import Dict, Iterator, List, Optional, Tuple

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

OLDEST = (3, 11)
SETUP_FAILED = 2
INTERRUPTED = 130
LONGEST_INSTALLATION_S = 900.0
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HELP = """\
MT5 Guard in a checkout, with nothing but Python 3.11 or newer on the machine.

  python -m guard.up demo             a scripted market: what the guard sees, in under a minute, no terminal needed
  python -m guard.up test [...]       the tests; further words go to pytest
  python -m guard.up verify [...]     every check: ruff, mypy, import-linter, then the tests
  python -m guard.up COMMAND [...]    any guard command, such as: limits, run, demo --help

Write python3 instead of python on Linux and macOS, and py on Windows where python is not found.
The first call installs the libraries into the folder .venv-up of the checkout; later calls install nothing.
"""

_NETWORK = re.compile(
    r"NewConnectionError|name resolution|getaddrinfo|dns error|error sending request|Network is unreachable"
    r"|No route to host|ConnectTimeout|ConnectionError|Max retries exceeded|Connection refused|ProxyError"
    r"|client error \(Connect\)",
    re.IGNORECASE,
)
_HASH = re.compile(r"do not match the hashes|hash mismatch", re.IGNORECASE)
# Settings of the caller's Python and pip that would send packages elsewhere or load other ones.
_SCRUBBED = ("PYTHONHOME", "PYTHONPATH", "PYTHONSAFEPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIREMENT")


class SetupError(Exception):
    """The environment cannot be made; ``str()`` is one sentence with what to do about it."""


def main(argv: Optional[List[str]] = None) -> int:
    """Carry out one command line and return its exit code: the command's own, or 2 without an environment."""
    words = sys.argv[1:] if argv is None else list(argv)
    try:
        check_python(sys.version_info[:2], sysconfig.get_platform())
        if not words or words[0] in ("-h", "--help"):
            sys.stdout.write(HELP)
            return 0
        check_root(ROOT)
        if words[0] == "test":
            return hand_over([ready("test", ROOT), "-m", "pytest", *words[1:]], ROOT)
        if words[0] == "verify":
            return hand_over([ready("test", ROOT), "-m", "tests.verify", *words[1:]], ROOT)
        return hand_over([ready("run", ROOT), "-P", "-m", "guard", *words], None)
    except SetupError as error:
        sys.stderr.write("guard.up: %s\n" % error)
        return SETUP_FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


def check_python(version: Tuple[int, int], platform: str) -> None:
    """Refuse a Python that cannot run the guard.

    Raises:
        SetupError: It is older than 3.11, or on Windows one for which there is no MetaTrader5 package.
    """
    if version < OLDEST:
        message = "this is Python %d.%d; MT5 Guard needs 3.11 or newer: install one and run this again with it."
        raise SetupError(message % version)
    if platform.startswith("win") and platform != "win-amd64":
        raise SetupError("this Python is %s; MetaTrader5 needs the 64-bit (x86-64) one: install it." % platform)


def check_root(root: str) -> None:
    """Refuse to work outside a checkout, where there is no lock to install from.

    Raises:
        SetupError: ``root`` is not a checkout of MT5 Guard.
    """
    if not (os.path.isfile(os.path.join(root, "pyproject.toml")) and os.path.isfile(lock_file(root, "run"))):
        raise SetupError("this works in a checkout of MT5 Guard only; an installed guard is started with `guard demo`.")


def lock_file(root: str, which: str) -> str:
    """The path of the hash-locked set ``which`` (``run`` or ``test``)."""
    return os.path.join(root, "config", "lock-%s.txt" % which)


def environment(root: str, which: str) -> str:
    """The folder of the environment for one lock, Python and platform; another lock or Python has another folder."""
    with open(lock_file(root, which), "rb") as stream:
        digest = hashlib.sha256(stream.read().replace(b"\r\n", b"\n"))
    digest.update(repr((sys.base_prefix, sysconfig.get_platform(), sys.version_info[:2])).encode("utf-8"))
    name = "%s-py%d.%d-%s" % (which, sys.version_info[0], sys.version_info[1], digest.hexdigest()[:12])
    return os.path.join(root, ".venv-up", name)


def interpreter(folder: str) -> str:
    """The Python of the environment in ``folder``."""
    return os.path.join(folder, "Scripts", "python.exe") if os.name == "nt" else os.path.join(folder, "bin", "python")


def is_ready(folder: str) -> bool:
    """Whether the environment was finished (its stamp is written last) and its Python is still there."""
    return os.path.isfile(os.path.join(folder, "ready.json")) and os.path.isfile(interpreter(folder))


def ready(which: str, root: str) -> str:
    """The Python of a finished environment for the lock ``which``; it is made when there is none.

    The test set holds the run set, so a finished test environment serves both.

    Raises:
        SetupError: It cannot be made.
    """
    for name in ("test",) if which == "test" else ("run", "test"):
        folder = environment(root, name)
        if is_ready(folder):
            return interpreter(folder)
    folder = environment(root, which)
    try:
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        with exclusive(os.path.join(os.path.dirname(folder), "lock")):
            if not is_ready(folder):  # another process may have made it while this one waited
                build(folder, lock_file(root, which))
    except OSError as error:
        message = "the folder %s cannot be written (%s): make room or give access, and run this again."
        raise SetupError(message % (folder, error)) from error
    return interpreter(folder)


@contextlib.contextmanager
def exclusive(path: str) -> Iterator[None]:
    """Hold a lock that the system frees when this process ends, however it ends."""
    with open(path, "a+b") as stream:
        deadline = time.monotonic() + LONGEST_INSTALLATION_S
        while True:
            try:
                if sys.platform == "win32":
                    stream.seek(0)
                    msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
                else:
                    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        yield


def build(folder: str, lock: str) -> None:
    """Make the environment ``folder`` anew and install ``lock`` into it; the stamp comes last.

    Raises:
        SetupError: No tool can do it, or every tool that is there failed.
    """
    tools = routes()
    if not tools:
        raise SetupError(
            "nothing here can install libraries: install uv, or pip with venv "
            "(Debian and Ubuntu: apt install python3-venv), and run this again."
        )
    sys.stderr.write("guard.up: installing the libraries, once, into %s\n" % folder)
    places = {"{env}": folder, "{python}": interpreter(folder), "{lock}": lock}
    failures = []  # type: List[str]
    for steps in tools:
        if os.path.lexists(folder):
            shutil.rmtree(folder)  # what an interrupted installation left is not believed
        output = run_steps([[places.get(part, part) for part in step] for step in steps])
        if output is None:
            with open(os.path.join(folder, "ready.json"), "w", encoding="utf-8") as stream:
                json.dump({"lock": os.path.basename(lock), "python": sys.version, "made_by": steps[-1][0]}, stream)
            return
        failures.append(output)  # even without a network: another tool may know the proxy or the certificates
    log = folder + ".log"
    with open(log, "w", encoding="utf-8") as stream:
        stream.write("\n\n".join(failures))
    raise SetupError(explain(failures[-1], log))


def routes() -> List[List[List[str]]]:
    """The ways to fill an environment that this machine has, best first; each is a list of command lines."""
    wanted = ["install", "--quiet", "--require-hashes", "--only-binary", ":all:", "-r", "{lock}"]
    quiet = ["--disable-pip-version-check", "--no-input"]
    found = []  # type: List[List[List[str]]]
    uv = shutil.which("uv")
    if uv:
        make = [uv, "venv", "--quiet", "--no-project", "--python", sys.executable, "{env}"]
        found.append([make, [uv, "pip", *wanted, "--python", "{python}"]])
    if not has_module("venv"):
        return found
    if has_module("ensurepip"):
        make = [sys.executable, "-m", "venv", "{env}"]
        found.append([make, ["{python}", "-m", "pip", *quiet, *wanted]])
        return found
    pip = pip_elsewhere()
    if pip:
        make = [sys.executable, "-m", "venv", "--without-pip", "{env}"]
        found.append([make, [*pip, "--python", "{python}", *quiet, *wanted]])
    return found


def has_module(name: str) -> bool:
    """Whether a module is installed; a folder that only caches its bytecode, left by a removed package, is not one."""
    spec = importlib.util.find_spec(name)
    return spec is not None and spec.origin is not None


def pip_elsewhere() -> List[str]:
    """A pip outside the environment that can fill it, as the start of a command line; empty when there is none."""
    if has_module("pip"):
        return [sys.executable, "-m", "pip"]
    path = shutil.which("pip3") or shutil.which("pip")
    return [path] if path else []


def run_steps(steps: List[List[str]]) -> Optional[str]:
    """Run command lines one after the other; ``None`` when all succeed, else what the failing one printed."""
    settings = {name: value for name, value in os.environ.items() if name not in _SCRUBBED}
    settings["PIP_USER"] = "0"
    settings.setdefault("UV_SYSTEM_CERTS", "1")  # as pip does: a company's own certificate is in the system's store
    for step in steps:
        try:
            done = subprocess.run(
                step, check=False, env=settings,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
        except OSError as error:
            return "%s: %s" % (step[0], error)
        if done.returncode != 0:
            text = done.stdout.decode("utf-8", "replace").strip()
            return "%s\n%s" % (" ".join(step), text)
    return None


def explain(output: str, log: str) -> str:
    """One sentence for what an installer printed when it failed; ``log`` is where the whole of it stands."""
    if _HASH.search(output):
        return "a downloaded package is not the recorded one (its hash differs): nothing was installed; see %s." % log
    if _NETWORK.search(output):
        return "the package index cannot be reached: check connection and proxy, and run this again; see %s." % log
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "x ", "×"))]
    return "installing the libraries failed (%s); see %s." % ((errors or lines)[-1].rstrip("."), log)


def child_environment(root: str, inherited: Dict[str, str]) -> Dict[str, str]:
    """The caller's environment variables with the checkout first on the module path."""
    result = dict(inherited)
    result.pop("PYTHONHOME", None)
    older = result.get("PYTHONPATH")
    result["PYTHONPATH"] = root + os.pathsep + older if older else root
    return result


def hand_over(command: List[str], folder: Optional[str]) -> int:
    """Become ``command`` (POSIX), or run it and return its exit code (Windows, where a process cannot be replaced)."""
    settings = child_environment(ROOT, dict(os.environ))
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name != "nt":
        if folder is not None:
            os.chdir(folder)
        os.execve(command[0], command, settings)  # noqa: S606 - no shell is wanted
    return run_child(command, folder, settings)


def run_child(command: List[str], folder: Optional[str], settings: Dict[str, str]) -> int:
    """Run ``command`` to its end and return its exit code; Ctrl-C is the child's to answer, so this waits on."""
    process = subprocess.Popen(command, cwd=folder, env=settings)
    while True:
        try:
            code = process.wait()
        except KeyboardInterrupt:
            continue
        return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
