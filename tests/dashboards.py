"""A demo with its dashboard, as processes of their own, for tests that ask it over the network."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TOKEN = "planted-token-8f2c1d9a7b"  # noqa: S105 - of the tests


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Dashboard:
    """``token`` is in force; ``said`` is the file with everything the demo printed."""

    url: str
    token: str
    home: Path
    said: Path
    process: "subprocess.Popen[bytes]"
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def port(self) -> int:
        return int(self.url.rstrip("/").rpartition(":")[2])

    def ask(
        self, path: str, body: Any = None, *, method: str | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request with the token; ``body`` goes as JSON, or as it is when it is bytes."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        own = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **(headers or {})}
        request = urllib.request.Request(self.url.rstrip("/") + path, data, own, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=20) as found:  # noqa: S310 - our own
                return Answer(found.status, {k.lower(): v for k, v in found.headers.items()}, found.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, {k.lower(): v for k, v in error.headers.items()}, error.read())

    def bare(self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> Answer:
        """One request with nothing but what is given."""
        return self.ask(path, method=method, headers={"Authorization": "", **(headers or {})})

    def until_answered(self, uid: str) -> Any:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            found = self.ask(f"/v1/commands/{uid}").json
            if not found["pending"]:
                return found
            time.sleep(0.1)
        raise AssertionError(f"{uid} was not answered within 10 s")


def demo_with_dashboard(folder: Path, *words: str) -> AbstractContextManager[Dashboard]:
    """``guard demo --web`` on a free port, until the block ends."""
    return _running(folder, "guard", "demo", "--web", "--port", "0", "--home", str(folder / "home"), *words)


def guard_with_dashboard(folder: Path, *words: str) -> AbstractContextManager[Dashboard]:
    """``guard run --web`` over the simulated terminal, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    return _running(folder, "tests.root", "run", "--web", "--port", port, "--home", str(folder / "home"), *words)


@contextmanager
def _running(folder: Path, module: str, *words: str) -> Iterator[Dashboard]:
    said = folder / "said.txt"
    env = {**os.environ, "PYTHONPATH": str(ROOT), "GUARD_WEB_TOKEN": TOKEN}
    command = [sys.executable, "-m", module, *words]
    with said.open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=out, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 30
        while (found := re.search(r"http://127\.0\.0\.1:\d+/", said.read_text(encoding="utf-8"))) is None:
            assert process.poll() is None, said.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, "the dashboard did not begin within 30 s"
            time.sleep(0.05)
        dashboard = Dashboard(found[0], TOKEN, folder / "home", said, process)
        while not _begun(dashboard):
            assert time.monotonic() < deadline, "no guard was seen within 30 s"
            time.sleep(0.1)
        yield dashboard
    finally:
        process.terminate()
        process.wait(20)


def _begun(dashboard: Dashboard) -> bool:
    """Whether a guard is seen; between two starts of the web process nobody listens."""
    try:
        return bool(dashboard.ask("/v1/status").json["guards"])
    except OSError:
        return False
