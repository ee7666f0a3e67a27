"""Telling systemd that the guard is ready, looks, and stops; nothing where no systemd asked.

Source: sd_notify(3): datagrams to the socket named in NOTIFY_SOCKET.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from typing import Final

from loguru import logger

_EVERY_S: Final = 5.0


class Watchdog:
    """``looked`` is called after every finished look; it sends at most one message in five seconds."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        """Asks the environment once."""
        self._address = environ.get("NOTIFY_SOCKET", "")
        self._ready = False
        self._due = 0.0

    def looked(self) -> None:
        """A look has been finished: blind or not, the guard is alive."""
        if not self._address:
            return
        now = time.monotonic()
        if now >= self._due:
            self._due = now + _EVERY_S
            self._tell("WATCHDOG=1" if self._ready else "READY=1\nWATCHDOG=1")
            self._ready = True

    def stopping(self) -> None:
        """The guard ends on purpose."""
        if self._address:
            self._tell("STOPPING=1")

    def _tell(self, words: str) -> None:
        family = getattr(socket, "AF_UNIX", None)
        if family is None:
            self._address = ""
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as to:
                to.setblocking(False)
                to.sendto(words.encode(), address)
        except OSError as error:
            logger.debug("systemd was not told: {}", error)
