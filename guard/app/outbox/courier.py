"""One thread a channel: it waits for a message, sends it, and puts what became of it into the loop's queue."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue

from guard.app.logging import masked
from guard.app.outbox.rules import ChannelRules
from guard.app.outbox.secrets import resolve
from guard.app.outbox.store import Owed
from guard.model.errors import InputError
from guard.notify.base import Channel, ChannelError, Delivery, Message


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message and the deliveries it stands for."""

    message: Message
    told: tuple[Owed, ...]
    merged: tuple[Owed, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a parcel."""

    channel: str
    parcel: Parcel
    delivery: Delivery


def open_channel(rules: ChannelRules) -> Channel:
    """The channel behind a ``[[notify]]`` entry.

    Raises:
        InputError: The secret is not there, or no service can be reached by it; the sentence does not hold it.
    """
    from guard.notify.registry import channel  # noqa: PLC0415 - loads the library, in the channel's own thread

    try:
        return channel(resolve(rules.url))
    except ChannelError as error:
        raise InputError(f"{rules.url}: {error}") from error


class Courier:
    """Sends for one channel. Whatever the service does, only this thread waits."""

    def __init__(
        self,
        rules: ChannelRules,
        receipts: SimpleQueue[Receipt],
        opening: Callable[[ChannelRules], Channel] = open_channel,
    ) -> None:
        """``receipts``: where the outcomes go."""
        self.rules = rules
        self.busy_since: float | None = None
        """Monotonic seconds; ``None`` while it waits for work."""
        self._receipts = receipts
        self._opening = opening
        self._channel: Channel | None = None
        self._work: SimpleQueue[Parcel | None] = SimpleQueue()
        threading.Thread(target=self._run, name=f"channel {rules.name}", daemon=True).start()

    def send(self, parcel: Parcel) -> None:
        """Hand over a message; only while it is not busy."""
        self.busy_since = time.monotonic()
        self._work.put(parcel)

    def free(self) -> None:
        """The loop has its receipt."""
        self.busy_since = None

    def stop(self) -> None:
        """End the thread after what it does now."""
        self._work.put(None)

    def _run(self) -> None:
        while (parcel := self._work.get()) is not None:
            self._receipts.put(Receipt(self.rules.name, parcel, self._deliver(parcel.message)))

    def _deliver(self, message: Message) -> Delivery:
        try:
            if self._channel is None:
                self._channel = self._opening(self.rules)
            found = self._channel.send(message)
        except InputError as error:
            return Delivery(done=False, why=masked(str(error)))
        except Exception as error:  # noqa: BLE001 - a named place: whatever a service's code raises is a failed delivery
            return Delivery(done=False, why=masked(f"the channel has a fault ({type(error).__name__}: {error})"))
        return Delivery(found.done, masked(found.why), found.retry_after_s)
