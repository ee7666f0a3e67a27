"""The vendor tables on the package that is installed here: ``python -m tests.windows.oracle [--write]``.

Makes every call and every sequence of ``tests/data/vendor`` on the real package and prints what came out otherwise than
the tables say; ``--write`` puts what came out into the tables, so that a new wheel's changes show in their history.
Exit code 0: no difference; 1: some.
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import warnings
from collections.abc import Iterator
from typing import Any

from tests.vendor.tables import FOLDER, KNOWN, Outcome, lines, run, wanted

PACKAGE = "MetaTrader5"
TABLES = ("calls.jsonl", "more_calls.jsonl")
SEQUENCES = "sequences.jsonl"
_TOLD = ("returns", "raises", "last_error")


def remade(line: dict[str, Any], came: Outcome, before: tuple[int, str]) -> dict[str, Any]:
    """The line with what came of it."""
    made = {name: value for name, value in line.items() if name not in _TOLD}
    if came.raised:
        made["raises"] = [list(each) for each in came.raised]
    elif line.get("returns") == "the last error" and came.returned == repr(before):
        made["returns"] = line["returns"]
    else:
        made["returns"] = came.returned
    if came.last_error != before or "last_error" in line:
        made["last_error"] = list(came.last_error)
    return made


def table(module: Any, name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any], str | None]]:
    """Every line, as it came out, and how it differs."""
    for line in lines(name):
        module.order_send(dict(KNOWN))
        before = module.last_error()
        want, came = wanted(line, before), run(module, line)
        different = None if came == want else f"{line['id']}: the table says {want}; the package: {came}"
        yield line, remade(line, came, before), different


def sequence(number: int) -> dict[str, Any]:
    """One sequence from a fresh start of the package: its steps as they came out. It needs a process of its own."""
    told = list(lines(SEQUENCES))[number]
    module: Any = importlib.import_module(PACKAGE)
    steps, different = [], []
    for place, step in enumerate(told["steps"], 1):
        if step.get("step") == "reload":
            module = importlib.reload(module)
        elif step.get("step") == "reimport":
            del sys.modules[PACKAGE]
            module = importlib.import_module(PACKAGE)
        else:
            before = module.last_error()
            want, came = wanted(step, before), run(module, step)
            if came != want:
                different.append(f"{told['id']} step {place}: the table says {want}; the package: {came}")
            steps.append(remade(step, came, before))
            continue
        steps.append(step)
    return {"line": {**told, "steps": steps}, "different": different}


def main() -> int:
    """Make all calls."""
    parser = argparse.ArgumentParser(prog="python -m tests.windows.oracle")
    parser.add_argument("--write", action="store_true", help="put what came out into the tables")
    parser.add_argument("--sequence", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    warnings.simplefilter("ignore", DeprecationWarning)
    if asked.sequence is not None:
        print(json.dumps(sequence(asked.sequence)))
        return 0
    module: Any = importlib.import_module(PACKAGE)
    found: dict[str, list[dict[str, Any]]] = {}
    different: list[str] = []
    for name in TABLES:
        rows = list(table(module, name))
        found[name] = [made for _, made, _ in rows]
        different += [said for _, _, said in rows if said is not None]
    found[SEQUENCES] = []
    for number in range(sum(1 for _ in lines(SEQUENCES))):
        command = [sys.executable, "-m", "tests.windows.oracle", "--sequence", str(number)]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)
        came = json.loads(done.stdout)
        found[SEQUENCES].append(came["line"])
        different += came["different"]
    for said in different:
        print(said.encode("ascii", "backslashreplace").decode())
    calls, sequences = sum(len(found[name]) for name in TABLES), len(found[SEQUENCES])
    print(f"{PACKAGE} {module.__version__}: {calls} calls, {sequences} sequences, {len(different)} differences")
    if asked.write:
        for name, made in found.items():
            text = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in made)
            (FOLDER / name).write_text(text, encoding="ascii", newline="\n")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
