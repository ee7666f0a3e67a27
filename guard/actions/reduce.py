"""The least closing that brings the figure back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar, Literal

from pydantic import Field

from guard.actions._closing import basket, close, largest_first, lots_of, oldest_first, pairs, side_of
from guard.actions._volumes import EPS, close_lots
from guard.actions.base import Action, Ask, Plan, Positive, Wish
from guard.metrics.book import PositionFigures
from guard.model.intent import TradingState

Order = Literal[
    "least_cost", "newest", "oldest", "largest_loss", "largest_margin", "largest_notional", "losers", "winners"
]
BELOW_STAGE = 0.95
Closing = tuple[list[PositionFigures], float]


class Reduce(Action):
    """Close as little as brings the limit's figure down to ``target_pct`` percent of the limit.

    First the volume of the larger leg that no opposite position covers; then, for limits that count both legs, pairs by
    each other. On the volume step; the last position of the smallest volume is not closed, you are told instead.
    Robots' positions are closed by magic number as a whole unless ``single_legs`` is set.
    """

    kind: ClassVar[str] = "reduce"
    title: ClassVar[str] = "Reduce"
    closes: ClassVar[bool] = True
    state: ClassVar[TradingState] = TradingState.REDUCING
    stepwise: ClassVar[bool] = True

    target_pct: Positive | None = Field(
        None, description="utilization to come down to, percent; absent: 95 % of the stage"
    )
    order: Order = Field(
        "least_cost",
        description="which close comes first: least_cost, newest, oldest, largest_loss, largest_margin, "
        "largest_notional; losers, winners: only those",
    )
    single_legs: bool = Field(False, description="close single positions of a robot, not all of its magic number")

    def plan(self, ask: Ask) -> Plan:
        """Closes in order, the last one as small as the step allows."""
        target = self.target_pct if self.target_pct is not None else ask.stage_pct * BELOW_STAGE
        if ask.used is None:
            return Plan(why="the figure is unknown, so how much to close cannot be told")
        if ask.used <= target:
            return Plan()
        steps = self._candidates(ask)
        if steps and _is_last(steps[0][0][0], ask):
            return Plan((), "only the last position of the smallest volume is left: it is not closed")
        closes = [tuple(close(row, min(most, lots_of(row))) for row in rows) for rows, most in steps]
        count = _enough(ask, closes, target)
        if count is None:
            return Plan((), "what a close would change cannot be told")
        wishes = [wish for chosen in closes[:count] for wish in chosen]
        if count > len(closes):
            return self._by_pairs(ask, wishes, target)
        rows, most = steps[count - 1]
        if len(rows) == 1:
            before = tuple(wishes[:-1])
            wishes[-1] = _least(rows[0], most, partial(_with, ask, before), target)
        return Plan(tuple(wishes))

    def _by_pairs(self, ask: Ask, wishes: list[Wish], target: float) -> Plan:
        taken = {wish.ticket for wish in wishes}
        closed, _ = pairs(ask, [row for row in ask.rows if row.position.ticket not in taken])
        before, after = ask.used_after(wishes), ask.used_after([*wishes, *closed])
        if closed and before is not None and after is not None and after < before - EPS:
            count = _enough(ask, [tuple(wishes), *((wish,) for wish in closed)], target)
            if count is not None and count <= len(closed) + 1:
                return Plan((*wishes, *closed[: count - 1]))
            wishes = [*wishes, *closed]
        # What is left of a position that is closed in part is paired off once that close is proved.
        more = any(wish.lots is not None and wish.lots < _held(wish, ask) - EPS for wish in wishes)
        why = "" if more else f"closing all that helps does not bring it down to {target:g} %"
        return Plan(tuple(wishes), why)

    def _candidates(self, ask: Ask) -> list[Closing]:
        """What may be closed of uncovered volume, in order: positions (a robot's together) and the lots at most."""
        left: dict[str, float] = {}
        for row in ask.metrics.bare_rows or ():
            left[row.in_symbol.name] = left.get(row.in_symbol.name, 0.0) + side_of(row) * lots_of(row)
        out: list[Closing] = []
        done: set[int] = set()
        for row in sorted(_named(ask), key=self._rank(ask)):
            position = row.position
            net = left[row.in_symbol.name]
            if position.ticket in done or side_of(row) * net <= EPS or not self._wanted(row):
                continue
            if position.magic and not self.single_legs:
                rows = basket(position, ask.rows)
                done.update(one.position.ticket for one in rows)
                for one in rows:
                    left[one.in_symbol.name] -= side_of(one) * lots_of(one)
                out.append((rows, max(lots_of(one) for one in rows)))
                continue
            lots = min(lots_of(row), abs(net))
            if lots < lots_of(row) - EPS and close_lots(position, row.in_symbol.symbol, lots) > abs(net) + EPS:
                continue  # the step does not let it close without turning the net around
            left[row.in_symbol.name] -= side_of(row) * lots
            out.append(([row], lots))
        return out

    def _wanted(self, row: PositionFigures) -> bool:
        """``losers`` and ``winners`` close no others."""
        if self.order == "losers":
            return _result(row) < 0.0
        return self.order != "winners" or _result(row) > 0.0

    def _rank(self, ask: Ask) -> Callable[[PositionFigures], tuple[float, ...]]:
        order = self.order
        if ask.metrics.account.fifo_close is True or order == "oldest":
            return oldest_first
        if order == "newest":
            return lambda row: tuple(-part for part in oldest_first(row))
        if order in ("largest_loss", "losers"):
            return lambda row: (_result(row), *largest_first(row))
        if order == "winners":
            return lambda row: (-_result(row), *largest_first(row))
        if order in ("largest_margin", "largest_notional"):
            return lambda row: (-(row.notional if row.notional is not None else lots_of(row)), *largest_first(row))
        return lambda row: (_cost(row, ask), *oldest_first(row))


def _named(ask: Ask) -> list[PositionFigures]:
    """The positions that the limit names, by ticket or symbol: closing another one would not bring its figure down.

    Where a symbol's oldest position must be closed first, its older ones too. A limit that names none means all.
    """
    named = set(ask.offending)
    if not named:
        return list(ask.rows)
    if ask.metrics.account.fifo_close is True:
        named |= {row.in_symbol.name for row in ask.rows if row.position.ticket in named}
    return [row for row in ask.rows if row.position.ticket in named or row.in_symbol.name in named]


def _held(wish: Wish, ask: Ask) -> float:
    return next((lots_of(row) for row in ask.rows if row.position.ticket == wish.ticket), 0.0)


def _result(row: PositionFigures) -> float:
    profit, swap = row.position.profit, row.position.swap
    return (profit if profit is not None else 0.0) + (swap if swap is not None else 0.0)


def _cost(row: PositionFigures, ask: Ask) -> float:
    """What getting out of one unit of notional costs: exit commission and one spread."""
    key = row.position.identifier
    commission = ask.commission.get(key) if key is not None else None
    spread, k = row.in_symbol.spread, row.in_symbol.k
    cost = commission if commission is not None else 0.0
    if spread is not None and k is not None:
        cost += spread * k
    worth = row.notional / lots_of(row) if row.notional is not None and lots_of(row) > 0.0 else 0.0
    return cost / worth if worth > 0.0 else cost


def _is_last(row: PositionFigures, ask: Ask) -> bool:
    """Whether it is the account's only position, of the smallest volume there is."""
    symbol = row.in_symbol.symbol
    least = symbol.volume_min if symbol is not None else None
    held = ask.metrics.bare_rows
    return held is not None and len(held) == 1 and least is not None and lots_of(row) <= least + EPS


def _enough(ask: Ask, closes: Sequence[tuple[Wish, ...]], target: float) -> int | None:
    """How many closes from the first on reach the target; one more than there are: not even all of them do.

    ``None``: it cannot be told. Each further close lowers the figure, so the count is found by halving.
    """
    low, high = 0, len(closes) + 1
    while high - low > 1:
        middle = (low + high) // 2
        used = ask.used_after([wish for chosen in closes[:middle] for wish in chosen])
        if used is None:
            return None
        if used <= target:
            high = middle
        else:
            low = middle
    return high


def _with(ask: Ask, wishes: tuple[Wish, ...], wish: Wish) -> float | None:
    return ask.used_after([*wishes, wish])


def _least(row: PositionFigures, most: float, used: Callable[[Wish], float | None], target: float) -> Wish:
    """The smallest close of a position that reaches the target, by halving on the volume step."""
    symbol = row.in_symbol.symbol
    step = symbol.volume_step if symbol is not None else None
    best = close(row, min(most, lots_of(row)))
    if step is None or best.lots is None:
        return best
    low, high = 0, round(best.lots / step)
    while high - low > 1:
        middle = (low + high) // 2
        trial = close(row, middle * step)
        found = used(trial)
        if found is not None and found <= target:
            high, best = middle, trial
        else:
            low = middle
    return best
