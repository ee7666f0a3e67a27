"""What every limit is: data in, a reading out, and the reading carries its own sentence."""

from __future__ import annotations

import math
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from guard.model.verdict import Severity

if TYPE_CHECKING:
    from guard.metrics.book import PositionFigures
    from guard.metrics.compute import Metrics
    from guard.model.trading import Position

EPSILON = 1e-9
Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Side = Literal["buy", "sell"]
_TRUE: dict[str, Any] = {"tighter": "true"}
Effect = Literal["terminate", "pause_until_reset", "count_violation", "profit_excluded", "blocks_pass"]
AssetClass = Literal["forex", "metal", "index", "crypto", "share", "energy", "other"]


class Data(BaseModel):
    """A frozen, strict piece of configuration: unknown fields are refused, numbers are finite."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Scope(Data):
    """Which positions a limit looks at. An empty list means all."""

    symbols: tuple[str, ...] = Field((), description="symbol names, exactly as the terminal writes them")
    magics: tuple[int, ...] = Field((), description="magic numbers; 0 is a trade made by hand")
    sides: tuple[Side, ...] = Field((), description="buy or sell")
    comments: tuple[str, ...] = Field((), description="texts the position's comment contains")
    asset_classes: tuple[AssetClass, ...] = Field((), description="forex, metal, index, crypto, share, energy, other")
    except_symbols: tuple[str, ...] = Field((), description="symbol names that are left out")
    except_magics: tuple[int, ...] = Field((), description="magic numbers that are left out")
    except_comments: tuple[str, ...] = Field((), description="positions whose comment contains one are left out")
    results: tuple[Literal["losing", "profitable"], ...] = Field(
        (), description="losing (profit and swap below 0) or profitable (0 or more)"
    )

    @cached_property
    def is_all(self) -> bool:
        """Whether nothing is filtered."""
        return not any(getattr(self, name) for name in type(self).model_fields)

    def holds(self, row: PositionFigures) -> bool:
        """Whether a position is in scope; a filter on a field that is unknown counts the position in (stricter)."""
        position = row.position
        if self.symbols and position.symbol is not None and position.symbol not in self.symbols:
            return False
        if self.magics and position.magic is not None and position.magic not in self.magics:
            return False
        if self.sides and position.side is not None and ("buy" if position.side > 0 else "sell") not in self.sides:
            return False
        comment = position.comment
        if self.comments and comment is not None and not any(text in comment for text in self.comments):
            return False
        if self._left_out(position):
            return False
        known = row.in_symbol.symbol is not None
        return not (self.asset_classes and known and row.asset_class not in self.asset_classes)

    def holds_trade(self, symbol: str | None, magic: int | None, side: int | None, comment: str | None) -> bool:
        """Whether a trade known from deals is in scope; asset classes and results are not asked."""
        word = None if side is None else "buy" if side > 0 else "sell"
        for wanted, value in ((self.symbols, symbol), (self.magics, magic), (self.sides, word)):
            if wanted and value is not None and value not in wanted:
                return False
        if symbol in self.except_symbols or magic in self.except_magics:
            return False
        if self.comments and comment is not None and not any(text in comment for text in self.comments):
            return False
        return comment is None or not any(text in comment for text in self.except_comments)

    def _left_out(self, position: Position) -> bool:
        if self.except_symbols and position.symbol in self.except_symbols:
            return True
        if self.except_magics and position.magic in self.except_magics:
            return True
        comment = position.comment
        if self.except_comments and comment is not None and any(text in comment for text in self.except_comments):
            return True
        if not self.results or position.profit is None or position.swap is None:
            return False
        return ("losing" if position.profit + position.swap < 0.0 else "profitable") not in self.results


class ActionSpec(BaseModel):
    """An action with its own settings, e.g. ``{ kind = "lock_until", until = "reset" }``.

    Which settings there are is the action's own matter: ``settings`` checks them against the registry of actions.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="allow")

    kind: str

    @property
    def settings(self) -> dict[str, Any]:
        """The action's own settings by name."""
        return dict(self.__pydantic_extra__ or {})


class Stage(Data):
    """A point of the way to the limit: at ``at_pct`` percent of utilization these actions begin."""

    at_pct: Annotated[float, Field(gt=0.0, le=1000.0, allow_inf_nan=False)]
    actions: tuple[str | ActionSpec, ...] = ("warn",)

    @property
    def names(self) -> tuple[str, ...]:
        """The actions' names."""
        return tuple(item if isinstance(item, str) else item.kind for item in self.actions)


DEFAULT_STAGES = (Stage(at_pct=70.0), Stage(at_pct=85.0), Stage(at_pct=100.0))


class Reading(NamedTuple):
    """What a limit found before timing: value and threshold in its unit, utilization in percent points.

    ``utilization_pct`` ``None`` with ``breach`` ``None`` is UNKNOWN; with ``breach`` true or false it has no number
    but a clear answer. ``why`` replaces the sentence; ``detail`` is what the limit's own sentence needs besides.
    """

    value: float | None
    threshold: float | None
    utilization_pct: float | None
    offending: tuple[int | str, ...] = ()
    why: str = ""
    breach: bool | None = None
    at_most_warn: bool = False
    detail: tuple[object, ...] = ()


class Limit(Data):
    """Base of all kinds. A kind sets the class words and answers ``evaluate``.

    ``scoped`` is false for kinds that look at the whole account: a ``scope`` on them is a fault. ``vetoes`` is true
    for kinds of exposure, margin and stop-out: no deed may leave them worse than it found them.
    ``watches`` names parts of the engine's memory that only such a kind needs: margin, violations, marks.
    """

    kind: ClassVar[str] = ""
    title: ClassVar[str] = ""
    unit: ClassVar[str] = ""
    is_floor: ClassVar[bool] = False
    max_field: ClassVar[str] = "max"
    curable_by: ClassVar[tuple[str, ...]] = ()
    scoped: ClassVar[bool] = True
    vetoes: ClassVar[bool] = False
    watches: ClassVar[tuple[str, ...]] = ()

    id: str | None = Field(None, description="name of this limit; two limits of one kind need different ones")
    scope: Scope = Field(Scope(), description="which positions it looks at; default all")
    for_s: NotNegative = Field(0.0, description="seconds the condition must hold before it counts")
    clear_margin_pct: NotNegative = Field(2.0, description="percent of the threshold it must fall back to clear")
    cooldown_s: NotNegative = Field(0.0, description="seconds it must stay clear before it is called clear")
    stages: tuple[Stage, ...] = Field(DEFAULT_STAGES, description="at which utilization which actions begin")
    latch: bool = Field(
        False, description="what was begun for a breach goes on after its period's reset", json_schema_extra=_TRUE
    )
    ends_account: bool = Field(
        False,
        description="a breach ends the account: deeds do not wait, and begin early enough for their own cost",
        json_schema_extra=_TRUE,
    )
    effect: Effect | None = Field(
        None, description="what the firm does on a breach; terminate: the account ends (ends_account is then true)"
    )
    stage: Literal["evaluation", "funded"] | None = Field(
        None, description="only in this stage of a prop account ([account] stage); default: in every stage"
    )

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.effect == "terminate" and "ends_account" not in self.model_fields_set:
            self.__dict__["ends_account"] = True  # a before-validator would read a file's lists as Python's
        return self

    @cached_property
    def name(self) -> str:
        """The limit's id, by default its kind."""
        return self.id if self.id is not None else self.kind

    @cached_property
    def touch(self) -> bool:
        """Whether utilization 100 itself is a breach."""
        return bool(getattr(self, "touch_is_breach", False))

    @cached_property
    def stage_pcts(self) -> tuple[float, ...]:
        """The stages' utilizations, highest first."""
        return tuple(sorted((stage.at_pct for stage in self.stages), reverse=True))

    @cached_property
    def first_pct(self) -> float:
        """The lowest utilization at which anything begins: the first stage, at most 100."""
        return min((*self.stage_pcts, 100.0))

    @cached_property
    def quiet_below_pct(self) -> float:
        """Utilization below which nothing begins, with the tolerance of comparisons."""
        return self.first_pct * (1.0 - EPSILON)

    def asked(self, stage_pct: float) -> tuple[tuple[str, ...], bool]:
        """The actions asked for when ``stage_pct`` is the highest stage reached; whether more than a notice."""
        known = self._asked.get(stage_pct)
        if known is None:
            names = [name for stage in self.stages if stage.at_pct <= stage_pct for name in stage.names]
            unique = tuple(dict.fromkeys(names))
            known = self._asked[stage_pct] = unique, any(name != "warn" for name in unique)
        return known

    @cached_property
    def _asked(self) -> dict[float, tuple[tuple[str, ...], bool]]:
        return {}

    def anchor_needs(self) -> tuple[AnchorNeed, ...]:
        """The references this limit compares with; most kinds need none."""
        return ()

    def day_needs(self) -> tuple[DayNeed, ...]:
        """The trading days this limit looks back on; most kinds need none."""
        return ()

    def evaluate(self, m: Metrics) -> Reading:
        """Read the metrics; never raises for missing data."""
        raise NotImplementedError

    def say(self, reading: Reading) -> str:
        """The sentence of a reading whose value is known."""
        raise NotImplementedError

    def told(self, reading: Reading, severity: Severity) -> str:
        """The sentence of any reading, also of one that could not be made."""
        if reading.utilization_pct is None and reading.breach is None:
            stands = "; the breach stands until the figure is known again" if severity is Severity.BREACH else ""
            return f"{self.title} is unknown: {reading.why}{stands}"
        return reading.why if reading.why or reading.value is None else self.say(reading)


class AnchorNeed(NamedTuple):
    """A reference a limit needs: ``period`` is day, week, month, life or eod; ``at`` is HH:MM in zone ``tz``.

    ``eod`` follows the highest balance at the ends of days. ``peaks``: the highest equity of the period is followed as
    well; ``before``: the reference of the period that ended last is kept; ``equity``: more than its
    balance counts.
    """

    key: str
    period: str
    tz: str
    at: str
    flows: str
    peaks: bool = False
    before: bool = False
    equity: bool = False


class DayNeed(NamedTuple):
    """Trading days a limit needs: days begin at ``at`` (HH:MM) in zone ``tz``; ``since`` absent: first sight."""

    key: str
    tz: str
    at: str
    since: date | None


def over(value: float, limit: float) -> float:
    """Utilization of a cap that may be 0: then anything is beyond any bound."""
    return ceiling(value, limit) if limit > 0.0 else (math.inf if value > 0.0 else 0.0)


def ceiling(value: float, limit: float) -> float:
    """Utilization of a cap in percent points: value / limit x 100."""
    return value / limit * 100.0 if math.isfinite(value) else math.inf


def unknown(threshold: float | None, why: str, offending: tuple[int | str, ...] = ()) -> Reading:
    """A reading that could not be made, with the sentence why."""
    return Reading(None, threshold, None, offending, why)


def number(value: float | None, digits: int = 2) -> str:
    """A number for a sentence: thousands separated, ``infinite`` and ``unknown`` in words."""
    if value is None:
        return "unknown"
    if math.isinf(value):
        return "infinite"
    return f"{value:,.{digits}f}"
