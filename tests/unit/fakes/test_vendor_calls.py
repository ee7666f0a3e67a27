"""Calls of the vendor's package, made without a terminal, end the same way on the simulated module.

Where the package itself can be imported (Windows), the same tables are held against it: a test of the facts.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from fakes import metatrader5
from tests.vendor.tables import KNOWN, lines, run, wanted

MODULES = ("fakes.metatrader5", "MetaTrader5")
TABLES = {"calls.jsonl": 1247, "more_calls.jsonl": 1040}
FUNCTIONS = sorted({line["function"] for name in TABLES for line in lines(name)})


@pytest.fixture(params=MODULES)
def module(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module under test, as freshly imported and with no terminal on the computer."""
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed: it exists for Windows only")
    monkeypatch.setenv("GUARD_FAKE_OPTIONS", '{"installed": false}')
    metatrader5.detach()
    yield importlib.import_module(request.param)
    metatrader5.detach()


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # numpy's, about turning arrays into numbers
def test_every_call_ends_as_with_the_real_package(module: Any, function: str, table: str) -> None:
    different = []
    for line in lines(table):
        if line["function"] != function:
            continue
        assert module.order_send(dict(KNOWN)) is None
        before = module.last_error()
        want, got = wanted(line, before), run(module, line)
        if got != want:
            different.append(f"{line['id']}: wanted {want}; got {got}")
    assert different == []


def test_the_tables_are_whole() -> None:
    assert {name: sum(1 for _ in lines(name)) for name in TABLES} == TABLES
    assert sum(1 for _ in lines("sequences.jsonl")) == 20


@pytest.mark.parametrize("sequence", list(lines("sequences.jsonl")), ids=lambda line: line["name"].replace(" ", "-"))
def test_sequences_from_a_fresh_start_go_as_with_the_real_package(
    sequence: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUARD_FAKE_OPTIONS", '{"installed": false}')
    metatrader5.detach()
    module: Any = metatrader5
    assert module.last_error() == (0, "")
    for number, step in enumerate(sequence["steps"], 1):
        if step.get("step") == "reload":
            module = importlib.reload(module)
        elif step.get("step") == "reimport":
            monkeypatch.delitem(sys.modules, module.__name__)
            module = importlib.import_module(module.__name__)
        else:
            want, got = wanted(step, module.last_error()), run(module, step)
            assert got == want, f"step {number}: {step}"
    metatrader5.detach()


def test_no_call_changes_the_request_it_was_given() -> None:
    request = {"action": 1, "symbol": "EURUSD", "volume": 1.0, "junk": [1]}
    metatrader5.order_send(request)
    metatrader5.order_check(request)
    assert request == {"action": 1, "symbol": "EURUSD", "volume": 1.0, "junk": [1]}
