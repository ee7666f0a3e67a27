"""What the guard asks of a terminal."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol


class Terminal(Protocol):
    """A source of snapshots. Raises only ``TerminalError`` and its like, each with one sentence."""

    @property
    def deals_from(self) -> datetime | None:
        """The UTC instant from which every snapshot holds all deals; ``None``: from the first one."""

    @deals_from.setter
    def deals_from(self, instant: datetime | None) -> None:
        """Set it; the next snapshot keeps to it."""

    def connect(self) -> dict[str, Any]:
        """Reach the terminal; returns what it says of itself (``terminal_info`` and ``account_info``).

        Raises:
            TerminalError: It cannot be reached.
        """

    def read_snapshot(self) -> dict[str, Any]:
        """A ``guard.snapshot/1`` document without ``state``; cold sections stay the same objects while unchanged.

        Raises:
            TerminalError: Nothing could be read, or not in time.
        """

    def close(self) -> None:
        """Let go of the terminal; it keeps running."""
