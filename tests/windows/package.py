"""The real package in a process of its own, called from here as if it were loaded here, over a broker that is here.

The package holds its interpreter during a call, so whoever serves the pipe must not be in its process. A call is sent
to the child, whose package asks the pipe; a thread here answers from the attached broker.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import uuid
from collections.abc import Callable
from typing import Any

from fakes import metatrader5, views
from fakes.pipe_codec import Request
from fakes.pipe_desk import Access, Client, Desk
from fakes.pipe_names import pipe_names
from fakes.pipe_server import Server
from fakes.records import RECORD_TYPES, record
from tests.pipe_terminal import ROOT


class Attached:
    """Whatever broker is attached to the simulated module, as it is."""

    def __init__(self) -> None:
        self._desk = Desk(Access(0, "", ()), views.BUILD)
        self.commands: set[int] = set()

    def answer(self, client: Client, request: Request) -> bytes:
        """The whole reply."""
        self.commands.add(request.command.number)
        return self._desk.answer(client, request)

    def switch(self, login: int) -> None:
        """There is one account."""

    def catch_up(self) -> None:
        """Its owner moves it."""

    def came(self, client: Client) -> None:
        """Nothing to tell."""

    def left(self, client: Client) -> None:
        """Nothing to tell."""


class Package:
    """The simulated module's names; every vendor function goes through the real package."""

    def __init__(self) -> None:
        self.house = Attached()
        path = f"C:\\Ghost-{uuid.uuid4().hex[:8]}\\terminal64.exe"
        Server(pipe_names(path), self.house).start()
        self.calls = 0
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-m", "tests.windows.package", path], cwd=ROOT, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, encoding="utf-8",
        )  # fmt: skip
        assert self._line() == {"done": True}

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        told: dict[str, Any] = json.loads(self._process.stdout.readline())
        return told

    def close(self) -> None:
        """End the child."""
        self._process.communicate()

    def __getattr__(self, name: str) -> Any:
        if name in {"attach", "detach"} or not callable(getattr(metatrader5, name)):
            return getattr(metatrader5, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps({"call": name, "args": args, "kwargs": kwargs}) + "\n")
            self._process.stdin.flush()
            return _made(self._line()["value"])

        return call


def _plain(value: Any) -> Any:
    if hasattr(value, "_asdict"):
        return {"kind": type(value).__name__, "fields": {key: _plain(item) for key, item in value._asdict().items()}}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _made(value: Any) -> Any:
    if isinstance(value, dict):
        assert value["kind"] in RECORD_TYPES
        return record(value["kind"], {key: _made(item) for key, item in value["fields"].items()})
    return tuple(_made(item) for item in value) if isinstance(value, list) else value


def main(path: str) -> None:
    """The child: make the calls that come on standard input."""
    package: Any = importlib.import_module("MetaTrader5")
    print(json.dumps({"done": package.initialize(path)}))
    for line in sys.stdin:
        told = json.loads(line)
        function: Callable[..., Any] = getattr(package, told["call"])
        value = function(*told["args"], **told["kwargs"]) if told["kwargs"] else function(*told["args"])
        print(json.dumps({"value": _plain(value)}))


if __name__ == "__main__":
    main(sys.argv[1])
