"""All kinds of limits, found by scanning this folder."""

from __future__ import annotations

from functools import cache

import guard.limits as package
from guard.limits.base import Limit
from guard.registry import discover


@cache
def limit_kinds() -> dict[str, type[Limit]]:
    """Every kind with its class, in alphabetical order.

    Raises:
        ValueError: A file in ``limits/`` is broken; nothing starts with a limit missing.
    """
    return discover(package, Limit)
