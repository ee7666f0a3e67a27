"""What a running guard shows of itself: ``status.json``, for ``status`` and ``watch``.

It is written every five seconds, and every second while someone watches: ``watch`` and the dashboard
touch the file ``watched`` beside it. Who touches ``look.asked`` gets the whole account in ``look.json`` once.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from loguru import logger

from guard.app import account_lock
from guard.app.beat import NAME as BEAT
from guard.app.beat import BeatFile
from guard.app.files import replace_text
from guard.app.home import Account, Home

FORMAT: Final = "guard.status/1"
STALE_S: Final = 15.0
_WATCHED: Final = "watched"
_ASKED: Final = "look.asked"
LOOK: Final = "look.json"
_WATCHED_S: Final = 10.0
_QUICK_S: Final = 1.0
_QUIET_S: Final = 5.0


class LiveFile:
    """Writes the live figures; a failure is logged once and never stops the guard."""

    def __init__(self, path: Path) -> None:
        """``path``: the account's ``status.json``."""
        self._path = path
        self._marker = str(path.with_name(_WATCHED))
        self._look_marker = str(path.with_name(_ASKED))
        self._look_told = time.time()
        self._beat = BeatFile(path.with_name(BEAT))
        self._written_at = self._asked_at = -math.inf
        self._failing = False

    def beat(self, period_s: float, *, blind: bool) -> None:
        """A look has been finished."""
        self._beat.write(period_s, blind=blind)

    def due(self) -> bool:
        """Whether it is time to write again."""
        now = time.monotonic()
        if now - self._asked_at < _QUICK_S:
            return False
        self._asked_at = now
        return now - self._written_at >= _QUIET_S or self._watched()

    def _watched(self) -> bool:
        try:
            return time.time() - os.stat(self._marker).st_mtime < _WATCHED_S  # noqa: PTH116 - asked every second
        except OSError:
            return False

    def look_asked(self) -> bool:
        """Whether somebody has asked for the whole account since it was last written; to be asked when ``due``."""
        try:
            asked = os.stat(self._look_marker).st_mtime  # noqa: PTH116 - asked every second
        except OSError:
            return False
        if asked <= self._look_told:
            return False
        self._look_told = asked
        return True

    def write_look(self, document: Mapping[str, Any]) -> None:
        """Show the whole account, for questions such as what one more trade would do."""
        self._replace(self._path.with_name(LOOK), document)

    def write(self, document: Mapping[str, Any]) -> None:
        """Replace the file."""
        self._written_at = time.monotonic()
        self._replace(self._path, {"format": FORMAT, "pid": os.getpid(), **document})

    def _replace(self, path: Path, document: Mapping[str, Any]) -> None:
        try:
            replace_text(path, json.dumps(document, allow_nan=False))
        except (OSError, ValueError) as error:
            if not self._failing:
                logger.error("status file {} cannot be written: {}", path, error)
            self._failing = True
        else:
            self._failing = False

    def remove(self) -> None:
        """Take the files away at a clean stop."""
        self._beat.close()
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            logger.warning("status file {} cannot be removed: {}", self._path, error)


@dataclass(frozen=True, slots=True)
class Seen:
    """One account's last status: ``running`` is false when its guard is gone or silent, and ``why`` says so."""

    account: Account
    document: Mapping[str, Any]
    age_s: float
    running: bool
    why: str


def look(home: Home, only: Account | None = None, locks: Path | None = None) -> list[Seen]:
    """The accounts of this home that have a status, the running ones first, then the newest."""
    found = [seen for path in sorted(home.states.glob("*/status.json")) if (seen := _read(path, locks)) is not None]
    if only is not None:
        found = [seen for seen in found if seen.account.key == only.key]
    return sorted(found, key=lambda seen: (not seen.running, seen.age_s))


def mark_watched(home: Home, account: Account) -> None:
    """Ask the account's guard for figures every second, for the next ten seconds."""
    try:
        home.status(account).with_name(_WATCHED).touch()
    except OSError as error:
        logger.debug("cannot ask for quicker figures: {}", error)


def ask_look(home: Home, account: Account) -> Path:
    """Ask the account's guard for its whole account; the file in which the answer will be, within a second or two."""
    path = home.status(account)
    try:
        path.with_name(_ASKED).touch()
    except OSError as error:
        logger.debug("cannot ask for a look: {}", error)
    return path.with_name(LOOK)


def _read(path: Path, locks: Path | None) -> Seen | None:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            return None
        account = Account(int(document["account"]["login"]), str(document["account"]["server"]))
        at = datetime.fromisoformat(document["at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    age_s = max(0.0, (datetime.now(UTC) - at).total_seconds())
    if account_lock.holder(account, locks) is None:
        return Seen(account, document, age_s, running=False, why=f"its guard ended {age_s:.0f} s ago or later, unclean")
    if age_s > STALE_S:
        return Seen(account, document, age_s, running=False, why=f"its guard is there but silent for {age_s:.0f} s")
    return Seen(account, document, age_s, running=True, why="")
