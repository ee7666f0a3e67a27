"""The loop of the notifier process: takes notices in, hands each channel what is due, keeps what became of it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import Final

from loguru import logger

from guard.app.outbox.courier import Courier, Parcel, Receipt, open_channel
from guard.app.outbox.feed import Feed
from guard.app.outbox.png import equity_picture
from guard.app.outbox.rules import LOUD, SUMMARY, ChannelRules, Rules, back_off_s
from guard.app.outbox.store import Entry, Owed, Store
from guard.app.outbox.summary import owe_summaries
from guard.app.outbox.words import message
from guard.journal.port import JournalError
from guard.model.verdict import Severity
from guard.notify.base import Channel, Message

_HOUR_S: Final = 3600.0
_CHORES_S: Final = 5.0
_FAILING_S: Final = 60.0
_FAILURES: Final = 3


class Sender:
    """Everything that leaves. ``tick`` never waits for a channel."""

    def __init__(
        self,
        rules: Rules,
        store: Store,
        feed: Feed,
        *,
        opening: Callable[[ChannelRules], Channel] = open_channel,
        clock: Callable[[], float] = time.time,
        spread: Callable[[], float] = random.random,
    ) -> None:
        """``opening``, ``clock`` (UNIX seconds) and ``spread`` are others only in tests."""
        self._rules, self._store, self._feed = rules, store, feed
        self._clock, self._spread = clock, spread
        self._receipts: SimpleQueue[Receipt] = SimpleQueue()
        self._couriers = {one.name: Courier(one, self._receipts, opening) for one in rules.channels}
        self._chores_at = 0.0
        self._unreadable = False
        store.tidy(rules.channels, clock())

    def tick(self) -> None:
        """Once through."""
        self._read()
        self._collect()
        if time.monotonic() >= self._chores_at:
            self._chores_at = time.monotonic() + _CHORES_S
            self._chores()
        states = self._store.channels()
        for courier in self._couriers.values():
            if courier.busy_since is None:
                self._hand(courier, states.get(courier.rules.name))

    def stuck_s(self) -> float:
        """How long the slowest channel has been at its present message, in seconds."""
        since = [one.busy_since for one in self._couriers.values() if one.busy_since is not None]
        return max((time.monotonic() - at for at in since), default=0.0)

    def nothing_owed(self) -> bool:
        """Whether every channel has been told everything that is due, also what waits for others or failed before."""
        now = self._clock()
        return all(one.busy_since is None and not self._store.owed(name, now) for name, one in self._couriers.items())

    def close(self) -> None:
        """End the threads that are idle; one that waits for a service ends with the process."""
        for courier in self._couriers.values():
            courier.stop()

    def own(self, entry: Entry, besides: str | None = None) -> None:
        """Take in a notice of the notifier's own, for all channels but ``besides``; within a transaction."""
        self._store.take(entry, [one for one in self._rules.channels if one.name != besides])

    def _read(self) -> None:
        try:
            self._feed.read()
        except JournalError as error:
            if not self._unreadable:
                logger.warning("the journal cannot be read now: {}", error)
            self._unreadable = True
        else:
            self._unreadable = False

    def _chores(self) -> None:
        now = self._clock()
        if self._rules.repeat_s > 0.0:
            self._store.owe_repeats(self._rules.channels, self._rules.repeat_s, now)
        if not self._unreadable:
            try:
                at = datetime.fromtimestamp(now, UTC)
                owe_summaries(self._rules, self._feed.journal, self._store, at, self._feed.seq)
            except JournalError as error:
                logger.warning("no summary now: {}", error)
        for name, state in self._store.channels().items():
            since = state["failing_since"]
            if since is None or state["told"] or state["failures"] < _FAILURES or now - since < _FAILING_S:
                continue
            at = datetime.fromtimestamp(since, UTC)
            text = f"Messages to {name} do not arrive since {at:%Y-%m-%d %H:%M:%S} UTC: {state['why']}"
            entry = Entry(f"channel-{name}-{at:%Y%m%dT%H%M%S}", 0, now, Severity.UNKNOWN, f"channel {name}", "messages",
                          f"{name} is not reached", text)  # fmt: skip
            with self._store.transaction():
                self.own(entry, besides=name)
                self._store.set_told(name)

    def _collect(self) -> None:
        while True:
            try:
                receipt = self._receipts.get_nowait()
            except Empty:
                return
            self._keep(receipt)
            self._couriers[receipt.channel].free()

    def _keep(self, receipt: Receipt) -> None:
        name, parcel, delivery, now = receipt.channel, receipt.parcel, receipt.delivery, self._clock()
        if delivery.done:
            self._store.sent(name, parcel.told, parcel.merged, now)
            logger.info("sent to {}: {} [{}]", name, parcel.message.title, parcel.message.id)
            return
        failures = int(self._store.channels().get(name, {"failures": 0})["failures"]) + 1
        wait_s = delivery.retry_after_s if delivery.retry_after_s is not None else back_off_s(failures, self._spread())
        self._store.failed(name, (*parcel.told, *parcel.merged), delivery.why, now + wait_s, now)
        text = "not sent to {}: {} [{}]; attempt {}, the next one in {:.0f} s"
        logger.warning(text, name, delivery.why, parcel.message.id, failures, wait_s)

    def _hand(self, courier: Courier, state: Mapping[str, object] | None) -> None:
        batch = self._batch(courier.rules, state)
        if not batch:
            return
        made, told, merged = message(batch, self._rules.label, self._rules.zone, self._rules.link)
        picture = self._picture(told) if courier.rules.picture else None
        made = Message(made.id, made.severity, made.title, made.body, picture)
        courier.send(Parcel(made, tuple(told), tuple(merged)))

    def _batch(self, rules: ChannelRules, state: Mapping[str, object] | None) -> list[Owed]:
        """What may leave for a channel now."""
        now = self._clock()
        not_before = state["not_before"] if state is not None else 0.0
        if isinstance(not_before, float) and now < not_before:
            return []
        owed = self._store.owed(rules.name, now)
        hours = self._rules.quiet
        if hours is not None and rules.quiet and hours.at(datetime.fromtimestamp(now, UTC)):
            owed = [one for one in owed if one.entry.severity is Severity.BREACH or one.entry.kind in LOUD]
        if not owed or any(one.entry.severity is Severity.BREACH for one in owed):
            return owed
        if min(one.due for one in owed) + self._rules.group_s > now:
            return []
        return owed if self._store.messages_since(rules.name, now - _HOUR_S) < rules.per_hour else []

    def _picture(self, told: Sequence[Owed]) -> bytes | None:
        """Equity of the last day against the floor of the first notice that has one; summaries show equity alone."""
        floor = next((one.entry.floor for one in told if one.entry.floor is not None), None)
        if floor is None and not any(one.entry.kind == SUMMARY for one in told):
            return None
        return equity_picture([value for _, value in self._feed.equity], floor)
