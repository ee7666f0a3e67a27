"""All kinds of limits, found by scanning this folder."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import guard.limits as package
from guard.limits.base import Limit
from guard.registry import discover


@cache
def limit_kinds() -> Mapping[str, type[Limit]]:
    """Every kind with its class, in alphabetical order; a kind is loaded when it is first asked for.

    A broken file in ``limits/`` is a ``ValueError`` there: no guard starts without a limit it was given.
    """
    return discover(package, Limit)
