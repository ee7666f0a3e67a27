"""Serves the terminal's pipe: a thread for each name that waits for clients, a thread for each client. Windows only."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Protocol

from fakes import pipe_codec, pipe_faults
from fakes.faults import Fault
from fakes.pipe_codec import HEAD, BrokenRequestError, Request
from fakes.pipe_desk import Client, refuse
from fakes.pipe_faults import Leave, Switch, Wait, Write
from fakes.pipe_script import Script
from fakes.pipe_win32 import Pipe

_LONGEST = 1 << 16  # the package's requests are shorter than 5 kB


class House(Protocol):
    """What is behind the pipe. The server calls it for one request at a time."""

    def answer(self, client: Client, request: Request) -> bytes:
        """The whole reply."""
        ...

    def switch(self, login: int) -> None:
        """The terminal is on another account from now on."""
        ...

    def catch_up(self) -> None:
        """Move the market to the present."""
        ...

    def came(self, client: Client) -> None:
        """A client opened the pipe."""
        ...

    def left(self, client: Client) -> None:
        """A client is gone."""
        ...


class Server:
    """Serves until the process ends.

    Args:
        names: the pipe's names.
        house: what answers.
        script: faults; none by default.
    """

    def __init__(self, names: Iterable[str], house: House, script: Script | None = None) -> None:
        self._house = house
        self._script = script if script is not None else Script([], time.monotonic)
        self._lock = threading.Lock()
        self._clients = 0
        self._names = tuple(names)

    def start(self) -> None:
        """Make the pipes and begin to serve them.

        Raises:
            OSError: one of the names is served already.
        """
        made = [(name, Pipe(name, first=True)) for name in self._names]
        for name, pipe in made:
            threading.Thread(target=self._accept, args=(name, pipe), daemon=True).start()

    def tick(self) -> None:
        """Move the market although nobody asks."""
        with self._lock:
            self._house.catch_up()

    def _accept(self, name: str, pipe: Pipe) -> None:
        while True:
            came = pipe.wait()
            taken = pipe
            if came:
                fault = self._due("connect")
                if fault is None:
                    pipe = Pipe(name)  # before this client is served: the next one must find a pipe
                threading.Thread(target=self._serve, args=(taken,), daemon=True).start()
                if fault is None:
                    continue
                time.sleep(fault.seconds)  # busy: nobody finds a free one meanwhile
            else:
                taken.drop()
            pipe = Pipe(name)

    def _due(self, call: str) -> Fault | None:
        with self._lock:
            return self._script.due(call)

    def _serve(self, pipe: Pipe) -> None:
        with self._lock:
            self._clients += 1
            client = Client(self._clients)
            self._house.came(client)
        try:
            while (body := _message(pipe)) is not None and self._one(pipe, client, body):
                pass
        finally:
            with self._lock:
                self._house.left(client)
            pipe.drop()

    def _one(self, pipe: Pipe, client: Client, body: bytes) -> bool:
        try:
            request = pipe_codec.read_request(body)
        except BrokenRequestError:
            return len(body) >= HEAD and pipe.write(refuse(body))

        def carry_out() -> bytes:
            with self._lock:
                return self._house.answer(client, request)

        return self._take(pipe, pipe_faults.steps(self._due(request.command.call), request.command, carry_out))

    def _take(self, pipe: Pipe, steps: Iterable[pipe_faults.Step]) -> bool:
        """Take the steps of one request; ``False`` when the client is gone or sent away."""
        for step in steps:
            if isinstance(step, Write):
                if not pipe.write(step.data):
                    return False
            elif isinstance(step, Wait):
                time.sleep(step.seconds)
            elif isinstance(step, Switch):
                with self._lock:
                    self._house.switch(step.login)
            elif isinstance(step, Leave):
                pipe.flush()
                return False
        return True


def _message(pipe: Pipe) -> bytes | None:
    head = pipe.read(HEAD)
    if head is None:
        return None
    length = pipe_codec.read_length(head)
    return pipe.read(length) if 0 < length <= _LONGEST else None
