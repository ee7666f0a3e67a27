"""The positions of one symbol in columns, and what follows from them whatever the price is.

Side, volume, opening price, stop and swap change when somebody trades, prices four times a second. So what rests on the
former alone is kept as long as it is the same, by value: the result is that of computing it anew. Money in account
currency, volumes in lots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from operator import mul, sub
from typing import Any, NamedTuple

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
        self.shares = list(map(mul, signed, map(sub, columns[OPENED], columns[STOP])))
        self._costs: Mapping[int, float] | None = None
        self._before: Mapping[int, float] | None = None
        self._extra: list[float] = []
        self._equity: list[float | None] = []
        self._no_cost: list[int] = []
        self._no_entry: list[int] = []
        self._k: float | None = None
        self._risk: Risk | None = None

    @cached_property
    def inverse_shares(self) -> list[float]:
        """Signed lots x (opening price / stop - 1)."""
        held = zip(self.signed, self.key[4], self.key[5], strict=True)
        return [lots * (opened / stop - 1.0) for lots, opened, stop in held]

    def risk(
        self, k: float, prices: Sequence[float] | None, costs: Mapping[int, float], before: Mapping[int, float]
    ) -> Risk | None:
        """The largest risk among the positions.

        Args:
            k: Account currency per 1.0 of price and lot.
            prices: Current prices where a result converts at the price itself, else ``None``.
            costs: Entry commission by position identifier, positive.
            before: Equity before entry by position identifier.

        Returns:
            ``None`` when an equity before entry was 0 or less: then each position must be looked at.
        """
        if costs is not self._costs or before is not self._before:
            self._look_up(costs, before)
        elif prices is None and k == self._k:
            return self._risk
        shares = self.shares if prices is None else map(mul, self.inverse_shares, prices)
        seen = unseen = 0.0
        for share, extra, equity in zip(shares, self._extra, self._equity, strict=True):
            loss = share * k
            loss = loss + extra if loss > 0.0 else extra
            if equity is None:
                unseen = max(unseen, loss)
            elif equity <= 0.0:
                return None
            elif loss > seen * equity:
                seen = loss / equity
        found = Risk(seen, unseen, self._no_cost, self._no_entry)
        if prices is None:
            self._k, self._risk = k, found
        return found

    def _look_up(self, costs: Mapping[int, float], before: Mapping[int, float]) -> None:
        """Commission and equity before entry of each position, kept while both tables are the same objects."""
        tickets, identifiers, *_, swaps = self.key
        self._costs, self._before, self._k = costs, before, None
        paid = [costs.get(identifier) for identifier in identifiers]
        self._extra = [(2.0 * cost if cost is not None else 0.0) - swap for cost, swap in zip(paid, swaps, strict=True)]
        self._equity = [before.get(identifier) for identifier in identifiers]
        self._no_cost = [ticket for ticket, cost in zip(tickets, paid, strict=True) if cost is None]
        self._no_entry = [ticket for ticket, seen in zip(tickets, self._equity, strict=True) if seen is None]


class Risk(NamedTuple):
    """The largest loss at the stop: as a share of the equity before entry, and as money where that was not seen.

    ``no_cost`` and ``no_entry`` are the tickets whose commission, and whose equity before entry, is unknown.
    """

    seen: float
    unseen: float
    no_cost: list[int]
    no_entry: list[int]


_KEPT: dict[str, Block] = {}


def turn(name: str, held: Sequence[Position]) -> tuple[tuple[Any, ...] | None, Block | None, float | None]:
    """The positions' columns, their block, and their profit and swap; nothing of it when a figure is unknown."""
    columns = tuple(zip(*held))  # noqa: B905  # records of one kind are equally long
    tickets, identifiers, _, sides, volumes, opens, prices, stops, _, profits, swaps, _, _, _, _ = columns
    key = tickets, identifiers, sides, volumes, opens, stops, swaps
    kept = _KEPT.get(name)
    try:
        # Adding up a hole fails; looking for holes one by one would cost more than the sums.
        sum(prices)
        profit = sum(profits)
        if kept is not None and kept.key == key:
            return columns, kept, profit + kept.swap
        for at in _LASTING:
            sum(columns[at])
    except TypeError:
        return None, None, None
    if len(_KEPT) >= _MOST:
        _KEPT.clear()
    made = _KEPT[name] = Block(key, columns)
    return columns, made, profit + made.swap
