"""The answer of one limit for one snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Severity(IntEnum):
    """OK < WARN < UNKNOWN < BREACH: the worst of several is their maximum."""

    OK = 0
    WARN = 1
    UNKNOWN = 2
    BREACH = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one limit says now.

    ``value`` and ``threshold`` are in the limit's own unit; ``utilization_pct`` is percent points, ``inf`` when the
    figure is beyond any bound, ``None`` when it cannot be computed (the sentence says why). ``offending`` lists
    tickets (int) or symbols (str). ``acting`` is true when the reached stage asks for more than a notice.
    """

    limit: str
    kind: str
    severity: Severity
    value: float | None
    threshold: float | None
    unit: str
    utilization_pct: float | None
    offending: tuple[int | str, ...]
    sentence: str
    acting: bool = False
    inherited: bool = False
    stage_pct: float | None = None
    actions: tuple[str, ...] = ()
