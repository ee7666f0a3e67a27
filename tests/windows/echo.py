"""A terminal that answers random records: ``python -m tests.windows.echo --path … --seed N``. No broker is behind it.

What it answers follows from the seed, the command and the request, so that whoever knows the seed knows the answer.
Every request is printed as a line. A number in a request's text is how many records come.
"""

from __future__ import annotations

import argparse
import base64
import math
import os
import random
import struct
import sys
from collections.abc import Mapping
from typing import Any

from fakes import pipe_codec
from fakes.pipe_codec import Command, Request
from fakes.pipe_desk import Client
from fakes.pipe_names import pipe_names
from fakes.pipe_records import LAYOUTS, TABLE
from fakes.pipe_server import Server
from fakes.terminal import Lines

USUAL_COUNT = 3
_LINK = {4: pipe_codec.number(5660), 5: b"", 109: pipe_codec.number(2)}
LETTERS = "aZ ÄéßŁωЖ漢字\N{GRINNING FACE}"
LIMITS = {"u32": (0, 2**32 - 1), "i32": (-(2**31), 2**31 - 1), "u64": (0, 2**64 - 1), "i64": (-(2**63), 2**63 - 1)}
FLOATS = (0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, float("inf"), float("-inf"), 0.1)


def text(draw: random.Random, units: int) -> str:
    """Any text of at most so many UTF-16 units; often exactly so many."""
    wanted = units if draw.random() < 0.5 else draw.randrange(units + 1)
    made, left = [], wanted
    while left > 0:
        letter = draw.choice(LETTERS)
        if ord(letter) > 0xFFFF and left < 2:
            letter = "é"
        made.append(letter)
        left -= 2 if ord(letter) > 0xFFFF else 1
    return "".join(made)


def value(draw: random.Random, kind: str) -> Any:
    """An edge value or a random one of a field's kind."""
    if kind == "bool":
        return draw.random() < 0.5
    if kind == "f64":
        bits: float = struct.unpack("<d", draw.randbytes(8))[0]
        return draw.choice(FLOATS) if draw.random() < 0.3 or math.isnan(bits) else bits
    if kind.startswith("w"):
        return text(draw, int(kind[1:]) - 1)
    low, high = LIMITS[kind]
    return draw.choice((low, high, 0, 1)) if draw.random() < 0.3 else draw.randint(low, high)


def record(draw: random.Random, name: str) -> dict[str, Any]:
    """All fields of a record."""
    pairs = (field.split() for field in TABLE["records"][name].split(", "))
    return {field: value(draw, kind) for field, kind in pairs if field != "-"}


def count_of(arguments: Mapping[str, Any]) -> int:
    """How many records a request asks for."""
    for told in (arguments.get("symbol"), arguments.get("group"), arguments.get("position"), arguments.get("count")):
        if isinstance(told, int) or (isinstance(told, str) and told.isdigit()):
            return int(told)
    return USUAL_COUNT


def answer(seed: int, command: Command, arguments: Mapping[str, Any]) -> Any:
    """What is answered: a list of records, a record, a number, a triple or nothing."""
    draw = random.Random(f"{seed} {command.number}")
    kind, _, name = command.answer.partition(" ")
    if kind == "rows":
        return [record(draw, name) for _ in range(count_of(arguments))]
    if kind == "record":
        return record(draw, name)
    if kind == "version":
        return draw.getrandbits(31), draw.getrandbits(31), text(draw, 40)  # version() reads its numbers with a sign
    if kind == "amount":
        return value(draw, "f64")
    return draw.getrandbits(31) if kind == "number" else True


class _Row(dict[str, Any]):
    def _asdict(self) -> dict[str, Any]:
        return self


class _Rows(list[dict[str, Any]]):
    def __init__(self, name: str, rows: list[dict[str, Any]]) -> None:
        super().__init__(rows)
        self._name = name

    def tobytes(self) -> bytes:
        return b"".join(LAYOUTS[self._name].pack(row) for row in self)


class Echo:
    """The house of random records."""

    def __init__(self, seed: int, lines: Lines) -> None:
        self._seed, self._lines = seed, lines

    def answer(self, client: Client, request: Request) -> bytes:  # noqa: ARG002 (each client is answered the same)
        command = request.command
        self._lines.tell({"event": "call", "command": command.number, "arguments": _told(request.arguments)})
        if command.number in _LINK:
            return pipe_codec.reply(command.number, 1, _LINK[command.number])
        made = answer(self._seed, command, request.arguments)
        kind, _, name = command.answer.partition(" ")
        data = b""
        if kind == "rows":
            data = pipe_codec.rows(name, _Rows(name, made) if name in {"Rate", "TickRow"} else map(_Row, made))
        elif kind == "record":
            data = pipe_codec.one(name, _Row(made))
        elif kind == "version":
            data = pipe_codec.version(made)
        elif kind != "done":
            data = pipe_codec.amount(made) if kind == "amount" else pipe_codec.number(made)
        return pipe_codec.reply(command.number, 1, data)

    def switch(self, login: int) -> None:
        """There is no account."""

    def catch_up(self) -> None:
        """There is no market."""

    def came(self, client: Client) -> None:
        """Nothing to tell."""

    def left(self, client: Client) -> None:
        """Nothing to tell."""


def _told(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Floats by their bytes, so that infinities pass JSON."""
    found: dict[str, Any] = {}
    for name, item in arguments.items():
        if isinstance(item, Mapping):
            found[name] = _told(item)
        else:
            found[name] = base64.b64encode(struct.pack("<d", item)).decode() if isinstance(item, float) else item
    return found


def main() -> int:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--path", required=True)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    lines = Lines(sys.stdout)
    Server(pipe_names(asked.path), Echo(asked.seed, lines)).start()
    lines.tell({"event": "ready"})
    while os.read(0, 4096):
        pass
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)
