"""A worker that someone else started, over a socket of this computer: of a Windows Python under Wine, for example."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any

from guard.model.errors import TerminalError
from guard.terminal.greeting import GREETING_S, PROTOCOL, nonce, own_address, proof, proves
from guard.terminal.inbox import socket_inbox
from guard.terminal.messages import BrokenMessageError, pack

CONNECT_S = 2.0


class Remote:
    """A ``Channel`` to ``python -m guard.terminal.worker --listen``, which serves each connection with a new worker."""

    def __init__(self, address: str, token: str | None) -> None:
        """Connect, and prove the token to each other.

        Raises:
            TerminalError: Nobody listens there, or who listens does not know the token.
        """
        if token is None:
            raise TerminalError("the worker's token is missing: set [terminal] token_file")
        host, port = own_address(address)
        try:
            self._socket = socket.create_connection((host, port), timeout=CONNECT_S)
        except OSError as error:
            why = f"no worker listens at {address} ({error}): start it with python -m guard.terminal.worker --listen"
            raise TerminalError(why) from error
        self._socket.settimeout(None)
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._inbox = socket_inbox(self._socket)
        try:
            self._greet(token)
        except TerminalError:
            self.kill()
            raise

    @property
    def pid(self) -> int | None:
        """Not a process of ours."""
        return None

    def ask(self, request: dict[str, Any]) -> None:
        """See ``Channel.ask``."""
        try:
            self._socket.sendall(pack(request))
        except (OSError, BrokenMessageError) as error:
            raise TerminalError(f"the connection to the terminal worker is lost ({error})") from error

    def reply(self, timeout_s: float) -> dict[str, Any] | None:
        """See ``Channel.reply``."""
        try:
            return self._inbox.take(timeout_s)
        except BrokenMessageError as error:
            raise TerminalError("the terminal worker has ended, or its connection is lost") from error

    def kill(self) -> None:
        """Close the connection; who listens there ends the worker that served it."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _greet(self, token: str) -> None:
        deadline = time.monotonic() + GREETING_S
        hello = self.reply(GREETING_S)
        theirs = None if hello is None else hello.get("nonce")
        if hello is None or hello.get("protocol") != PROTOCOL or not isinstance(theirs, str):
            raise TerminalError(f"who listens there is no guard worker of this version ({PROTOCOL})")
        own = nonce()
        try:
            self.ask({"nonce": own, "proof": proof(token, "core", theirs, own)})
            welcome = self.reply(max(0.0, deadline - time.monotonic()))
        except TerminalError:
            welcome = None
        if welcome is None or not proves(welcome.get("proof"), proof(token, "worker", theirs, own)):
            why = "the worker did not accept the token, or did not prove that it knows it"
            raise TerminalError(f"{why}: both must use the same token file")
