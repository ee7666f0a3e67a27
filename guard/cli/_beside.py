"""The dashboard beside ``guard run``: kept running while the guard does, never waited for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from guard.app.home import find_home
from guard.app.web_access import Listen, read_token
from guard.app.web_child import kept_beside, work
from guard.cli import output
from guard.cli.web import opening


@contextmanager
def dashboard(port: int, home: Path | None, *, as_json: bool) -> Iterator[None]:
    """A web process on a port of this computer.

    Raises:
        GuardError: The port cannot be had, or the token cannot be read.
    """
    where = find_home(home)
    read_token(where)

    def say(url: str) -> None:
        for line in opening(url, home):
            (output.tell if as_json else output.say)(line)

    kept = kept_beside(work(where, Listen(port=port)), say)
    try:
        yield
    finally:
        kept.close()
