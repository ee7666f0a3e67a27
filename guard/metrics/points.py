"""Results counted in points of each symbol, as some traders count them: price moved in one's favour over the point."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from guard.metrics.trades import Trade
from guard.model.trading import Deal, Position, Symbol


def floating_points(positions: Iterable[Position], symbols: Mapping[str, Symbol]) -> float | None:
    """Points all positions are ahead (below 0: behind), each counted alike whatever its volume."""
    total = 0.0
    for row in positions:
        symbol = symbols.get(row.symbol) if row.symbol is not None else None
        opened, now = row.price_open, row.price_current
        if symbol is None or not symbol.point or row.side is None or opened is None or now is None:
            return None
        total += row.side * (now - opened) / symbol.point
    return total


def closed_points(
    deals: Iterable[Deal], since_s: float, lives: Iterable[Trade], symbols: Mapping[str, Symbol]
) -> float | None:
    """Points of what was closed since a server second; ``None`` when an entry or a symbol is not known."""
    entries = {trade.identifier: trade.entries for trade in lives}
    total = 0.0
    for deal in deals:
        if deal.type not in (0, 1) or deal.entry == 0 or deal.time is None or deal.time < since_s:
            continue
        symbol = symbols.get(deal.symbol) if deal.symbol is not None else None
        begun = entries.get(deal.position_id, ()) if deal.position_id is not None else ()
        known = [(one.price, one.volume) for one in begun if one.price is not None and one.volume]
        if symbol is None or not symbol.point or deal.price is None or not known:
            return None
        average = sum(price * volume for price, volume in known) / sum(volume for _, volume in known)
        side = 1 if deal.type == 1 else -1  # a sell deal closes a buy
        total += side * (deal.price - average) / symbol.point
    return total
