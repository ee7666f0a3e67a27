"""The core's hold on its worker: deadlines, killing, replacing, backing off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from guard.model.errors import TerminalError
from guard.terminal.process import Channel

BACK_OFF_S = (0.0, 1.0, 2.0, 5.0, 15.0, 30.0)
Slow = tuple[float, Callable[[], None]]
LATE = "the terminal did not answer in time: is it running and logged in?"


class Link:
    """One worker after the other. Whatever goes wrong with one, it is replaced: nothing it says later is believed."""

    def __init__(
        self, start: Callable[[], Channel], opening: dict[str, Any], within_s: float, clock: Callable[[], float]
    ) -> None:
        """``start`` makes a worker, ``opening`` is the first request to it, which may take ``within_s`` seconds."""
        self._start_worker, self._opening_request, self._within_s, self._clock = start, opening, within_s, clock
        self._channel: Channel | None = None
        self._opened: dict[str, Any] = {}
        self._opening: float | None = None
        self._number = 0
        self._failures = 0
        self._not_before = 0.0
        self.restarts = 0
        self.generation = 0

    @property
    def pid(self) -> int | None:
        """The worker's process number, ``None`` while there is none or it is not ours."""
        return None if self._channel is None else self._channel.pid

    @property
    def instance(self) -> str | None:
        """The worker's own name for itself, once it is connected to the terminal."""
        told = self._opened.get("instance")
        return told if self.ready and isinstance(told, str) else None

    @property
    def ready(self) -> bool:
        """Whether there is a worker that has reached the terminal."""
        return self._channel is not None and self._opening is None

    def well(self) -> None:
        """A reading was good: the next failure is the first one again."""
        self._failures = 0

    def open(self) -> dict[str, Any]:
        """Start a worker and wait until it has reached the terminal; what it says of itself.

        Raises:
            TerminalError: It cannot be reached; the sentence says why.
        """
        self._start()
        if not self._finish_opening(self._within_s):
            self.replace(LATE)
        return self._opened

    def be_ready(self) -> None:
        """Start a worker when there is none and it is time; never waits long.

        Raises:
            TerminalError: There is none yet that has reached the terminal.
        """
        if self._channel is None:
            if self._clock() < self._not_before:
                raise TerminalError("waiting before the terminal worker is started again")
            self._start()
        if self._opening is not None and not self._finish_opening(0.05):
            if self._clock() - self._opening > self._within_s:
                self.replace(LATE)
            raise TerminalError("waiting for the terminal to answer")

    def ask(self, request: dict[str, Any], within_s: float, on_slow: Slow | None = None) -> object:
        """The body of the answer. ``on_slow`` is called once after its seconds, while the answer is awaited.

        Raises:
            TerminalError: There is none; unless the terminal merely refused, the worker has been replaced.
        """
        channel = self._channel
        if channel is None:
            raise TerminalError("there is no terminal worker")
        self._number += 1
        try:
            channel.ask({**request, "id": self._number, "within_s": within_s})
            reply = self._wait(channel, within_s, on_slow)
        except TerminalError as error:
            self.replace(str(error))
        if reply is None or reply.get("id") != self._number:
            self.replace(f"the terminal did not answer within {within_s:g} s: its worker was replaced")
        if reply.get("ipc") is True or reply.get("final") is True:
            # After an error of the link a late reply could answer the next call: nothing on it is believed any more.
            self.replace(str(reply.get("error")), later=reply.get("final") is True)
        if "error" in reply:
            raise TerminalError(str(reply["error"]))
        return reply.get("body")

    def replace(self, why: str, *, later: bool = False) -> NoReturn:
        """End the worker and start another: the first at once, further ones after 1, 2, 5, 15, 30 seconds.

        Raises:
            TerminalError: Always, with ``why``.
        """
        self.close()
        self.restarts += 1
        pause = BACK_OFF_S[min(max(self._failures, 1 if later else 0), len(BACK_OFF_S) - 1)]
        self._failures += 1
        self._not_before = self._clock() + pause
        if pause == 0.0:
            self._start()
        raise TerminalError(why)

    def close(self) -> None:
        """End the worker; the terminal keeps running."""
        if self._channel is not None:
            self._channel.kill()
        self._channel, self._opening, self._opened = None, None, {}

    def _start(self) -> None:
        self.close()
        self.generation += 1
        self._channel = channel = self._start_worker()
        self._opening = self._clock()
        self._number += 1
        channel.ask({**self._opening_request, "id": self._number, "within_s": self._within_s})

    def _wait(self, channel: Channel, within_s: float, on_slow: Slow | None) -> dict[str, Any] | None:
        if on_slow is None or on_slow[0] >= within_s:
            return channel.reply(within_s)
        reply = channel.reply(on_slow[0])
        if reply is None:
            on_slow[1]()
            reply = channel.reply(within_s - on_slow[0])
        return reply

    def _finish_opening(self, timeout_s: float) -> bool:
        channel = self._channel
        if channel is None:
            return False
        try:
            reply = channel.reply(timeout_s)
        except TerminalError as error:
            self.replace(str(error))
        if reply is None:
            return False
        if "error" in reply:
            self.replace(str(reply["error"]), later=True)
        body = reply.get("body")
        self._opened, self._opening = body if isinstance(body, dict) else {}, None
        return True
