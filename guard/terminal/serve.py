"""Serves guards of this computer over a socket: each connection gets a worker of its own, which ends with it.

This process never loads the vendor's module, so a terminal that hangs cannot stop it from replacing a worker.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from io import FileIO
from typing import cast

from guard.model.errors import InputError, TerminalError
from guard.terminal.greeting import GREETING_S, LARGEST_GREETING, PROTOCOL, nonce, proof, proves
from guard.terminal.messages import BrokenMessageError, Frames, pack
from guard.terminal.process import end_worker, start_worker

MOST_CONNECTIONS = 8
BLOCK = 65536


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one.

    Raises:
        InputError: The address is taken.
    """
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise InputError(f"{host}:{port} cannot be used ({error}): is a worker running already?") from error


def serve(
    listener: socket.socket,
    token: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    tell: Callable[[str], None],
) -> None:
    """Accept connections until the listener is closed; ``tell`` gets one sentence for each event."""
    places = threading.BoundedSemaphore(MOST_CONNECTIONS)
    while True:
        try:
            link, _ = listener.accept()
        except OSError:
            return
        if not places.acquire(blocking=False):
            link.close()
            continue

        def carry(link: socket.socket = link) -> None:
            try:
                with link:
                    _serve_one(link, token, arguments, environment, tell)
            finally:
                places.release()

        threading.Thread(target=carry, name="guard connection", daemon=True).start()


def _serve_one(
    link: socket.socket,
    token: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    tell: Callable[[str], None],
) -> None:
    try:
        welcomed = _greet(link, token)
    except (OSError, BrokenMessageError):
        welcomed = False
    if not welcomed:
        tell("a connection was refused: it did not prove that it knows the token")
        return
    try:
        worker = start_worker(arguments, environment)
    except TerminalError as error:
        tell(str(error))
        return
    tell(f"a guard is connected; worker {worker.pid} serves it")
    outward = threading.Thread(target=_outward, args=(worker, link), name="replies", daemon=True)
    outward.start()
    try:
        _inward(worker, link)
    finally:
        end_worker(worker)
        tell(f"worker {worker.pid} has ended")


def _greet(link: socket.socket, token: str) -> bool:
    with contextlib.suppress(OSError):
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    own, deadline, frames = nonce(), time.monotonic() + GREETING_S, Frames(LARGEST_GREETING)
    link.sendall(pack({"protocol": PROTOCOL, "nonce": own}))
    while (answer := frames.next()) is None:
        link.settimeout(max(0.01, deadline - time.monotonic()))
        data = link.recv(LARGEST_GREETING)
        if not data:
            return False
        frames.feed(data)
    theirs = answer.get("nonce")
    if not isinstance(theirs, str) or not proves(answer.get("proof"), proof(token, "core", own, theirs)):
        return False
    link.settimeout(None)
    link.sendall(pack({"proof": proof(token, "worker", own, theirs)}))
    return True


def _inward(worker: subprocess.Popen[bytes], link: socket.socket) -> None:
    """Requests, until the guard or the worker is gone."""
    stream = cast("FileIO", worker.stdin)
    with contextlib.suppress(OSError, ValueError):
        while data := link.recv(BLOCK):
            rest = memoryview(data)
            while rest:
                rest = rest[stream.write(rest) :]


def _outward(worker: subprocess.Popen[bytes], link: socket.socket) -> None:
    """Replies; when the worker is gone the connection is closed, so that the guard sees it at once."""
    stream = cast("FileIO", worker.stdout)
    with contextlib.suppress(OSError, ValueError):
        while data := stream.read(BLOCK):
            link.sendall(data)
    with contextlib.suppress(OSError):
        link.shutdown(socket.SHUT_RDWR)
