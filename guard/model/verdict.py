"""The answer of one limit for one snapshot."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Protocol


class Severity(IntEnum):
    """OK < WARN < UNKNOWN < BREACH: the worst of several is their maximum."""

    OK = 0
    WARN = 1
    UNKNOWN = 2
    BREACH = 3


class Rule(Protocol):
    """What a verdict needs of the limit it is about."""

    @property
    def name(self) -> str:
        """The limit's id, by default its kind."""

    @property
    def kind(self) -> str:
        """The limit's kind."""

    @property
    def unit(self) -> str:
        """The unit of value and threshold."""

    def told(self, reading: Any, severity: Severity) -> str:  # noqa: ANN401  # the limit knows its own readings
        """The verdict in one sentence."""


class Found(Protocol):
    """What a limit read: see ``limits.base.Reading``."""

    @property
    def value(self) -> float | None:
        """In the limit's unit."""

    @property
    def threshold(self) -> float | None:
        """In the limit's unit."""

    @property
    def utilization_pct(self) -> float | None:
        """In percent points."""

    @property
    def offending(self) -> tuple[int | str, ...]:
        """Tickets or symbols."""

    @property
    def breach(self) -> bool | None:
        """The answer of a reading without a utilization."""


class Verdict:
    """What one limit says now. Treat it as frozen; it makes its sentence when first asked for it.

    ``value`` and ``threshold`` are in the limit's own unit; ``utilization_pct`` is percent points, ``inf`` when the
    figure is beyond any bound, ``None`` when it cannot be computed (the sentence says why). ``offending`` lists
    tickets (int) or symbols (str). ``acting`` is true when the reached stage asks for more than a notice.
    """

    __slots__ = ("_reading", "_rule", "_sentence", "acting", "actions", "inherited", "severity", "stage_pct")

    def __init__(
        self,
        rule: Rule,
        reading: Found,
        severity: Severity,
        acting: bool = False,  # made for every limit in every cycle: by place is faster
        inherited: bool = False,  # the same
        stage_pct: float | None = None,
        actions: tuple[str, ...] = (),
    ) -> None:
        """A verdict of ``rule`` about what it read."""
        self._rule = rule
        self._reading = reading
        self._sentence: str | None = None
        self.severity = severity
        self.acting = acting
        self.inherited = inherited
        self.stage_pct = stage_pct
        self.actions = actions

    @property
    def limit(self) -> str:
        """The limit's id, by default its kind."""
        return self._rule.name

    @property
    def kind(self) -> str:
        """The limit's kind."""
        return self._rule.kind

    @property
    def unit(self) -> str:
        """The unit of value and threshold."""
        return self._rule.unit

    @property
    def value(self) -> float | None:
        """What was found, in the limit's unit."""
        return self._reading.value

    @property
    def threshold(self) -> float | None:
        """The limit, in its unit."""
        return self._reading.threshold

    @property
    def utilization_pct(self) -> float | None:
        """How much of the limit is used, in percent points."""
        return self._reading.utilization_pct

    @property
    def offending(self) -> tuple[int | str, ...]:
        """Tickets or symbols that make the value."""
        return self._reading.offending

    @property
    def reading(self) -> Any:  # noqa: ANN401  # the limit knows its own readings
        """What the limit read."""
        return self._reading

    @property
    def known(self) -> bool:
        """Whether this reading answers at all: with a utilization, or with a plain yes or no."""
        return self._reading.utilization_pct is not None or self._reading.breach is not None

    @property
    def sentence(self) -> str:
        """The verdict in one sentence."""
        if self._sentence is None:
            self._sentence = self._rule.told(self._reading, self.severity)
        return self._sentence

    def __repr__(self) -> str:
        """For a failing test."""
        return f"Verdict({self.limit}, {self.severity.name}, {self.value}, {self.utilization_pct} %, {self.sentence!r})"
