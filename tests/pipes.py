"""A client of the terminal's pipe that needs none: requests as the package writes them, replies as it reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from fakes import pipe_codec
from fakes.pipe_codec import COMMANDS
from fakes.pipe_desk import Client
from fakes.pipe_records import LAYOUTS
from fakes.pipe_server import House as Answering
from fakes.terminal_house import House
from fakes.terminal_plan import Planned

NOW = datetime(2026, 11, 21, 15, 30, tzinfo=UTC)


class Reply:
    """A whole reply, taken apart."""

    def __init__(self, data: bytes) -> None:
        self.whole = data
        assert pipe_codec.read_length(data[:4]) == len(data) - 4
        self.command = int.from_bytes(data[4:8], "little")
        self.status = int.from_bytes(data[8:12], "little", signed=True)
        self.data = data[12:]

    @property
    def number(self) -> int:
        assert len(self.data) == 4
        return int.from_bytes(self.data, "little")

    def record(self) -> dict[str, Any]:
        return LAYOUTS[COMMANDS[self.command].answer.split()[1]].unpack(self.data)

    def rows(self) -> list[dict[str, Any]]:
        layout = LAYOUTS[COMMANDS[self.command].answer.split()[1]]
        count = int.from_bytes(self.data[:4], "little")
        assert len(self.data) == 4 + count * layout.size
        return [layout.unpack(self.data[4 + i * layout.size :][: layout.size]) for i in range(count)]


class Caller:
    """Asks a house as a client would."""

    def __init__(self, house: Answering, number: int = 1) -> None:
        self.house, self.client = house, Client(number)

    def ask(self, command: int, **arguments: Any) -> Reply:
        return self.send(command, arguments)

    def send(self, command: int, arguments: Mapping[str, Any]) -> Reply:
        sent = pipe_codec.write_request(command, arguments)
        return Reply(self.house.answer(self.client, pipe_codec.read_request(sent[4:])))


class World:
    """A house on a clock that stands still until it is moved."""

    def __init__(self, plan: Iterable[Planned] = (), **options: Any) -> None:
        self.now_s, self.told, self.logged = 0.0, list[dict[str, Any]](), list[dict[str, Any]]()
        self.house = House(
            options, "C:\\Ghost\\terminal64.exe", options.pop("password", ""), NOW, lambda: self.now_s,
            lambda event: self.told.append(dict(event)), lambda event: self.logged.append(dict(event)),
            plan,
        )  # fmt: skip
        self.caller = Caller(self.house)

    def kinds(self) -> list[str]:
        return [event["event"] for event in self.told]
