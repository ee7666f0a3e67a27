"""How often another limit was broken."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from guard.limits.base import Limit, Reading, over
from guard.metrics.compute import Metrics


class ViolationCount(Limit):
    """How many breaches of another limit were counted, each position once; firms allow a few.

    What was broken when the guard first looked does not count.
    """

    kind: ClassVar[str] = "violation_count"
    title: ClassVar[str] = "Violations"
    unit: ClassVar[str] = "violations"
    scoped: ClassVar[bool] = False
    watches: ClassVar[tuple[str, ...]] = ("violations",)
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending")

    of: Annotated[str, Field(min_length=1)] = Field(
        examples=["missing_stop"], description="name of the limit whose breaches count",
        json_schema_extra={"tighter": "none"},
    )  # fmt: skip
    max: Annotated[int, Field(ge=0)] = Field(examples=[4], description="so many are allowed; one more is a breach")

    def evaluate(self, m: Metrics) -> Reading:
        """The breaches that were counted."""
        count = float(len(m.context.watched.violations.get(self.of, ())))
        return Reading(count, float(self.max), over(count, float(self.max)))

    def say(self, reading: Reading) -> str:
        """The sentence."""
        return f"{self.of} was broken {reading.value:.0f} times; {self.max} are allowed"
