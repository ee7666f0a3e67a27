"""In which order positions are closed, so that no step on the way is worse than it must be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from guard.actions._volumes import EPS, close_lots
from guard.actions.base import Ask, Wish
from guard.metrics.book import PositionFigures
from guard.model.trading import Position, Symbol

CLOSE_BY_FLAG = 64
HEDGING = 2


def lots_of(row: PositionFigures) -> float:
    """A position's volume; rows of an ``Ask`` all have one."""
    return row.position.volume if row.position.volume is not None else 0.0


def side_of(row: PositionFigures) -> int:
    """+1 bought, -1 sold."""
    return row.position.side if row.position.side is not None else 0


def close(row: PositionFigures, wanted: float | None = None) -> Wish:
    """The wish to close at least ``wanted`` lots of a position, all of it by default."""
    position = row.position
    lots = close_lots(position, row.in_symbol.symbol, lots_of(row) if wanted is None else wanted)
    return Wish("close", position.ticket, row.in_symbol.name, position.identifier, lots)


def cancel(ticket: int, symbol: str | None) -> Wish:
    """The wish to delete a pending order."""
    return Wish("cancel", ticket, symbol if symbol is not None else "")


def can_close_by(ask: Ask, symbol: Symbol | None) -> bool:
    """Whether opposite positions of a symbol may close each other; not where the oldest must be closed first."""
    if ask.metrics.account.margin_mode != HEDGING or ask.metrics.account.fifo_close is True:
        return False
    return symbol is None or symbol.order_mode is None or bool(symbol.order_mode & CLOSE_BY_FLAG)


def _by_symbol(rows: Iterable[PositionFigures]) -> dict[str, list[PositionFigures]]:
    out: dict[str, list[PositionFigures]] = {}
    for row in rows:
        out.setdefault(row.in_symbol.name, []).append(row)
    return out


def oldest_first(row: PositionFigures) -> tuple[float, int]:
    """For sorting by age."""
    return (row.position.time if row.position.time is not None else 0.0), row.position.ticket


def largest_first(row: PositionFigures) -> tuple[float, int]:
    """For sorting by volume."""
    return -lots_of(row), row.position.ticket


def pairs(
    ask: Ask, rows: Sequence[PositionFigures], most: float | None = None
) -> tuple[list[Wish], list[tuple[PositionFigures, float]]]:
    """Close-bys of opposite positions, symbol by symbol, and what they leave (row, lots) in their order.

    ``most`` limits the lots of one side that are paired off.
    """
    wishes: list[Wish] = []
    left: list[tuple[PositionFigures, float]] = []
    for held in _by_symbol(rows).values():
        remains = {row.position.ticket: lots_of(row) for row in held}
        if can_close_by(ask, held[0].in_symbol.symbol):
            usable = [row for row in held if row.position.ticket not in ask.no_close_by]
            buys = sorted((row for row in usable if side_of(row) > 0), key=largest_first)
            sells = sorted((row for row in usable if side_of(row) < 0), key=largest_first)
            while buys and sells and (most is None or most > EPS):
                one, other = buys[0], sells[0]
                lots = min(remains[one.position.ticket], remains[other.position.ticket])
                wishes.append(_by(one, other, lots))
                most = None if most is None else most - lots
                for side, row in ((buys, one), (sells, other)):
                    remains[row.position.ticket] -= lots
                    if remains[row.position.ticket] <= EPS:
                        side.pop(0)
        left += [(row, remains[row.position.ticket]) for row in held if remains[row.position.ticket] > EPS]
    return wishes, left


def _by(one: PositionFigures, other: PositionFigures, lots: float) -> Wish:
    held = one.position
    return Wish("close_by", held.ticket, one.in_symbol.name, held.identifier, lots, other.position.ticket)


def alternating(rows: Sequence[PositionFigures], *, fifo: bool = False) -> list[PositionFigures]:
    """Positions of one symbol in the order in which their legs are closed.

    While one leg is the larger one, its largest position that does not turn the net around goes first; where both are
    equal the smallest of all does, for it moves the margin least.
    """
    if fifo:
        return sorted(rows, key=oldest_first)
    left = sorted(rows, key=largest_first)
    net = sum(side_of(row) * lots_of(row) for row in left)
    out: list[PositionFigures] = []
    while left:
        if abs(net) <= EPS:
            chosen = min(left, key=lambda row: (lots_of(row), row.position.ticket))
        else:
            leg = [row for row in left if side_of(row) * net > 0.0]
            fits = [row for row in leg if lots_of(row) <= abs(net) + EPS]
            chosen = fits[0] if fits else leg[-1] if leg else left[-1]
        left.remove(chosen)
        out.append(chosen)
        net -= side_of(chosen) * lots_of(chosen)
    return out


def unwind(ask: Ask, rows: Sequence[PositionFigures]) -> list[Wish]:
    """Close all of ``rows``: pairs by each other, then the symbol with the largest net exposure first."""
    fifo = ask.metrics.account.fifo_close is True
    wishes, left = pairs(ask, rows)
    paired = {ticket for wish in wishes for ticket in (wish.ticket, wish.by)}
    # What a close-by leaves has the same ticket: it is closed when that deed is proved.
    naked = _by_symbol(row for row, _ in left if row.position.ticket not in paired)
    order = sorted(naked.values(), key=lambda held: (-_weight(held), held[0].in_symbol.name))
    for held in order:
        wishes += [close(row) for row in alternating(held, fifo=fifo)]
    return wishes


def _weight(held: Sequence[PositionFigures]) -> float:
    """The net notional of positions of one symbol; lots where no price is known."""
    return abs(sum(side_of(row) * (row.notional if row.notional is not None else lots_of(row)) for row in held))


def near_market(position_price: float | None, order_price: float | None) -> bool:
    """Whether a pending order is within half a percent of the price, and may fill any moment."""
    if position_price is None or order_price is None or order_price <= 0.0:
        return True
    return abs(order_price - position_price) <= 0.005 * position_price


def basket(position: Position, rows: Iterable[PositionFigures]) -> list[PositionFigures]:
    """The positions closed together: of a robot all with its magic number, of a trade made by hand itself."""
    if not position.magic:
        return [row for row in rows if row.position.ticket == position.ticket]
    return [row for row in rows if row.position.magic == position.magic]
