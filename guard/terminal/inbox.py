"""Waiting for the worker's next message with a deadline, over a pipe or a socket."""

from __future__ import annotations

import io
import queue
import socket
import sys
import threading
import time
from typing import Any, BinaryIO, Protocol

from guard.terminal.messages import BrokenMessageError, Frames, receive

_SLICE_S = 0.25


class Inbox(Protocol):
    """Where replies arrive."""

    def take(self, timeout_s: float) -> dict[str, Any] | None:
        """The next message, or ``None`` when none came in time.

        Raises:
            BrokenMessageError: The other side is gone or speaks nonsense.
        """


class ThreadInbox:
    """A thread reads: Windows cannot wait for a pipe with a deadline."""

    def __init__(self, stream: BinaryIO) -> None:
        """``stream`` is closed when the other side is gone."""
        self._stream = stream
        self._messages: queue.SimpleQueue[dict[str, Any] | BrokenMessageError] = queue.SimpleQueue()
        self._broken: BrokenMessageError | None = None
        threading.Thread(target=self._collect, name="terminal replies", daemon=True).start()

    def take(self, timeout_s: float) -> dict[str, Any] | None:
        """See ``Inbox.take``."""
        if self._broken is not None:
            raise self._broken
        found = self._wait(timeout_s)
        if isinstance(found, BrokenMessageError):
            self._broken = found
            raise found
        return found

    def _wait(self, timeout_s: float) -> dict[str, Any] | BrokenMessageError | None:
        """In slices: on Windows a stop signal is heard only between two waits."""
        deadline = time.monotonic() + timeout_s
        while True:
            left = deadline - time.monotonic()
            try:
                return self._messages.get(timeout=min(left, _SLICE_S)) if left > 0.0 else self._messages.get_nowait()
            except queue.Empty:
                if left <= 0.0:
                    return None

    def _collect(self) -> None:
        try:
            while True:
                self._messages.put(receive(self._stream))
        except BrokenMessageError as error:
            self._messages.put(error)
        finally:
            self._stream.close()


if sys.platform == "win32":

    def pipe_inbox(stream: BinaryIO) -> Inbox:
        """The inbox of a child's output."""
        return ThreadInbox(stream)

    def socket_inbox(link: socket.socket) -> Inbox:
        """The inbox of a connection."""
        return ThreadInbox(link.makefile("rb"))
else:
    import os
    import select

    class PollInbox:
        """The system waits: no thread, about a tenth of a millisecond cheaper for each message."""

        def __init__(self, file: int) -> None:
            """``file`` is the descriptor; its owner closes it."""
            self._file, self._frames = file, Frames()
            self._poll = select.poll()
            self._poll.register(file, select.POLLIN)

        def take(self, timeout_s: float) -> dict[str, Any] | None:
            """See ``Inbox.take``."""
            message = self._frames.next()
            if message is not None:
                return message
            deadline = time.monotonic() + timeout_s
            while True:
                left = deadline - time.monotonic()
                if not self._poll.poll(max(0.0, left * 1000.0)):
                    return None
                try:
                    data = os.read(self._file, io.DEFAULT_BUFFER_SIZE * 8)
                except OSError as error:
                    raise BrokenMessageError(f"the other side is gone: {error}") from error
                if not data:
                    raise BrokenMessageError("the other side is gone")
                message = self._frames.arrived(data)
                if message is not None:
                    return message

    def pipe_inbox(stream: BinaryIO) -> Inbox:
        """The inbox of a child's output."""
        return PollInbox(stream.fileno())

    def socket_inbox(link: socket.socket) -> Inbox:
        """The inbox of a connection."""
        return PollInbox(link.fileno())
