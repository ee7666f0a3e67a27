"""Whether a call was handed a keyword mapping, though an empty one: the vendor's extension can tell, and refuses it.

``f(request)`` works and ``f(request, **{})`` does not; so every wrapper of the form ``f(*args, **kwargs)``, an
executor's ``submit(f, request)`` or ``Thread(target=f, args=(request,))`` fails with the vendor's package, and must
fail here too. Python code does not see an empty mapping, but its caller's instruction shows whether one was given.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterator
from functools import partial
from types import FrameType
from typing import Any

_SPREAD = dis.opmap["CALL_FUNCTION_EX"]
_NOTHING = dis.opmap.get("PUSH_NULL")
_FLAGGED = sys.version_info < (3, 14)  # until then the argument's lowest bit tells, later the instruction before
_WIDTH = 2  # bytes of an instruction
_RELAYS = {"concurrent.futures.thread"}  # run what they were given, which may call us in turn


def mapping_given(caller: FrameType, function: object) -> bool:
    """Whether the instruction that the caller is at hands over a keyword mapping.

    Args:
        caller: the frame that calls; for a call through C code, the nearest Python frame.
        function: what is called, to tell a relay that runs it from one that runs something around it.
    """
    code, at = caller.f_code.co_code, caller.f_lasti
    if at < 0 or code[at] != _SPREAD:
        return False
    if not (code[at + 1] & 1 if _FLAGGED else code[at - _WIDTH] != _NOTHING):
        return False
    if caller.f_globals.get("__name__") not in _RELAYS:
        return True
    return any(_bare(value) is function for value in _held(caller))


def _held(frame: FrameType) -> Iterator[Any]:
    for value in frame.f_locals.values():
        yield value
        yield from getattr(value, "__dict__", {}).values()


def _bare(value: Any) -> Any:
    while isinstance(value, partial):
        value = value.func
    return value
