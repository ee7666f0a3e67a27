"""A name for what is held: it changes when a position or an order does, not when prices do."""

from __future__ import annotations

from guard.model.snapshot import Snapshot


def book_name(snapshot: Snapshot) -> str | None:
    """Positions and orders with their volumes as one text; ``None`` when they are not known."""
    if snapshot.positions is None or snapshot.orders is None:
        return None
    held = [f"{row.identifier}:{row.side}:{row.volume}" for row in snapshot.positions]
    waiting = [f"o{row.ticket}:{row.volume}:{row.price_open}" for row in snapshot.orders]
    return ",".join([*sorted(held), *sorted(waiting)])
