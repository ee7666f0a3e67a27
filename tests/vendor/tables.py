"""The vendor tables (``tests/data/vendor``): calls of the real package with what came of them, and how to run one.

A line: ``function``, ``args``, ``kwargs`` (described values), ``call`` (``thread``: made in another thread), then
``returns`` (the repr) or ``raises`` (type and text, outermost exception first), and ``last_error`` unless the call left
it as it was. The package was never initialised and no terminal was installed, so what needs one fails with -10004.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.vendor.values import build

FOLDER = Path(__file__).parents[1] / "data" / "vendor"
TEXTS_OF = (3, 11)
"""Exception texts were recorded with this Python; others word some of them differently."""
KNOWN = {"volume": 1}
"""``order_send`` of this leaves a known last error: (-2, 'Invalid "volume" argument')."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call."""

    returned: str | None
    raised: tuple[tuple[str, str], ...]
    last_error: tuple[int, str]

    def __str__(self) -> str:
        what = self.returned if not self.raised else " <- ".join(f"{kind}: {text}" for kind, text in self.raised)
        return f"{what}; last error {self.last_error}"


def lines(name: str) -> Iterator[dict[str, Any]]:
    """The lines of a table of ``tests/data/vendor``."""
    with (FOLDER / name).open(encoding="utf-8") as table:
        yield from (json.loads(line) for line in table)


def _clean(text: str) -> str:
    return re.sub(r"0x[0-9A-Fa-f]{6,}", "0xADDR", text)


def _chain(fault: BaseException) -> Iterator[tuple[str, str]]:
    link: BaseException | None = fault
    while link is not None:
        yield type(link).__name__, _clean(str(link))
        link = link.__cause__ or link.__context__


def _plain(raised: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    exact = sys.version_info[:2] == TEXTS_OF
    return raised if exact else tuple((kind, "") for kind, _ in raised)


def wanted(line: dict[str, Any], before: tuple[int, str]) -> Outcome:
    """What the real package did."""
    code, text = line.get("last_error", before)
    raised = tuple((kind, said) for kind, said in line.get("raises", ()))
    returned = repr(before) if line.get("returns") == "the last error" else line.get("returns")
    return Outcome(returned, _plain(raised), (code, text))


def run(module: Any, line: dict[str, Any]) -> Outcome:
    """Make the call of a line."""
    call = getattr(module, line["function"])
    args = [build(item, module) for item in line.get("args", ())]
    kwargs = {name: build(item, module) for name, item in line.get("kwargs", {}).items()}
    found: list[Any] = []

    def make() -> None:
        try:
            answer = call(*args, **kwargs) if kwargs else call(*args)  # the package tells an empty mapping from none
            found.extend((_clean(repr(answer)), ()))
        except Exception as fault:  # noqa: BLE001 (whatever it is, it is the outcome)
            found.extend((None, _plain(tuple(_chain(fault)))))

    if line.get("call") == "thread":
        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
    else:
        make()
    code, text = module.last_error()
    return Outcome(found[0], found[1], (code, text))
