"""Risk of each trade and of all together: loss at the stop, open risk, worst case. Money in account currency."""

from __future__ import annotations

import math
from collections.abc import Mapping

from guard.metrics.book import PositionFigures, SymbolFigures
from guard.metrics.value import value_of_move
from guard.model.trading import BUY, Order

STOP_ORDERS = frozenset({4, 5})


def loss_from(k: float, price_now: float, frm: float, stop: float, side: int, lots: float, *, inverse: bool) -> float:
    """What ``lots`` lose from price ``frm`` if the stop fills at its price; 0 when the stop locks in a profit."""
    return max(0.0, -side * value_of_move(k, price_now, frm, stop, inverse=inverse) * lots)


def loss_at_stop(price_loss: float, entry_cost: float, swap: float) -> float:
    """Price loss from the opening price, plus commission paid and the same again for the exit, less accrued swap."""
    return max(0.0, price_loss + 2.0 * entry_cost - swap)


def risk_pct(loss: float, entry_equity: float) -> float:
    """Loss in percent of the equity just before entry; infinite when that was 0 or less and there is a loss."""
    if entry_equity <= 0.0:
        return math.inf if loss > 0.0 else 0.0
    return loss / entry_equity * 100.0


def protective(orders: tuple[Order, ...], entries: Mapping[str, SymbolFigures]) -> frozenset[int]:
    """Tickets of pending orders that can only reduce their symbol's net exposure."""
    by_symbol: dict[str, list[Order]] = {}
    for order in orders:
        if order.symbol is not None and order.side is not None and order.volume is not None:
            by_symbol.setdefault(order.symbol, []).append(order)
    out: set[int] = set()
    for name, rows in by_symbol.items():
        entry = entries.get(name)
        if entry is None or entry.net_lots == 0.0 or entry.notional_signed is None:
            continue
        side = -1 if entry.net_lots > 0.0 else 1
        opposite = [row for row in rows if row.side == side]
        total = sum(row.volume for row in opposite if row.volume is not None)
        if total <= abs(entry.net_lots) + 1e-9:
            out.update(row.ticket for row in opposite)
    return frozenset(out)


def assign_stops(
    rows: list[PositionFigures], orders: tuple[Order, ...] | None, shields: frozenset[int]
) -> list[PositionFigures]:
    """Fill ``stop`` and ``unprotected``: the position's own stop, else a protective stop order that covers its volume.

    Collateral needs no stop. Returns the rows that are left without one.
    """
    bare: list[PositionFigures] = []
    for row in rows:
        sl = row.position[7]
        if sl is None:
            row.stop = row.unprotected = None
        elif sl > 0.0:
            row.stop, row.unprotected = sl, False
        elif row.in_symbol.collateral:
            row.stop, row.unprotected = None, False
        else:
            row.stop, row.unprotected = None, True
            bare.append(row)
    if not bare or not shields:
        return bare
    pools: dict[tuple[str, int], list[list[float]]] = {}
    for order in sorted(orders if orders is not None else (), key=lambda order: order.ticket):
        if order.ticket in shields and order.type in STOP_ORDERS and order.price_open and order.volume and order.symbol:
            pools.setdefault((order.symbol, 1 if order.side == BUY else -1), []).append(
                [order.price_open, order.volume]
            )
    for row in _largest_first(bare):
        p = row.position
        if p.volume is None or p.symbol is None or p.side is None:
            continue
        # A sell stop closes what was bought, a buy stop what was sold.
        for pool in pools.get((p.symbol, -p.side), []):
            if pool[1] + 1e-9 >= p.volume:
                pool[1] -= p.volume
                row.stop, row.unprotected = pool[0], False
                break
    return [row for row in bare if row.unprotected]


def _largest_first(rows: list[PositionFigures]) -> list[PositionFigures]:
    """The rows in an order that does not depend on how the terminal lists them."""
    if len(rows) < 2:
        return rows
    return sorted(rows, key=_size_and_ticket)


def _size_and_ticket(row: PositionFigures) -> tuple[float, int]:
    volume = row.position.volume
    return -volume if volume is not None else 0.0, row.position.ticket


def mark_covered(bare: list[PositionFigures]) -> None:
    """Mark unprotected volume as covered by an opposite leg while neither leg's stop or target can remove it."""
    pools: dict[str, list[float]] = {}
    free: dict[str, list[PositionFigures]] = {}
    for row in _largest_first(bare):
        p = row.position
        if p.tp is None or p.tp > 0.0 or p.volume is None or p.side is None or p.symbol is None:
            continue
        pools.setdefault(p.symbol, [0.0, 0.0])[0 if p.side > 0 else 1] += p.volume
        free.setdefault(p.symbol, []).append(row)
    for name, (buys, sells) in pools.items():
        covered = {1: min(buys, sells), -1: min(buys, sells)}
        for row in free[name]:
            side, volume = row.position.side, row.position.volume
            if side is not None and volume is not None and covered[side] + 1e-9 >= volume:
                covered[side] -= volume
                row.covered = True


def fill_positions(
    rows: list[PositionFigures],
    costs: Mapping[int, float] | None,
    entry_equity: Mapping[int, float],
    equity: float | None,
    substitute: float | None,
) -> tuple[list[int], list[int]]:
    """Fill the losses and ``risk_pct``; returns the tickets whose commission, and whose entry equity, is unknown."""
    no_cost: list[int] = []
    no_entry: list[int] = []
    known_costs: Mapping[int, float] = costs if costs is not None else {}
    for row in rows:
        identifier = row.position[1]
        row.why = ""
        stopped = row.unprotected is False
        loss = _with_stop(row, known_costs, no_cost) if stopped else _without_stop(row, substitute)
        row.loss_at_stop = loss
        frozen = entry_equity.get(identifier) if identifier is not None else None
        if frozen is None:
            no_entry.append(row.position[0])
            frozen = equity
        row.entry_equity = frozen
        if loss is None or frozen is None:
            row.risk_pct = None
        else:
            row.risk_pct = loss / frozen * 100.0 if frozen > 0.0 else risk_pct(loss, frozen)
    return no_cost, no_entry


def _with_stop(row: PositionFigures, costs: Mapping[int, float], no_cost: list[int]) -> float | None:
    """Loss at the stop; fills ``loss_from_here``.

    ``loss_from`` and ``loss_at_stop`` written out: this runs for every position in every cycle.
    """
    entry, stop, position = row.in_symbol, row.stop, row.position
    ticket, identifier, _, side, volume, opened, now, _, _, _, swap, _, _, _, _ = position
    k = entry.k
    if entry.collateral:
        row.loss_from_here = 0.0
        return 0.0
    if k is None or now is None or opened is None or side is None or volume is None or stop is None or swap is None:
        row.loss_from_here = None
        row.why = entry.why if entry.why else f"a price, side, volume or swap of position {ticket} is unknown"
        return None
    cost = costs.get(identifier) if identifier is not None else None
    if cost is None:
        no_cost.append(ticket)
        cost = 0.0
    scale = -side * volume * k
    if entry.inverse:
        # From here the profit already made converts anew too: contract x lots x open x (1 / now - 1 / stop).
        here = scale * opened * (1.0 - now / stop)
        from_open = scale * now * (1.0 - opened / stop)
    else:
        here, from_open = scale * (stop - now), scale * (stop - opened)
    row.loss_from_here = here if here > 0.0 else 0.0  # noqa: FURB136  # a call costs as much as all of this
    loss = (from_open if from_open > 0.0 else 0.0) + 2.0 * cost - swap  # noqa: FURB136  # the same
    return loss if loss > 0.0 else 0.0  # noqa: FURB136  # the same


def _without_stop(row: PositionFigures, substitute: float | None) -> float | None:
    """The substitute of an unprotected position, or ``None`` and the reason."""
    row.loss_from_here = None
    if row.unprotected is None:
        row.why = f"whether position {row.position.ticket} has a stop is unknown"
        return None
    if substitute is None:
        row.why = f"position {row.position.ticket} has no stop and the distance to stop-out is unknown"
    return substitute


def open_risk(rows: list[PositionFigures], substitute: float | None) -> tuple[float | None, str]:
    """What is lost from current prices if every stop is hit; unprotected positions count once, all together.

    Returns the money, or ``None`` and the reason.
    """
    total = 0.0
    bare = False
    for row in rows:
        loss = row.loss_from_here
        if loss is not None:
            total += loss
        elif row.unprotected:
            bare = bare or not row.covered
        else:
            return None, row.why
    if bare:
        if substitute is None:
            return None, "a position has no stop and the distance to stop-out is unknown"
        total += max(0.0, substitute)
    return total, ""
