"""Nothing new until a given time, whatever becomes of the limit."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from guard.actions._closing import cancel
from guard.actions.base import Action, Ask, LockAsk, Plan, Positive
from guard.model.intent import TradingState


class LockUntil(Action):
    """A lock that stays when the limit is clear again, over restarts and edits of the file, until its end.

    ``until = "reset"``: the next reset of the limit's period; ``"manual"``: until you lift it with a command and a
    reason; or ``for_s`` seconds.
    """

    kind: ClassVar[str] = "lock_until"
    title: ClassVar[str] = "Lock"
    state: ClassVar[TradingState] = TradingState.HALTED

    until: str | None = Field(None, description="reset (of the limit's period) or manual", pattern="^(reset|manual)$")
    for_s: Positive | None = Field(None, description="seconds the lock lasts")

    def plan(self, ask: Ask) -> Plan:
        """Delete pending orders that can raise exposure."""
        return Plan(tuple(cancel(order.ticket, order.symbol) for order in ask.raising))

    def lock(self) -> LockAsk:
        """The latched lock; without an end of its own a person lifts it."""
        if self.for_s is not None:
            return LockAsk(self.for_s, latched=True)
        return LockAsk(self.until if self.until is not None else "manual", latched=True)
