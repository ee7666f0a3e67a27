"""What ``guard doctor`` found: each finding with its remedy."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How a finding stands: fine, worth knowing, not to be told, to be mended."""

    OK = "ok"
    NOTE = "note"
    UNKNOWN = "unknown"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about one thing; ``remedy`` is what to do, empty where there is nothing to do."""

    area: str
    level: Level
    what: str
    remedy: str = ""


@dataclass(slots=True)
class Report:
    """All findings in the order they were made; ``exit_code`` is that of the step that ended the examination early."""

    findings: list[Finding] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    stopped: int | None = None

    def add(self, area: str, level: Level, what: str, remedy: str = "") -> None:
        """Take one more finding."""
        self.findings.append(Finding(area, level, what, remedy))

    @property
    def exit_code(self) -> int:
        """0: nothing to mend; 10: something to mend; 11: something cannot be told; 3 to 6: it ended there."""
        if self.stopped is not None:
            return self.stopped
        levels = {finding.level for finding in self.findings}
        return 10 if Level.PROBLEM in levels else 11 if Level.UNKNOWN in levels else 0
