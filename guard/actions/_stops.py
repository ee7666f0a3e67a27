"""Where a stop may stand: on the right side of the price, and far enough from it."""

from __future__ import annotations

import math
from typing import Final

from guard.actions._closing import side_of
from guard.actions.base import Ask, Wish
from guard.metrics.book import PositionFigures

SPREADS: Final = 3.0


def price_of(row: PositionFigures, ask: Ask) -> float | None:
    """What a close would get now: bid for a bought position, ask for a sold one."""
    tick = ask.metrics.snapshot.ticks.get(row.in_symbol.name)
    quote = None if tick is None else (tick.bid if side_of(row) > 0 else tick.ask)
    return quote if quote else row.position.price_current


def least_distance(row: PositionFigures, ask: Ask) -> tuple[float | None, str]:
    """The smallest distance of a stop as a price: the stops level, 3 spreads, the last hour's range; or why not."""
    symbol, spread = row.in_symbol.symbol, row.in_symbol.spread
    hour = ask.hour_range.get(row.in_symbol.name)
    if symbol is None or symbol.point is None or spread is None:
        return None, f"the stops level or the spread of {row.in_symbol.name} is unknown"
    if hour is None:
        return None, f"the range of {row.in_symbol.name} in the last hour is not known yet"
    level = symbol.stops_level * symbol.point if symbol.stops_level is not None else 0.0
    return max(level, SPREADS * spread, hour), ""


def hedged(row: PositionFigures, ask: Ask) -> bool:
    """Whether an opposite position of the symbol is held: a stop would remove one leg only."""
    side = side_of(row)
    held = ask.metrics.bare_rows
    return any(one.in_symbol is row.in_symbol and side_of(one) == -side for one in held or ())


def on_tick(price: float, row: PositionFigures) -> float:
    """A price on the symbol's tick, away from the market."""
    symbol = row.in_symbol.symbol
    tick = symbol.tick_size if symbol is not None else None
    if not tick:
        return price
    count = price / tick
    steps = math.floor(count + 1e-6) if side_of(row) > 0 else math.ceil(count - 1e-6)
    digits = symbol.digits if symbol is not None and symbol.digits is not None else 8
    return round(steps * tick, digits)


def stop_at(row: PositionFigures, price: float) -> Wish | None:
    """The wish to set a stop; the take-profit is kept. ``None`` when the take-profit is unknown."""
    position = row.position
    if position.tp is None:
        return None
    sl = on_tick(price, row)
    return Wish("set_stop", position.ticket, row.in_symbol.name, position.identifier, sl=sl, tp=position.tp)


def better(row: PositionFigures, price: float, by: float = 0.0) -> bool:
    """Whether a stop at ``price`` protects more than the present one, by more than a tick and at least ``by``."""
    sl = row.position.sl
    symbol = row.in_symbol.symbol
    tick = symbol.tick_size if symbol is not None and symbol.tick_size is not None else 0.0
    if sl is None:
        return False
    if sl == 0.0:
        return True
    return (price - sl) * side_of(row) > max(tick / 2.0, by - tick / 2.0)


def point_of(row: PositionFigures) -> float | None:
    """The symbol's point."""
    return row.in_symbol.symbol.point if row.in_symbol.symbol is not None else None
