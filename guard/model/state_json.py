"""The engine's memory as JSON and back. Pure; what is not understood is refused, never forgotten."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TypeVar

from guard.model.errors import InputError
from guard.model.state import Anchor, FirstSeen, Last, State, Timer

T = TypeVar("T")


def state_to_json(state: State) -> dict[str, Any]:
    """A JSON-ready object; keys of position maps are identifiers as text."""
    return {
        "anchors": {key: asdict(value) for key, value in state.anchors.items()},
        "entry_equity": {str(key): value for key, value in state.entry_equity.items()},
        "first_stops": {str(key): value for key, value in state.first_stops.items()},
        "unprotected_s": {str(key): value for key, value in state.unprotected_s.items()},
        "timers": {key: asdict(value) for key, value in state.timers.items()},
        "first_seen": asdict(state.first_seen) if state.first_seen is not None else None,
        "last": asdict(state.last) if state.last is not None else None,
        "locks": [dict(lock) for lock in state.locks],
        "policy_sha256": state.policy_sha256,
        "flow_gap_s": state.flow_gap_s,
        "flow_gap_told": state.flow_gap_told,
    }


def _mapping(raw: object, path: str) -> Mapping[str, Any]:
    if raw is None:
        return {}
    if not isinstance(raw, Mapping):
        message = f"{path}: must be an object"
        raise InputError(message)
    return raw


def _build(cls: type[T], raw: object, path: str) -> T:
    try:
        return cls(**_mapping(raw, path))
    except TypeError as error:
        message = f"{path}: does not have the fields of this version ({error})"
        raise InputError(message) from error


def _numbers(raw: object, path: str) -> dict[int, float]:
    out: dict[int, float] = {}
    for key, value in _mapping(raw, path).items():
        try:
            number = float(value) if type(value) in {int, float} else math.nan
            if not math.isfinite(number):
                raise ValueError  # noqa: TRY301  # one sentence for both faults
            out[int(key)] = number
        except ValueError as error:
            message = f"{path}.{key}: must be a position identifier with a number"
            raise InputError(message) from error
    return out


def state_from_json(raw: object) -> State:
    """The state of a journal row or of a snapshot file's ``state`` section.

    Raises:
        InputError: A part is not understood; the sentence names its path.
    """
    data = _mapping(raw, "state")
    first, last = data.get("first_seen"), data.get("last")
    locks = data.get("locks")
    sha = data.get("policy_sha256")
    gap_s = data.get("flow_gap_s")
    return State(
        anchors={
            key: _build(Anchor, value, f"state.anchors.{key}")
            for key, value in _mapping(data.get("anchors"), "state.anchors").items()
        },
        entry_equity=_numbers(data.get("entry_equity"), "state.entry_equity"),
        first_stops=_numbers(data.get("first_stops"), "state.first_stops"),
        unprotected_s=_numbers(data.get("unprotected_s"), "state.unprotected_s"),
        timers={
            key: _build(Timer, value, f"state.timers.{key}")
            for key, value in _mapping(data.get("timers"), "state.timers").items()
        },
        first_seen=_build(FirstSeen, first, "state.first_seen") if isinstance(first, Mapping) else None,
        last=_build(Last, last, "state.last") if last is not None else None,
        locks=tuple(locks) if isinstance(locks, (list, tuple)) else (),
        policy_sha256=sha if isinstance(sha, str) else None,
        flow_gap_s=float(gap_s) if isinstance(gap_s, (int, float)) else 0.0,
        flow_gap_told=data.get("flow_gap_told") is True,
    )
