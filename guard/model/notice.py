"""What the user is told, once per change."""

from __future__ import annotations

from dataclasses import dataclass

from guard.model.verdict import Severity


@dataclass(frozen=True, slots=True)
class Notice:
    """One message: ``key`` de-duplicates it, ``at`` is an ISO UTC instant, ``limit`` ``None`` for the guard's own."""

    key: str
    at: str
    severity: Severity
    limit: str | None
    kind: str
    sentence: str
