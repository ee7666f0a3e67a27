"""Trades as behaviour is judged by: positions by identifier, from first entry to full exit, net of all costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from guard.model.trading import Deal

T = TypeVar("T")
IN, OUT, INOUT, OUT_BY = 0, 1, 2, 3
TRADES = (0, 1)
LOTS_EPS = 1e-9


class Trade(NamedTuple):
    """One position's life as deals tell it. Times are server seconds; money is account currency.

    ``opened_s`` is ``None`` when its entry lies before the known deals, ``closed_s`` while it is open. ``net`` is all
    its deals made so far, ``None`` when an amount is missing; ``costs`` is what of it were commission, fee and swap, as
    a positive number. ``lots`` is the largest volume it had; ``entries`` are the deals that opened or added to it.
    """

    identifier: int
    symbol: str | None
    side: int | None
    lots: float | None
    opened_s: float | None
    closed_s: float | None
    net: float | None
    costs: float
    magic: int | None
    comment: str | None
    entries: tuple[Deal, ...]


def result_of(trade: Trade) -> int | None:
    """1: won, -1: lost, 0: within its costs; ``None`` when not known."""
    if trade.net is None:
        return None
    if abs(trade.net) <= trade.costs + 1e-9:
        return 0
    return 1 if trade.net > 0.0 else -1


class Kept:
    """Something worked out of one list of deals, kept while it is the very same list."""

    def __init__(self) -> None:
        """Nothing kept."""
        self._deals: object = None
        self._found: dict[object, object] = {}

    def of(self, deals: tuple[Deal, ...], key: object, work: Callable[[tuple[Deal, ...]], T]) -> T:
        """``work(deals)``, done once for each ``key`` and list."""
        if self._deals is not deals:
            self._deals, self._found = deals, {}
        if key not in self._found:
            self._found[key] = work(deals)
        return self._found[key]  # type: ignore[return-value]  # a key stands for one work


KEPT = Kept()


def trades(deals: tuple[Deal, ...]) -> tuple[Trade, ...] | None:
    """The trades in these deals, by the time they were closed, open ones last; ``None`` when a deal lacks its time."""
    return KEPT.of(deals, "trades", _trades)


def _trades(deals: tuple[Deal, ...]) -> tuple[Trade, ...] | None:
    lives: dict[int, list[Deal]] = {}
    for deal in deals:
        if deal.type not in TRADES:
            continue
        if deal.time is None or deal.position_id is None:
            return None
        lives.setdefault(deal.position_id, []).append(deal)
    out = [trade for identifier, life in lives.items() for trade in _of(identifier, sorted(life, key=_when))]
    return tuple(sorted(out, key=lambda one: one.closed_s if one.closed_s is not None else float("inf")))


def _when(deal: Deal) -> tuple[float, int]:
    return deal.time if deal.time is not None else 0.0, deal.ticket


def _of(identifier: int, life: list[Deal]) -> list[Trade]:
    out: list[Trade] = []
    held: list[Deal] = []
    lots = 0.0
    known = bool(life) and life[0].entry == IN
    for deal in life:
        held.append(deal)
        volume = deal.volume if deal.volume is not None else 0.0
        if deal.entry == IN:
            lots += volume
        elif deal.entry == INOUT:
            out.append(_made(identifier, held, deal.time))
            held, lots, known = [deal], max(0.0, volume - lots), True
        else:
            lots -= volume
            if known and lots <= LOTS_EPS:
                out.append(_made(identifier, held, deal.time))
                held, lots = [], 0.0
    if held:
        # Without its entry it cannot be told from deals alone whether a position is closed: see ``closed``.
        out.append(_made(identifier, held, None))
    return out


def _made(identifier: int, held: list[Deal], closed_s: float | None) -> Trade:
    net: float | None = 0.0
    costs = lots = most = 0.0
    turned = held[0].entry == INOUT and len(held) > 1
    counted = held[1:] if turned or (held[0].entry == INOUT and closed_s is None) else held
    for deal in counted:
        net = None if net is None or deal.net is None else net + deal.net
        costs -= sum(part for part in (deal.commission, deal.fee, deal.swap) if part is not None)
    for deal in held:
        volume = deal.volume if deal.volume is not None else 0.0
        lots += volume if deal.entry in (IN, INOUT) else -volume
        most = max(most, abs(lots))
    first = held[0]
    opens = first.entry in (IN, INOUT)
    side = None if first.type is None else (1 if (first.type == 0) == opens else -1)
    entries = tuple(deal for deal in held if deal.entry in (IN, INOUT))
    return Trade(
        identifier, first.symbol, side, most if most > 0.0 else None, first.time if opens else None, closed_s, net,
        max(0.0, costs), first.magic, first.comment, entries,
    )  # fmt: skip


def closed(deals: tuple[Deal, ...], held: frozenset[int]) -> tuple[Trade, ...] | None:
    """The trades that are over, oldest first. ``held``: identifiers of the positions that are open.

    A trade whose entry is not among the deals is over when no such position is held; its last deal closed it.
    """
    return KEPT.of(deals, ("closed", held), lambda found: _closed(found, held))


def _closed(deals: tuple[Deal, ...], held: frozenset[int]) -> tuple[Trade, ...] | None:
    found = trades(deals)
    if found is None:
        return None
    last: dict[int, float] = {}
    for deal in deals:
        if deal.time is not None and deal.position_id is not None:
            last[deal.position_id] = max(deal.time, last.get(deal.position_id, 0.0))
    over = [
        trade if trade.closed_s is not None else trade._replace(closed_s=last[trade.identifier])
        for trade in found
        if trade.closed_s is not None or trade.identifier not in held
    ]
    return tuple(sorted(over, key=lambda one: one.closed_s if one.closed_s is not None else 0.0))
