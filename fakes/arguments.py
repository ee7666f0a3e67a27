"""How the vendor's functions combine their arguments: which win, which are ignored, in what order they are checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fakes.faults import CallError
from fakes.records import FIELDS
from fakes.slots import INVALID, PENDING, date, signed, text, unsigned

UNNAMED = "Unnamed arguments not allowed"
NUMBER = "Invalid number of arguments"
_ORDINALS = ("1st", "2nd", "3rd")
_ZERO: dict[str, Any] = {"int": 0, "float": 0.0, "str": ""}


def connection(args: tuple[Any, ...], kwargs: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """The arguments of initialize and login by name; named ones win over positional ones, but both are checked.

    Args:
        args: positional arguments.
        kwargs: named arguments; unknown names are ignored.
        names: the positional parameters in order; ``path`` is known to initialize only.
    """
    if len(args) > len(names):
        raise CallError(-2, NUMBER)
    given: dict[str, Any] = {}
    for i, value in enumerate(args):
        _access(given, names[i], value, f"Invalid {_ORDINALS[i]} unnamed argument")
    for name in ("login", "server", "password", "timeout", "portable", "path"):
        if name in kwargs and not (name in {"portable", "path"} and "path" not in names):
            _access(given, name, kwargs[name], None)
    return given


def _access(given: dict[str, Any], name: str, value: object, said: str | None) -> None:
    if name == "portable":
        try:
            given[name] = bool(value)
        except Exception as fault:  # noqa: BLE001 (stays pending; the call goes on as if it were true)
            PENDING.error, given[name] = fault, True
    elif name in {"login", "timeout"}:
        given[name] = unsigned(value, name, said)
    else:
        given[name] = text(value, name, said)


def empty_mapping(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """What an empty keyword mapping, handed over as such, makes of a request: refused beside another, else all zero."""
    if args:
        raise CallError(-2, UNNAMED)
    return ({},)


def order_request(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The request of order_send and order_check: missing keys are zero, unknown ones ignored, types strict."""
    if args and kwargs:
        raise CallError(-2, UNNAMED)
    if not kwargs and len(args) != 1:
        raise CallError(-2, NUMBER)
    given = kwargs if kwargs else args[0]
    if not isinstance(given, dict):
        raise CallError(-2, INVALID)
    request: dict[str, Any] = {}
    for name, kind in FIELDS["TradeRequest"]:
        value = dict.get(given, name, _ZERO[kind])  # past whatever a subclass overrides, as C code reads it
        if name == "expiration":
            request[name] = signed(value, name)
        elif kind == "int":
            request[name] = unsigned(value, name)
        elif kind == "str":
            request[name] = text(value, name)
        elif isinstance(value, float):
            request[name] = float.__float__(value)
        else:
            raise CallError(-2, f'Invalid "{name}" argument')
    return request


def selection(args: tuple[Any, ...], kwargs: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, Any]:
    """Which of the keyword selections of positions_get and its kin is used, with its value; ``("", None)`` for all."""
    if args:
        raise CallError(-2, UNNAMED)
    for name in names:
        if name in kwargs:
            value = kwargs[name]
            return name, unsigned(value, name) if name in {"ticket", "position"} else text(value, name)
    return "", None


Past = tuple[tuple[int, int] | None, str, Any]


def past(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Past:
    """The selection of history_*_get: two dates and perhaps a group, or else a ticket, or else a position.

    Returns:
        The two dates or ``None``, the name of the further selection (or ``""``), and its value.
    """
    if len(args) == 2:
        dates = date(args[0]), date(args[1])
        return (dates, "group", text(kwargs["group"], "group")) if "group" in kwargs else (dates, "", None)
    if not {"ticket", "position"} & kwargs.keys():
        raise CallError(-2, INVALID)
    return None, *selection(args, kwargs, ("ticket", "position"))


def in_group(name: str, group: str) -> bool:
    """Whether a symbol is in a group such as ``*USD*,!EURUSD``, by the rules of the extension's own filter.

    Exact and case-sensitive but for ``*``; spaces around a piece and empty pieces do not count; ``!`` excludes
    wherever it stands; one that excludes nothing by name (``!``) excludes everything; only exclusions select nothing.
    """
    pieces = [piece.strip(" ") for piece in group.split(",")]
    if any(_matches(name, piece.lstrip("!") or "*") for piece in pieces if piece.startswith("!")):
        return False
    return any(_matches(name, piece) for piece in pieces if piece and not piece.startswith("!"))


def _matches(name: str, piece: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, piece.split("*"))), name, re.DOTALL) is not None
