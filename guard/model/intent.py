"""What the guard means to do, the deeds it may do now, and what became of one."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class TradingState(IntEnum):
    """What the reached stages ask for; the strictest wins."""

    ACTIVE = 0
    REDUCING = 1
    HALTED = 2


class Deed(NamedTuple):
    """One request to the trade server that may be sent now. It closes, cancels or protects; it never opens.

    ``id`` is stable: intent, kind, ticket and attempt. ``kind`` is ``close``, ``close_by``, ``cancel`` or ``set_stop``;
    ``ticket`` the position's (of ``cancel``: the order's); ``lots`` what is closed, on the symbol's volume step;
    ``by`` the partner's ticket of a close-by; ``sl``/``tp`` both prices of a ``set_stop``, 0.0 for none. ``why`` is
    the sentence that names the breach. ``filling`` is the ORDER_FILLING to use when the server refused the usual one.
    """

    id: str
    intent: str
    kind: str
    ticket: int
    identifier: int | None
    symbol: str
    lots: float | None = None
    by: int | None = None
    sl: float | None = None
    tp: float | None = None
    why: str = ""
    filling: int | None = None

    @property
    def target(self) -> tuple[str, int]:
        """Kind and ticket: what must still be asked for by a fresh snapshot before the deed is sent."""
        return self.kind, self.ticket


class Intent(NamedTuple):
    """What the guard means to do about one breach; it lives as long as the breach does.

    ``status``: ``waiting`` (``why`` says for what), ``open`` (deeds are due or under way), ``blocked`` (``why`` says
    what forbids it), ``proved`` (done, and nothing is left to do), ``expired`` (its period is over) and ``lapsed``
    (the breach is gone). The last two are told once and forgotten. ``stage_pct`` is the stage that asks for it;
    ``since``, ``opened_at`` and ``expires_at`` are ISO UTC instants: begin of the breach, first sight by the engine,
    and the period's reset, or ``None`` where only the end of the breach ends it. ``tickets`` are the targets now,
    ``opened_s`` is ``opened_at`` on the engine's trusted clock, ``waited_s`` how long it has waited for a better price.
    """

    id: str
    limit: str
    kind: str
    action: str
    stage_pct: float
    since: str
    opened_at: str
    expires_at: str | None
    status: str
    why: str
    tickets: tuple[int, ...] = ()
    opened_s: float = 0.0
    waited_s: float = 0.0


class Sent(NamedTuple):
    """What became of a deed, as far as the link tells. Only a later snapshot proves an effect.

    ``retcode`` is the trade server's answer; ``None`` with ``refused`` ``None`` means that it may or may not have been
    carried out. ``refused`` says why the request never left the guard. ``volume`` (lots), ``deal`` and ``order`` are
    what the answer names; ``at_s`` is the monotonic second of the answer.
    """

    deed_id: str
    retcode: int | None
    volume: float | None = None
    deal: int | None = None
    order: int | None = None
    refused: str | None = None
    at_s: float | None = None
