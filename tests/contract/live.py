"""How the live contract reaches a terminal, and where it writes down what it learns.

``GUARD_LIVE`` switches it on: ``1`` for the terminal that runs, else the path of its terminal64.exe.
``GUARD_LIVE_ANSWERS`` names a JSON file for the answers to the open questions. ``GUARD_LIVE_MODULE`` is another module
than MetaTrader5 (the suite's own test uses the simulated one).
"""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from guard.terminal.client import WorkerTerminal
from guard.terminal.plain import last_error
from guard.terminal.port import Connection

DEMO = 0


def told() -> str:
    """What ``GUARD_LIVE`` says; skips without it."""
    value = os.environ.get("GUARD_LIVE", "")
    if not value:
        pytest.skip("GUARD_LIVE is not set: docs/guide/live-contract.md says how to run this against a terminal")
    return value


def path() -> str | None:
    value = told()
    return None if value == "1" else value


def module_name() -> str:
    return os.environ.get("GUARD_LIVE_MODULE", "MetaTrader5")


def worker() -> WorkerTerminal:
    """A worker over the terminal; a simulated one only for the suite's own test."""
    name = module_name()
    return WorkerTerminal(Connection(name, path=path()), allow_simulated=name != "MetaTrader5")


def connected_module() -> Iterator[Any]:
    """The vendor's module itself, connected in this process, for questions about single calls."""
    module = importlib.import_module(module_name())
    where = path()
    assert module.initialize(*(() if where is None else (where,))), last_error(module)
    yield module
    module.shutdown()


class Answers:
    """What was learnt, question by question."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}

    def note(self, question: str, **facts: Any) -> None:
        """One question's facts: numbers and texts, nothing that names the account."""
        self.found.setdefault(question, {}).update(facts)

    def write(self) -> None:
        text = json.dumps(self.found, indent=1, default=str)
        file = os.environ.get("GUARD_LIVE_ANSWERS")
        if file:
            Path(file).write_text(text + "\n", encoding="utf-8")
