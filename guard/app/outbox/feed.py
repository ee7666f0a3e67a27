"""From the journal to the outbox: reads new rows beside their writer, takes notices in and acknowledgements with them.

The bookmark moves in the transaction that takes the rows in, so that a kill at any instant neither loses nor doubles
a notice. The journal is only read, and each reading is short.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from guard.app.commands import KIND as COMMAND
from guard.app.outbox.rules import ChannelRules
from guard.app.outbox.store import Store
from guard.app.outbox.words import entry_of, seconds
from guard.journal.bodies import CYCLE, INTENT, NOTICE
from guard.journal.port import JournalError, Row
from guard.journal.sqlite import SqliteJournal, open_readonly

_BOOKMARK: Final = "journal"
_DAY_S: Final = 86400.0
_HEARTBEATS_BACK: Final = 20000
START: Final = "start"
HEARTBEAT: Final = "heartbeat"


class Feed:
    """Follows one journal."""

    def __init__(self, path: Path, store: Store, channels: Iterable[ChannelRules]) -> None:
        """``path``: the account's ``journal.db``."""
        self._path = path
        self._store = store
        self._channels = tuple(channels)
        self._journal: SqliteJournal | None = None
        self._inode = 0
        self._mode = "warn"
        self._verdicts: dict[str, Mapping[str, Any]] = {}
        self.answers: dict[str, Mapping[str, Any]] = {}
        """What became of commands since the start, by uid: the rows of the journal."""
        self.equity: deque[tuple[float, float]] = deque(maxlen=1500)
        """UNIX seconds and equity of the last day's heartbeats, oldest first."""

    @property
    def journal(self) -> SqliteJournal:
        """The journal, opened anew when its file is another one now.

        Raises:
            JournalError: It cannot be read.
        """
        inode = self._path.stat().st_ino if self._path.is_file() else 0
        if self._journal is None or inode != self._inode:
            self.close()
            self._journal, self._inode = open_readonly(self._path), inode
            self._begin(self._journal)
        return self._journal

    def _begin(self, journal: SqliteJournal) -> None:
        starts = list(journal.rows(START))
        if starts:
            self._mode = str(starts[-1].body.get("mode", self._mode))
        if self._store.mark(_BOOKMARK) is None:
            # A new outbox: what was journaled before this run is history, not news.
            self._store.set_mark(_BOOKMARK, str(starts[-1].seq if starts else 0))
        cursor = self.seq
        if not self.equity:
            for row in journal.rows(HEARTBEAT, max(0, cursor - _HEARTBEATS_BACK)):
                if row.seq <= cursor:
                    self._remember(row)

    @property
    def seq(self) -> int:
        """The last row that has been taken in."""
        mark = self._store.mark(_BOOKMARK)
        return 0 if mark is None else int(mark)

    def read(self) -> int:
        """Take in what is new; the number of rows.

        Raises:
            JournalError: The journal cannot be read now.
        """
        journal = self.journal
        rows = list(journal.rows(after=self.seq))
        if not rows:
            return 0
        with self._store.transaction():
            for number, row in enumerate(rows):
                self._take(row, rows, number)
            self._store.set_mark(_BOOKMARK, str(rows[-1].seq))
        return len(rows)

    def _take(self, row: Row, rows: list[Row], number: int) -> None:
        if row.kind == CYCLE:
            self._verdicts = {verdict["limit"]: verdict for verdict in row.body["verdicts"]}
        elif row.kind == NOTICE:
            limit = row.body["limit"]
            deeds = [later.body for later in _same_cycle(rows, number) if later.body.get("limit") == limit]
            verdict = self._verdicts.get(limit) if limit is not None else None
            self._store.take(entry_of(row.seq, row.body, verdict, deeds, self._mode), self._channels)
        elif row.kind == COMMAND:
            self.answers[str(row.body["uid"])] = row.body
            if row.body.get("verb") == "ack" and row.body.get("done") is True:
                self._store.acknowledge(row.body.get("notice"), row.seq, max(time.time(), seconds(row.at)))
        elif row.kind == START:
            self._mode = str(row.body.get("mode", self._mode))
        elif row.kind == HEARTBEAT:
            self._remember(row)

    def _remember(self, row: Row) -> None:
        value = row.body.get("equity")
        if isinstance(value, (int, float)):
            at = seconds(row.at)
            self.equity.append((at, float(value)))
            while self.equity and self.equity[0][0] < at - _DAY_S:
                self.equity.popleft()

    def close(self) -> None:
        """Close the journal."""
        if self._journal is not None:
            with suppress(JournalError):
                self._journal.close()
            self._journal = None


def _same_cycle(rows: list[Row], number: int) -> Iterable[Row]:
    """The intents that were journaled with the notice at ``number``."""
    for row in rows[number + 1 :]:
        if row.kind == INTENT:
            yield row
        elif row.kind != NOTICE:
            return
