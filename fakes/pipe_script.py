"""Which pipe fault is due at a call, and how faults are written on a command line. The clock is handed in."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from fakes import faults, pipe_faults
from fakes.faults import ANY, Fault

# Faults of the broker and its lists that work behind the pipe too; those of the link have their own kinds here.
BEHIND = ("none", "retcode", "partial", "foreign", "state", "clock", "stale", "rows", "value")
_FIELDS = {field.name: field for field in dataclasses.fields(Fault)}
_NOT_TOLD = {"kind", "began", "undo", "random", "set", "once"}
_CONNECTING = {"connect", "hello", "login", "connect_state"}


class Script:
    """Counts the calls of all clients and tells which fault is due.

    Args:
        faults: in their order; the first that is due counts.
        clock: measures ``for_s``, in seconds.
    """

    def __init__(self, faults: Iterable[Fault], clock: Callable[[], float]) -> None:
        self._faults, self._clock = list(faults), clock
        self._counts = Counter[str]()

    def due(self, call: str) -> Fault | None:
        """Note a call; the fault that hits it, if one does. ``*`` counts all but the steps of connecting."""
        self._counts[call] += 1
        general = call not in _CONNECTING
        if general:
            self._counts[ANY] += 1
        now = self._clock()
        hits = [
            fault
            for fault in self._faults
            if (fault.call == call or (general and fault.call == ANY)) and fault.due(self._counts[fault.call], now)
        ]
        return hits[0] if hits else None


def read(text: str) -> tuple[str, dict[str, Any]]:
    """A fault as written: its kind, then ``name=value`` by commas, such as ``hang,call=account_info,nth=3,seconds=10``.

    Returns:
        The kind, and its fields as ``fakes.faults`` knows them.

    Raises:
        ValueError: an unknown kind or name, or a value of another type; the sentence says which.
    """
    kind, *parts = [part.strip() for part in text.split(",")]
    if kind not in (*pipe_faults.KINDS, *BEHIND):
        raise ValueError(f"there is no fault {kind!r}; known are {', '.join((*pipe_faults.KINDS, *BEHIND))}")
    found: dict[str, Any] = {}
    for part in parts:
        name, equals, value = part.partition("=")
        if not equals or name not in _FIELDS or name in _NOT_TOLD:
            if kind == "state" and equals:  # state,disconnected=true: any option of the session or rule of the house
                found.setdefault("set", {})[name] = _plain(value)
                continue
            raise ValueError(f"a fault has no {part!r}; write name=value, such as nth=2")
        found[name] = _value(name, value)
    return kind, found


def _plain(value: str) -> Any:
    words = {"true": True, "false": False}
    return words[value] if value in words else _number(value)


def _number(value: str) -> Any:
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


def _value(name: str, value: str) -> Any:
    told = str(_FIELDS[name].type)
    try:
        if told == "bool":
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[value.lower()]
        if told.startswith("int"):
            return int(value)
        if told.startswith("float"):
            return float(value)
    except (KeyError, ValueError) as error:
        raise ValueError(f"{name}={value} is not of its kind ({told})") from error
    return value if told == "str" else _plain(value)


def of_pipe(told: Iterable[tuple[str, dict[str, Any]]]) -> list[Fault]:
    """Those of the pipe."""
    found = []
    for kind, fields in told:
        if kind in pipe_faults.KINDS:
            found.append(Fault(kind, **({"call": ANY} | pipe_faults.USUAL.get(kind, {}) | fields)))
    return found


def of_broker(told: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Those behind it, as options of the session."""
    options: dict[str, list[dict[str, Any]]] = {}
    for kind, fields in told:
        if kind in BEHIND:
            options.setdefault(kind, []).append(fields)
    faults.read_faults(options)
    return options
