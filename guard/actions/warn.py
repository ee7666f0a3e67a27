"""A notice."""

from __future__ import annotations

from typing import ClassVar

from guard.actions.base import Action


class Warn(Action):
    """You are told, nothing else happens."""

    kind: ClassVar[str] = "warn"
    title: ClassVar[str] = "Notice"
