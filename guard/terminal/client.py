"""The core's side of the worker: deadlines, killing, replacing, backing off."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from guard.model.errors import TerminalError
from guard.terminal.process import Child

BACK_OFF_S = (0.0, 1.0, 2.0, 5.0, 15.0, 30.0)
COLD_DEADLINE_S = 10.0
OPEN_SPARE_S = 110.0
LEAST_HOT_S = 1.0


class WorkerTerminal:
    """A ``Terminal`` read through a worker process, which is killed and replaced when it misses a deadline."""

    def __init__(
        self,
        module: str = "MetaTrader5",
        path: str | Path | None = None,
        *,
        allow_simulated: bool = False,
        period_s: float = 0.25,
        open_timeout_s: float = 60.0,
        fake_options: Mapping[str, object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``allow_simulated`` and ``fake_options`` are for tests: no configuration reaches them."""
        self._arguments = ["--module", module, "--timeout", str(open_timeout_s)]
        if path is not None:
            self._arguments += ["--path", str(path)]
        if allow_simulated:
            self._arguments.append("--allow-simulated")
        self._environment = {} if fake_options is None else {"GUARD_FAKE_OPTIONS": json.dumps(dict(fake_options))}
        self._hot_deadline_s = max(2.0 * period_s, LEAST_HOT_S)
        self._open_deadline_s = open_timeout_s + OPEN_SPARE_S
        self._clock = clock
        self._child: Child | None = None
        self._number = 0
        self._opening: float | None = None
        self._failures = 0
        self._not_before = 0.0
        self._hot: dict[str, Any] = {}
        self._cold: dict[str, Any] = {}
        self._read_at: dict[str, str] = {}
        self._cold_errors: dict[str, str] = {}
        self._first = True
        self._deals_from: datetime | None = None
        self._cold_asked = False
        self.restarts = 0

    @property
    def deals_from(self) -> datetime | None:
        """The UTC instant from which deals are read, ``None``: all of them. A new one counts from the next reading."""
        return self._deals_from

    @deals_from.setter
    def deals_from(self, instant: datetime | None) -> None:
        self._cold_asked = self._cold_asked or instant != self._deals_from
        self._deals_from = instant

    @property
    def worker_pid(self) -> int | None:
        """The worker's process number, ``None`` while there is none."""
        return None if self._child is None else self._child.pid

    def connect(self) -> dict[str, Any]:
        """Start the worker and wait until it has reached the terminal.

        Raises:
            TerminalError: It cannot be reached; the sentence says why.
        """
        self._start()
        body = self._finish_opening(self._open_deadline_s)
        if body is None:
            self._replace("the terminal did not answer in time: is it running and logged in?")
        return body if body is not None else {}

    def read_snapshot(self) -> dict[str, Any]:
        """The account now.

        Raises:
            TerminalError: Nothing could be read, or not in time; the worker has been replaced where needed.
        """
        if self._child is None:
            if self._clock() < self._not_before:
                raise TerminalError("waiting before the terminal worker is started again")
            self._start()
        if self._opening is not None and self._finish_opening(0.05) is None:
            if self._clock() - self._opening > self._open_deadline_s:
                self._replace("the terminal did not answer in time: is it running and logged in?")
            raise TerminalError("waiting for the terminal to answer")
        reply = self._read_hot(COLD_DEADLINE_S if self._first else self._hot_deadline_s)
        if reply.get("cold_due") is True or self._first or self._cold_asked:
            self._read_cold(self._hot)
            if self._first:
                # The first cold read found conversion symbols, whose ticks belong to the same picture.
                reply = self._read_hot(COLD_DEADLINE_S)
        self._first = False
        self._failures = 0
        read_at = {**self._read_at, "hot": self._hot["taken_at"]}
        return {**self._hot, **self._cold, "read_at": read_at, "errors": {**self._cold_errors, **reply["errors"]}}

    def close(self) -> None:
        """End the worker; the terminal keeps running."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    def _read_hot(self, deadline_s: float) -> dict[str, Any]:
        """Ask for the hot part: only what changed comes through the pipe; the rest stays the same objects."""
        reply = self._ask({"op": "hot"}, deadline_s)
        fresh: dict[str, Any] = reply.get("hot", {})
        self._hot = {name: fresh[name] if name in fresh else self._hot[name] for name in reply.get("names", [])}
        return reply

    def _read_cold(self, hot: dict[str, Any]) -> None:
        offset, since = hot.get("server_utc_offset_s"), None
        if self._deals_from is not None and isinstance(offset, (int, float)):
            since = self._deals_from.timestamp() + offset
        body = self._ask({"op": "cold", "deals_from_s": since}, COLD_DEADLINE_S)
        names = body.get("names", [])
        fresh: dict[str, Any] = body.get("cold", {})
        self._cold = {name: fresh[name] if name in fresh else self._cold[name] for name in names}
        self._read_at, self._cold_errors = body.get("read_at", {}), body.get("errors", {})
        self._cold_asked = False

    def _start(self) -> None:
        self.close()
        self._hot, self._cold, self._first = {}, {}, True
        self._child = Child(self._arguments, self._environment)
        self._opening = self._clock()
        self._number += 1
        self._child.ask({"id": self._number, "op": "open"})

    def _finish_opening(self, timeout_s: float) -> dict[str, Any] | None:
        child = self._child
        if child is None:
            return None
        reply = self._guarded_reply(child, timeout_s)
        if reply is None:
            return None
        if "error" in reply:
            self._replace(str(reply["error"]), later=True)
        self._opening = None
        body = reply.get("body")
        return body if isinstance(body, dict) else {}

    def _ask(self, request: dict[str, Any], deadline_s: float) -> dict[str, Any]:
        child = self._child
        if child is None:
            raise TerminalError("there is no terminal worker")
        self._number += 1
        try:
            child.ask({**request, "id": self._number})
        except TerminalError as error:
            self._replace(str(error))
        reply = self._guarded_reply(child, deadline_s)
        if reply is None or reply.get("id") != self._number:
            self._replace(f"the terminal did not answer within {deadline_s:g} s: its worker was replaced")
        elif reply.get("ipc") is True or reply.get("final") is True:
            # After an error of the link a late reply could answer the next call: nothing on it is believed any more.
            self._replace(str(reply.get("error")), later=reply.get("final") is True)
        elif "error" in reply:
            raise TerminalError(str(reply["error"]))
        else:
            body = reply.get("body")
            if isinstance(body, dict):
                return body
        raise TerminalError("the terminal worker answered nonsense")

    def _guarded_reply(self, child: Child, timeout_s: float) -> dict[str, Any] | None:
        try:
            return child.reply(timeout_s)
        except TerminalError as error:
            self._replace(str(error))
            raise

    def _replace(self, why: str, *, later: bool = False) -> None:
        """Kill the worker and start another: the first at once, further ones after 1, 2, 5, 15, 30 seconds.

        Raises:
            TerminalError: Always, with ``why``.
        """
        self.close()
        self.restarts += 1
        pause = BACK_OFF_S[min(max(self._failures, 1 if later else 0), len(BACK_OFF_S) - 1)]
        self._failures += 1
        self._opening = None
        self._not_before = self._clock() + pause
        if pause == 0.0:
            self._start()
        raise TerminalError(why)
