"""What a channel takes and answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from guard.model.verdict import Severity


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``id`` is the same when it is sent again; ``picture`` is a PNG or ``None``."""

    id: str
    severity: Severity
    title: str
    body: str
    picture: bytes | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one attempt.

    ``why`` is a sentence when it failed (it may still hold what the service said: mask it before it is kept);
    ``retry_after_s`` is how long the service wants to be left alone, ``None`` when it did not say.
    """

    done: bool
    why: str = ""
    retry_after_s: float | None = None


class ChannelError(ValueError):
    """An address that no channel can use; the sentence does not hold the address."""


class Channel(ABC):
    """A way out. ``send`` blocks for as long as the service takes, and is called from one thread at a time."""

    kind: ClassVar[str]
    takes_pictures: bool = False

    @classmethod
    @abstractmethod
    def takes(cls, address: str) -> bool:
        """Whether this kind knows what to do with an address."""

    @abstractmethod
    def __init__(self, address: str) -> None:
        """A channel to ``address``.

        Raises:
            ChannelError: The address cannot be used.
        """

    @abstractmethod
    def send(self, message: Message) -> Delivery:
        """Hand the message to the service."""
