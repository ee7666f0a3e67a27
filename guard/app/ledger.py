"""The deals since the oldest anchor in use, whatever part of them the worker sends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from guard.model.state import State

_WITHOUT_ANCHORS: Final = timedelta(days=8)
_SPARE: Final = timedelta(days=1)


def deals_from(state: State | None, now: datetime) -> datetime:
    """The UTC instant from which deals are needed: a day before the oldest anchor, at least the week so far.

    Anchors of the trading week can be rebuilt from balance deals, so a first start needs the week before.
    """
    oldest = now - _WITHOUT_ANCHORS
    if state is not None:
        for anchor in state.anchors.values():
            try:
                at = datetime.fromisoformat(anchor.at)
            except ValueError:
                continue
            oldest = min(oldest, (at if at.tzinfo is not None else at.replace(tzinfo=UTC)) - _SPARE)
    return oldest


class DealLedger:
    """Adds up the deals of all snapshots by ticket; the list stays the same object while nothing is new."""

    def __init__(self) -> None:
        """Start empty; the worker's first snapshot brings the history."""
        self._by_ticket: dict[int, Mapping[str, Any]] = {}
        self._last: object = None
        self._deals: list[Mapping[str, Any]] = []

    def merge(self, document: Mapping[str, object]) -> Mapping[str, object]:
        """The snapshot with all deals known so far; an absent section stays absent: unknown, not none."""
        section = document.get("deals")
        if not isinstance(section, list):
            return document
        if section is not self._last:
            self._last = section
            self._add(section)
        return {**document, "deals": self._deals}

    def _add(self, section: list[Any]) -> None:
        changed = False
        odd: list[Any] = []
        for deal in section:
            ticket = deal.get("ticket") if isinstance(deal, Mapping) else None
            if not isinstance(ticket, int):
                odd.append(deal)
            elif self._by_ticket.get(ticket) != deal:
                self._by_ticket[ticket] = deal
                changed = True
        if changed or odd or not self._deals:
            ordered = sorted(self._by_ticket.values(), key=_when)
            self._deals = [*ordered, *odd]


def _when(deal: Mapping[str, Any]) -> tuple[float, int]:
    at, ticket = deal.get("time_msc"), deal["ticket"]
    return (float(at) if isinstance(at, (int, float)) else 0.0, int(ticket))
