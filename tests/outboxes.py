"""For tests of messages: a folder with a journal, an outbox over it, and channels that do as they are told."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from guard.app.outbox.feed import Feed
from guard.app.outbox.rules import ChannelRules, Rules
from guard.app.outbox.sender import Sender
from guard.app.outbox.store import Store, open_store
from guard.journal.sqlite import SqliteJournal, open_journal
from guard.notify.base import Channel, Delivery, Message

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC).timestamp()


class Told(Channel):
    """Keeps what it is told to send; ``answers`` are used up first."""

    kind: ClassVar[str] = "told"
    takes_pictures = True

    def __init__(self, address: str = "") -> None:
        self.address = address
        self.messages: list[Message] = []
        self.answers: list[Delivery] = []
        self.hold: Callable[[], None] = lambda: None

    @classmethod
    def takes(cls, address: str) -> bool:
        return address == "told"

    def send(self, message: Message) -> Delivery:
        self.hold()
        answer = self.answers.pop(0) if self.answers else Delivery(done=True)
        if answer.done:
            self.messages.append(message)
        return answer


@dataclass
class Post:
    """A journal and everything that sends its notices, with a clock of its own."""

    journal: SqliteJournal
    store: Store
    feed: Feed
    sender: Sender
    channels: dict[str, Told]
    now: list[float] = field(default_factory=lambda: [NOON])

    def iso(self) -> str:
        return datetime.fromtimestamp(self.now[0], UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def says(self, severity: str, limit: str | None = "day", sentence: str = "The day's loss.", **more: Any) -> int:
        body = {"key": "k", "at": self.iso(), "severity": severity, "limit": limit, "kind": "period_loss",
                "sentence": sentence, **more}  # fmt: skip
        return self.journal.commit("notice", body, at=self.iso())

    def acks(self, number: int | None) -> int:
        body = {"id": 1, "uid": f"u{time.monotonic()}", "verb": "ack", "done": True, "notice": number, "answer": "yes."}
        return self.journal.commit("command", body, at=self.iso())

    def passes(self, seconds: float) -> None:
        """Time goes by, and the sender comes round until every channel is idle."""
        self.now[0] += seconds
        self.sender._chores_at = 0.0
        for _ in range(3):
            self.sender.tick()
            deadline = time.monotonic() + 5.0
            while self.sender.stuck_s() and time.monotonic() < deadline:
                time.sleep(0.002)
                self.sender._collect()

    def titles(self, channel: str = "phone") -> list[str]:
        return [message.title for message in self.channels[channel].messages]


@contextmanager
def post(folder: Path, *channels: ChannelRules, **changes: Any) -> Iterator[Post]:
    """Everything over ``folder``; opened again, it goes on where the last one stopped."""
    rules = Rules(
        channels=channels or (ChannelRules("phone", "env:PHONE"),), label="mine", zone=ZoneInfo("UTC"),
        **{"group_s": 2.0, "repeat_s": 900.0, **changes},
    )  # fmt: skip
    told = {one.name: Told() for one in rules.channels}
    journal, now = open_journal(folder / "journal.db"), [NOON]
    store = open_store(folder / "outbox.db")
    feed = Feed(folder / "journal.db", store, rules.channels)
    sender = Sender(
        rules, store, feed, opening=lambda one: told[one.name], clock=lambda: now[0], spread=lambda: 0.0
    )  # fmt: skip
    try:
        yield Post(journal, store, feed, sender, told, now)
    finally:
        sender.close()
        feed.close()
        store.close()
        journal.close()
