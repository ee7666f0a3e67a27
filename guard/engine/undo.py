"""What a lock undoes, within a budget: a robot that reopens every second must not be fought to the last cent."""

from __future__ import annotations

from typing import Final, NamedTuple

from guard.actions._closing import cancel, close, lots_of, unwind
from guard.actions.base import Wish
from guard.engine.locks import Excess, excess, scope_of
from guard.engine.plan import Desk
from guard.model.enforcement import Enforcement, Lock, Ordered

HOUR_S: Final = 3600.0
PER_HOUR: Final = 5
PER_HOUR_PCT: Final = 0.5
SLOW_S: Final = 60.0
EPS: Final = 1e-9


class Undoing(NamedTuple):
    """What a lock wants now, why it waits, and a robot's basket that is to be closed once with the alarm about it."""

    wishes: tuple[Wish, ...]
    why: str = ""
    basket: Ordered | None = None
    magic: int | None = None


def undoing(lock: Lock, desk: Desk, e: Enforcement, now_s: float, at: str) -> Undoing:
    """What was opened under the lock and is to be closed, and the pending orders that could open more."""
    asked = desk.ask(scope_of(lock))
    cancels = tuple(cancel(order.ticket, order.symbol) for order in asked.raising)
    found = excess(lock, desk.rows)
    if not found:
        return Undoing(cancels)
    whole = [one.row for one in found if one.lots >= lots_of(one.row) - EPS]
    wishes = (*unwind(asked, whole), *(close(one.row, one.lots) for one in found if one.row not in whole))
    why = f"opened under the lock: {lock.reason}"
    if not _spent(e, desk.m.equity, now_s):
        return Undoing((*cancels, *wishes), why)
    robot = next((one for one in found if one.row.position.magic and one.row.position.magic not in e.baskets), None)
    if robot is not None:
        return Undoing(cancels, why, _basket(robot, desk, now_s, at), robot.row.position.magic)
    last = max((one.at_s for one in e.undone), default=0.0)
    if 0.0 <= now_s - last < SLOW_S:
        return Undoing(cancels, "the budget for undoing is used up: one a minute from here")
    return Undoing((*cancels, *wishes[:1]), why)


def _spent(e: Enforcement, equity: float | None, now_s: float) -> bool:
    recent = [one for one in e.undone if 0.0 <= now_s - one.at_s < HOUR_S]
    cost = sum(one.cost for one in recent)
    return len(recent) >= PER_HOUR or (equity is not None and cost >= equity * PER_HOUR_PCT / 100.0 > 0.0)


def _basket(robot: Excess, desk: Desk, now_s: float, at: str) -> Ordered:
    magic = robot.row.position.magic
    held = [row.position for row in desk.rows if row.position.magic == magic]
    why = f"the robot with magic {magic} keeps opening under a lock: its positions are closed once, switch it off"
    lots = {row.identifier: 0.0 for row in held if row.identifier is not None}
    return Ordered(f"basket-{magic}", at, now_s, why, lots)
