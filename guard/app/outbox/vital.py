"""Whether the guard still finishes its looks, seen from outside its process; and the call that says so to the world."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final

from loguru import logger

from guard.app.logging import masked
from guard.app.outbox.rules import GUARD
from guard.app.outbox.store import Entry
from guard.model.errors import InputError
from guard.model.verdict import Severity

SILENT_S: Final = 60.0
_TIMEOUT_S: Final = 10.0
_LOOK_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Pulse:
    """The last finished look: when (UNIX seconds), and whether it saw the account."""

    at: float
    sees: bool
    document: dict[str, Any]


def pulse(status: Path) -> Pulse | None:
    """The running guard's last look, from its ``status.json``; ``None`` while there is none."""
    try:
        document = json.loads(status.read_text(encoding="utf-8"))
        at = datetime.fromisoformat(document["at"]).timestamp()
        return Pulse(at, document["state"] == "watching", document)
    except (OSError, ValueError, KeyError, TypeError):
        return None


class Silence:
    """Notices when the guard's looks stop although its process is there, and when they go on.

    Only time in which this process runs counts: a computer that slept all night has not been silent for a night.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock``: monotonic seconds."""
        self._clock = clock
        self._asked = clock()
        self._newest: float | None = None
        self._silent_s = 0.0
        self._told = False

    def notice(self, found: Pulse | None) -> Entry | None:
        """A notice when something changed; to be asked several times a second."""
        passed = self._clock() - self._asked
        self._asked += passed
        if found is not None and found.at != self._newest:
            self._newest, self._silent_s = found.at, 0.0
        else:
            self._silent_s += min(passed, _LOOK_S)
        now = time.time()
        if self._silent_s >= SILENT_S and not self._told:
            self._told = True
            text = f"The guard has not finished a look for {SILENT_S:.0f} s: look at its computer. Nothing is watched."
            return guard_entry(f"silent-{now:.0f}", now, Severity.UNKNOWN, "the guard is silent", text)
        if self._told and self._silent_s == 0.0:
            self._told = False
            return guard_entry(f"speaks-{now:.0f}", now, Severity.OK, "the guard looks again", "The guard looks again.")
        return None


def guard_entry(name: str, at: float, severity: Severity, title: str, text: str) -> Entry:
    """A notice about the guard itself, which the guard could not make."""
    return Entry(f"guard-{name}", 0, at, severity, GUARD, GUARD, title, text)


class Heartbeat:
    """Calls an address outside while the guard finishes looks that see the account; in a thread of its own."""

    def __init__(self, opening: Callable[[], str], every_s: float, status: Path) -> None:
        """``opening`` gives the address (a secret); ``status`` is the guard's ``status.json``."""
        self.why = ""
        """The last failure, empty when the last call arrived."""
        self.last_sent: float | None = None
        self._opening, self._every_s, self._status = opening, every_s, status
        self._told = 0.0
        threading.Thread(target=self._run, name="heartbeat", daemon=True).start()

    def _run(self) -> None:
        while True:
            self.beat()
            time.sleep(self._every_s)

    def beat(self) -> bool:
        """One call, if a look has been finished since the last one; whether it arrived."""
        deadline = time.monotonic() + self._every_s / 2
        while (found := self._finished()) is None:
            if time.monotonic() >= deadline:
                return False
            time.sleep(min(_LOOK_S, self._every_s / 10))
        why = self._call()
        if why and why != self.why:
            logger.warning("heartbeat: {}", why)
        self.why = why
        if not why:
            self._told, self.last_sent = found.at, time.time()
        return not why

    def _finished(self) -> Pulse | None:
        """A look that saw the account and has not been told of yet."""
        found = pulse(self._status)
        return found if found is not None and found.sees and found.at > self._told else None

    def _call(self) -> str:
        try:
            address = self._opening()
            if not address.startswith(("http://", "https://")):
                return "the address does not begin with http:// or https://"
            request = urllib.request.Request(address, headers={"User-Agent": "mt5-guard"})  # noqa: S310 - checked above
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - the same
                answer.read(1024)
        except InputError as error:
            return str(error)
        except urllib.error.HTTPError as error:
            error.close()
            return f"refused ({error.code}): check the address"
        except (OSError, ValueError, HTTPException) as error:
            return masked(f"no answer ({type(error).__name__}: {error})")
        return ""
