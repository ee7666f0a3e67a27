"""The web process as seen from the command line: started and heard, or kept running beside the guard."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from guard.app.home import Home
from guard.app.outbox.child import Kept, hang_up, popen, say
from guard.app.web_access import Listen
from guard.model.errors import GuardError

MODULE: Final = "guard.web"
_GOODBYE_S: Final = 5.0


def work(home: Home, listen: Listen, *, token_home: Home | None = None, locks: Path | None = None) -> dict[str, Any]:
    """What the web process is told: no secret, it finds the token itself."""
    return {
        "home": str(home.root),
        "token_home": str((token_home if token_home is not None else home).root),
        "locks": str(locks) if locks is not None else None,
        **listen.told(),
    }


class WebRefusedError(GuardError):
    """The web process did not begin; it has said why itself."""

    def __init__(self, sentence: str, code: int) -> None:
        """``code``: its exit code."""
        super().__init__(sentence)
        self.exit_code = code


class Web:
    """One web process in the foreground: ``begin`` waits until it listens, ``wait`` until it ends."""

    def __init__(self, told: dict[str, Any]) -> None:
        """``told`` is made by ``work``."""
        self._process = popen(MODULE, heard=True)
        say(self._process, json.dumps(told).encode() + b"\n")

    def begin(self) -> str:
        """The address it listens at.

        Raises:
            WebRefusedError: It ended instead.
        """
        stream = self._process.stdout
        line = stream.readline() if stream is not None else b""
        heard: dict[str, Any] = json.loads(line) if line.strip() else {}
        if "url" in heard:
            return str(heard["url"])
        code = self._process.wait()
        raise WebRefusedError(str(heard.get("why", "the web process has ended; its log says why")), code or 1)

    def wait(self) -> int:
        """Until it ends; its exit code."""
        return self._process.wait()

    def close(self) -> None:
        """Have it end."""
        hang_up(self._process)
        try:
            self._process.wait(_GOODBYE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


class KeptWeb(Kept):
    """Keeps a web process running beside a guard, which never waits for it."""

    def __init__(self, told: dict[str, Any]) -> None:
        """``told`` is made by ``work``."""
        super().__init__("web", MODULE, told)


def kept_beside(told: dict[str, Any], say_where: Callable[[str], None]) -> KeptWeb:
    """Try once in the foreground, so that a port that is taken is a sentence now; then keep it running.

    Raises:
        WebRefusedError: It cannot begin.
    """
    first = Web(told)
    try:
        say_where(first.begin())
    finally:
        first.close()
    kept = KeptWeb(told)
    kept.start()
    return kept
