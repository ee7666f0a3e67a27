"""M1 bars for what the guard did not see: asked for after a gap, given to the next look, tried again once a minute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from loguru import logger

from guard.engine.bars_wanted import Wanted, bars_wanted
from guard.engine.policy import Policy
from guard.engine.step import CycleResult
from guard.model.errors import TerminalError
from guard.model.snapshot import Snapshot

if TYPE_CHECKING:
    from guard.terminal.port import Terminal

_AGAIN_S: Final = 60.0


class MissedBars:
    """Asks the terminal for bars when a limit's reference would be known by them."""

    def __init__(self, terminal: Terminal, clock: Callable[[], float]) -> None:
        """A terminal that has no history of bars is never asked."""
        self._ask: Any = getattr(terminal, "bars", None)
        self._clock = clock
        self._wanted: Wanted | None = None
        self._next_at = 0.0

    def note(self, result: CycleResult, snapshot: Snapshot, policy: Policy) -> None:
        """Remember what this look left open."""
        self._wanted = None if result.blind is not None or self._ask is None else (
            bars_wanted(snapshot, result.state, policy) if policy.equity_keys else None
        )  # fmt: skip

    def added(self, document: Mapping[str, object]) -> Mapping[str, object]:
        """The document with the bars that are wanted, once a minute at most."""
        wanted, now = self._wanted, self._clock()
        if wanted is None or now < self._next_at:
            return document
        self._next_at = now + _AGAIN_S
        try:
            found = self._ask(wanted.symbols, wanted.begin_s, wanted.end_s)
        except TerminalError as error:
            logger.warning("bars of {} cannot be read: {}", ", ".join(wanted.symbols), error)
            return document
        return {**document, "bars": found} if found else document
