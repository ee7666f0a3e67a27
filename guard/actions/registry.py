"""All kinds of actions, found by scanning this folder."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import guard.actions as package
from guard.actions.base import Action
from guard.registry import discover


@cache
def action_kinds() -> Mapping[str, type[Action]]:
    """Every kind with its class, in alphabetical order; a kind is loaded when it is first asked for.

    A broken file in ``actions/`` is a ``ValueError`` there: no guard starts without an action it was given.
    """
    return discover(package, Action)
