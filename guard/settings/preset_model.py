"""What a preset says about itself: where each of its fields comes from, what it does not watch, its examples."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Final, Generic, Literal, TypeVar

from pydantic import Field, model_validator

from guard.limits.base import Data, Positive

MONEY: Final = r"^\d+(\.\d+)? [A-Z][A-Z0-9]{2,9}$"
Text = Annotated[str, Field(min_length=1)]
PresetKind = Literal["profile", "prop", "regulator", "broker"]
Grade = Literal["official", "third party", "unconfirmed", "computed", "own choice", "unknown"]
GRADES: Final = {
    "official": "the firm's, broker's or regulator's own text",
    "third party": "another page about it",
    "unconfirmed": "read somewhere, or sources disagree: the stricter reading stands here",
    "computed": "follows from other fields",
    "own choice": "chosen by MT5 Guard",
    "unknown": "not known: nothing is assumed",
}
T = TypeVar("T")


class Sourced(Data):
    """Where something was read, when it was looked up, and how much that is worth."""

    source: Text | None = Field(None, description="page, document or person it was read from")
    date: dt.date | None = Field(None, description="day it was looked up, YYYY-MM-DD; not the day it was published")
    grade: Grade = Field(description="official, third party, unconfirmed, computed, own choice or unknown")

    @model_validator(mode="after")
    def _said_where(self) -> Sourced:
        if self.grade != "unknown" and (self.source is None or self.date is None):
            message = f"a field of grade '{self.grade}' needs its source and the date it was looked up"
            raise ValueError(message)
        return self


class Fact(Sourced, Generic[T]):
    """One value with its source; without a value its grade is unknown."""

    value: T | None = Field(None, description="the value; absent: not known")

    @model_validator(mode="after")
    def _known_or_unknown(self) -> Fact[T]:
        if (self.value is None) != (self.grade == "unknown"):
            message = "a field has a value or the grade 'unknown', not both and not neither"
            raise ValueError(message)
        return self


class PresetSection(Sourced):
    """What a preset is."""

    kind: PresetKind = Field(description="profile, prop, regulator or broker")
    title: Text = Field(description="what it is, in one line")
    firm: Text | None = Field(None, description="prop firm")
    program: Text | None = Field(None, description="the firm's program")
    size: Annotated[str, Field(pattern=MONEY)] | None = Field(None, description="account size it is written for")
    fixed_size: bool = Field(False, description="whether its amounts belong to that size alone")


Effect = Literal["terminate", "pause until reset", "violation counted", "profit excluded", "blocks pass", "none"]


class RuleSection(Sourced):
    """One rule of a firm or regulator: watched by fields of a limit in this file, or not watched and why."""

    says: Text = Field(description="the rule in one sentence")
    limit: Text | None = Field(None, description="name of the limit in this file that watches it")
    fields: tuple[Text, ...] = Field((), description="fields of that limit which this source gives")
    not_watched: Text | None = Field(None, description="why this version cannot watch it")
    effect: Effect | None = Field(None, description="what the firm does; absent: not known")
    phase: Literal["evaluation", "funded"] | None = Field(None, description="where it applies; absent: everywhere")

    @model_validator(mode="after")
    def _watched_or_not(self) -> RuleSection:
        if (self.limit is None) == (self.not_watched is None):
            message = "a rule names the limit that watches it, or says in not_watched why none does"
            raise ValueError(message)
        if (self.limit is None) != (not self.fields):
            message = "a rule with a limit names the fields this source gives"
            raise ValueError(message)
        return self


class Standing(Data):
    """Balance and equity at a moment of an example, in account currency."""

    balance: Positive
    equity: Positive


class ExampleSection(Data):
    """A worked example: the figure at which a limit breaks, and the last one at which it does not.

    ``of`` says which figure: equity, seconds without a stop, lots of one position, leverage, money lost at the stop
    of one position (``balance`` says of what account), or the equity at which the broker closes (``stop_out``, with
    ``margin`` in use).
    """

    says: Text = Field(description="the example in one sentence")
    limit: Text | None = Field(None, description="name of the limit; none for stop_out")
    of: Literal["equity", "seconds", "lots", "leverage", "loss_at_stop", "stop_out"] = Field(
        "equity", description="which figure"
    )
    at_reset: Standing | None = Field(None, description="balance and equity when the period began or at first sight")
    peak: Standing | None = Field(None, description="the best moment after that")
    balance: Positive | None = Field(None, description="balance when the figure is read; absent: the last one named")
    margin: Positive | None = Field(None, description="margin in use, for stop_out")
    asset_class: Text | None = Field(None, description="what is held, for leverage")
    account: Text | None = Field(None, description="account type, for stop_out")
    breach: float = Field(description="the figure at which the limit is broken", allow_inf_nan=False)
    fine: float | None = Field(None, description="the nearest figure at which it is not", allow_inf_nan=False)


class LoosenedSection(Data):
    """The second word that loosening a firm's or regulator's rule needs."""

    limit: Text = Field(description="name of the limit that is loosened or left out")
    because: Annotated[str, Field(min_length=10)] = Field(
        description="why, in a sentence; it is shown at every start and kept in the journal"
    )
