"""Whether a terminal is a simulated one, under whatever name: a guard for a real account refuses it. Pure."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

SIMULATED = "SIMULATED"
REFUSAL = "only `guard demo` and tests may use one"
_ASKED = ("initialize", "account_info", "positions_get", "order_send")
_NAMES = {"terminal": ("name", "company"), "account": ("name", "company", "server")}


def says_simulated(module: Any) -> bool:
    """Whether a module, or one that its functions come from, says that it is simulated."""
    if getattr(module, SIMULATED, False) or SIMULATED in str(getattr(module, "__author__", "")):
        return True
    origins = {getattr(getattr(module, name, None), "__module__", None) for name in _ASKED}
    return any(getattr(sys.modules.get(str(origin)), SIMULATED, False) for origin in origins)


def names_simulated(read: Mapping[str, Any]) -> bool:
    """Whether what a terminal says of itself (``terminal`` and ``account`` records) names it as simulated."""
    for section, fields in _NAMES.items():
        told = read.get(section)
        for field in fields if isinstance(told, Mapping) else ():
            value = told.get(field) if isinstance(told, Mapping) else None
            if isinstance(value, str) and SIMULATED in value.upper():
                return True
    return False
