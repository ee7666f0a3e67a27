"""All kinds of actions, found by scanning this folder."""

from __future__ import annotations

from functools import cache

import guard.actions as package
from guard.actions.base import Action
from guard.registry import discover


@cache
def action_kinds() -> dict[str, type[Action]]:
    """Every kind with its class, in alphabetical order.

    Raises:
        ValueError: A file in ``actions/`` is broken; nothing starts with an action missing.
    """
    return discover(package, Action)
