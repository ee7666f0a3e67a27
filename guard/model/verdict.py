"""The answer of one limit for one snapshot."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum


class Severity(IntEnum):
    """OK < WARN < UNKNOWN < BREACH: the worst of several is their maximum."""

    OK = 0
    WARN = 1
    UNKNOWN = 2
    BREACH = 3


class Verdict:
    """What one limit says now. Treat it as frozen; it makes its sentence when first asked for it.

    ``value`` and ``threshold`` are in the limit's own unit; ``utilization_pct`` is percent points, ``inf`` when the
    figure is beyond any bound, ``None`` when it cannot be computed (the sentence says why). ``offending`` lists
    tickets (int) or symbols (str). ``acting`` is true when the reached stage asks for more than a notice.
    """

    __slots__ = (
        "_sentence", "acting", "actions", "inherited", "kind", "limit", "offending", "severity", "stage_pct",
        "threshold", "unit", "utilization_pct", "value",
    )  # fmt: skip

    def __init__(
        self,
        limit: str,
        kind: str,
        severity: Severity,
        value: float | None,
        threshold: float | None,
        unit: str,
        utilization_pct: float | None,
        offending: tuple[int | str, ...],
        sentence: str | Callable[[], str],
        *,
        acting: bool = False,
        inherited: bool = False,
        stage_pct: float | None = None,
        actions: tuple[str, ...] = (),
    ) -> None:
        """A verdict; ``sentence`` may be a function that makes it."""
        self.limit = limit
        self.kind = kind
        self.severity = severity
        self.value = value
        self.threshold = threshold
        self.unit = unit
        self.utilization_pct = utilization_pct
        self.offending = offending
        self._sentence = sentence
        self.acting = acting
        self.inherited = inherited
        self.stage_pct = stage_pct
        self.actions = actions

    @property
    def sentence(self) -> str:
        """The verdict in one sentence."""
        made = self._sentence
        if not isinstance(made, str):
            made = self._sentence = made()
        return made

    def __repr__(self) -> str:
        """For a failing test."""
        return f"Verdict({self.limit}, {self.severity.name}, {self.value}, {self.utilization_pct} %, {self.sentence!r})"
