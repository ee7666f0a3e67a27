"""What every action is: a wish list made from the figures. It sends nothing; the engine projects, confirms and budgets.

An action sees positions and orders in its limit's scope and says what it wants closed, deleted or protected, in order.
It can only name what is there: nothing here can open anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from guard.metrics.book import PositionFigures
from guard.metrics.compute import Metrics
from guard.model.intent import TradingState
from guard.model.trading import Order

Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]


class Wish(NamedTuple):
    """One thing an action wants done: see ``model.intent.Deed`` for the fields."""

    kind: str
    ticket: int
    symbol: str
    identifier: int | None = None
    lots: float | None = None
    by: int | None = None
    sl: float | None = None
    tp: float | None = None


class LockAsk(NamedTuple):
    """The lock an action wants: ``until`` is ``stage`` (while it is reached), ``reset``, ``manual`` or seconds."""

    until: str | float
    latched: bool


class Plan(NamedTuple):
    """What an action wants, in order, and what it cannot do, as a sentence (empty: nothing to say)."""

    wishes: tuple[Wish, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """What an action is asked about.

    ``rows`` are the positions in scope whose symbol, side and volume are known, ``offending`` the tickets and symbols
    the verdict names; ``stage_pct`` is the stage that asks, ``used_after`` the limit's utilization (percent points)
    after some wishes, ``None`` when it cannot be told; ``whole_account`` says that all positions are in scope.
    ``raising``/``protective`` are the pending orders in scope that can, and cannot, raise exposure. ``no_close_by``
    holds tickets whose close-by was refused, ``found_open`` identifiers found open when the guard first looked;
    ``commission`` is what an exit of one lot costs by identifier, ``hour_range`` the range of the last hour as a price
    by symbol; ``peak`` the highest equity since the stage was reached.
    """

    metrics: Metrics
    rows: tuple[PositionFigures, ...]
    offending: tuple[int | str, ...]
    stage_pct: float
    used: float | None
    used_after: Callable[[Sequence[Wish]], float | None]
    whole_account: bool = True
    raising: tuple[Order, ...] = ()
    protective: tuple[Order, ...] = ()
    no_close_by: frozenset[int] = frozenset()
    found_open: frozenset[int] = frozenset()
    commission: Mapping[int, float] = field(default_factory=dict)
    hour_range: Mapping[str, float] = field(default_factory=dict)
    peak: float | None = None


class Action(BaseModel):
    """Base of all actions. A kind sets the class words and answers ``plan`` or ``lock``.

    ``closes`` is true for actions that close positions: they need a confirmed breach. ``state`` is what the action
    makes of the trading state. ``follows_peak`` is true for actions that need the highest equity since their stage
    was reached, ``stepwise`` for those whose next close depends on what the one in flight has done.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    kind: ClassVar[str] = ""
    title: ClassVar[str] = ""
    closes: ClassVar[bool] = False
    state: ClassVar[TradingState] = TradingState.ACTIVE
    follows_peak: ClassVar[bool] = False
    stepwise: ClassVar[bool] = False

    def plan(self, ask: Ask) -> Plan:  # noqa: ARG002 - kinds that only notify or lock want nothing
        """What is wanted, in order."""
        return Plan()

    def lock(self) -> LockAsk | None:
        """The lock that is wanted, or ``None``."""
        return None
