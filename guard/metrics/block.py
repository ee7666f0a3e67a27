"""The positions of one symbol in columns, and what follows from them whatever the price is.

Side, volume, opening price, stop and swap change when somebody trades, prices four times a second. So what rests on the
former alone is kept as long as it is the same, by value: the result is that of computing it anew. Money in account
currency, volumes in lots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import mul, sub
from typing import Any

from guard.model.trading import Position

# Columns of ``Position``.
TICKET, IDENTIFIER, SIDE, VOLUME, OPENED, NOW, STOP, PROFIT, SWAP = 0, 1, 3, 4, 5, 6, 7, 9, 10
_LASTING = (SIDE, VOLUME, OPENED, STOP, SWAP)
_MOST = 1024


class Block:
    """What does not change with the price: signed lots (buy plus, sell minus), lots on each side, stops."""

    def __init__(self, key: tuple[Any, ...], columns: tuple[Any, ...]) -> None:
        """From the columns of positions whose figures are all known."""
        self.key = key
        self.signed = signed = list(map(mul, columns[SIDE], columns[VOLUME]))
        self.buys = sum(lots for lots in signed if lots > 0.0)
        self.sells = -sum(lots for lots in signed if lots < 0.0)
        self.largest = max(columns[VOLUME])
        self.stopped = min(columns[STOP]) > 0.0
        self.swap = sum(columns[SWAP])
        self.moves = list(map(sub, columns[OPENED], columns[STOP]))
        self._at: tuple[float, Mapping[int, float], Mapping[int, float]] | None = None
        self._risk = Risk(0.0, 0.0)

    def risk(
        self, k: float, moves: Sequence[float], costs: Mapping[int, float], before: Mapping[int, float]
    ) -> Risk | None:
        """The largest risk among the positions.

        Args:
            k: Account currency per 1.0 of price and lot.
            moves: Way from the opening price to each stop, positive downwards.
            costs: Entry commission by position identifier, positive.
            before: Equity before entry by position identifier.

        Returns:
            ``None`` when an equity before entry was 0 or less: then each position must be looked at.
        """
        fixed = moves is self.moves
        at = self._at
        if fixed and at is not None and at[0] == k and at[1] is costs and at[2] is before:
            return self._risk
        tickets, identifiers, *_, swaps = self.key
        found = Risk(0.0, 0.0)
        for signed, move, ticket, identifier, swap in zip(self.signed, moves, tickets, identifiers, swaps, strict=True):
            loss = signed * move * k
            loss = max(loss, 0.0)
            cost = costs.get(identifier)
            if cost is None:
                found.no_cost.append(ticket)
                cost = 0.0
            loss += 2.0 * cost - swap
            equity = before.get(identifier)
            if equity is None:
                found.no_entry.append(ticket)
                found.unseen = max(found.unseen, loss)
            elif equity <= 0.0:
                return None
            elif loss > found.seen * equity:
                found.seen = loss / equity
        if fixed:
            self._at, self._risk = (k, costs, before), found
        return found


class Risk:
    """The largest loss at the stop: as a share of the equity before entry, and as money where that was not seen.

    ``no_cost`` and ``no_entry`` are the tickets whose commission, and whose equity before entry, is unknown.
    """

    __slots__ = ("no_cost", "no_entry", "seen", "unseen")

    def __init__(self, seen: float, unseen: float) -> None:
        """Shares of 1 and money."""
        self.seen = seen
        self.unseen = unseen
        self.no_cost: list[int] = []
        self.no_entry: list[int] = []

    def pct(self, equity: float) -> float:
        """The largest in percent, with ``equity`` standing for what was not seen."""
        return max(self.seen, self.unseen / equity) * 100.0


_KEPT: dict[str, Block] = {}


def turn(name: str, held: Sequence[Position]) -> tuple[tuple[Any, ...], Block] | None:
    """The positions' columns and their block, or ``None`` when a figure that is added up is unknown."""
    columns = tuple(zip(*held, strict=True))
    tickets, identifiers, _, sides, volumes, opens, prices, stops, _, profits, swaps, _, _, _, _ = columns
    key = tickets, identifiers, sides, volumes, opens, stops, swaps
    kept = _KEPT.get(name)
    try:
        # Adding up a hole fails; looking for holes one by one would cost more than the sums.
        sum(prices)
        sum(profits)
        if kept is not None and kept.key == key:
            return columns, kept
        for at in _LASTING:
            sum(columns[at])
    except TypeError:
        return None
    if len(_KEPT) >= _MOST:
        _KEPT.clear()
    made = _KEPT[name] = Block(key, columns)
    return columns, made
