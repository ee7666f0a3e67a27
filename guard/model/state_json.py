"""The engine's memory as JSON and back. Pure; what is not understood is refused, never forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final, TypeVar

from guard.model import codec
from guard.model import fields as f
from guard.model.enforcement import Enforcement, Lock
from guard.model.errors import InputError
from guard.model.snapshot_json import FIRST_YEAR, LAST_YEAR
from guard.model.state import Anchor, FirstSeen, Last, State, Timer
from guard.model.watched import Watched

T = TypeVar("T")
Spec = Mapping[str, tuple[f.Check, str]]


def _instant(value: object) -> object:
    """An ISO time with a zone, kept as text."""
    if not isinstance(value, str):
        return f.BAD
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return f.BAD
    return value if at.tzinfo is not None and FIRST_YEAR <= at.year <= LAST_YEAR else f.BAD


def _optional(check: f.Check) -> f.Check:
    return lambda value: None if value is None else check(value)


_N: Final = (f.finite, "a finite number")
_NN: Final = (f.not_negative, "a finite number, 0 or more")
_ON: Final = (_optional(f.finite), "a finite number or null")
_T: Final = (f.text, "a text")
_B: Final = (f.flag, "true or false")
_AT: Final = (_instant, "a UTC time such as 2026-11-20T14:03:22Z")

_ANCHOR: Final[Spec] = {
    "period": _T, "at": _AT, "balance": _ON, "equity": _ON, "source": _T, "peak_equity": _ON, "peak_balance": _ON,
    "flows": _N, "offset_s": _ON, "unseen": (_optional(_instant), "a UTC time or null"),
}  # fmt: skip
_TIMER: Final[Spec] = {
    "severity": (f.one_of(0, 1, 2, 3), "0, 1, 2 or 3"),
    "stage_pct": (_optional(f.positive), "a number above 0 or null"),
    "held_s": _NN, "cool_s": _NN, "since": (_optional(_instant), "a UTC time or null"), "inherited": _B,
    "unknown_s": _NN, "unknown_told": _B,
}  # fmt: skip
_FIRST_SEEN: Final[Spec] = {"at": _AT, "balance": _N, "equity": _N}
_LAST: Final[Spec] = {
    "at": _AT, "taken_s": _N, "monotonic_s": _ON, "boot_id": (_optional(f.text), "a text or null"), "balance": _N,
    "equity": _N, "credit": _N, "believed": _B, "trusted_s": _ON, "server_s": _ON, "seen_s": _ON,
}  # fmt: skip
_PARTS: Final = (
    "anchors", "entry_equity", "first_stops", "unprotected_s", "timers", "first_seen", "last", "locks",
    "policy_sha256", "flow_gap_s", "flow_gap_told", "enforcing", "watched",
)  # fmt: skip


def state_to_json(state: State) -> dict[str, Any]:
    """A JSON-ready object; keys of position maps are identifiers as text."""
    return {
        "anchors": {key: asdict(value) for key, value in state.anchors.items()},
        "entry_equity": {str(key): value for key, value in state.entry_equity.items()},
        "first_stops": {str(key): value for key, value in state.first_stops.items()},
        "unprotected_s": {str(key): value for key, value in state.unprotected_s.items()},
        "timers": {key: asdict(value) for key, value in state.timers.items()},
        "first_seen": asdict(state.first_seen) if state.first_seen is not None else None,
        "last": state.last._asdict() if state.last is not None else None,
        "locks": codec.written(state.locks),
        "policy_sha256": state.policy_sha256,
        "flow_gap_s": state.flow_gap_s,
        "flow_gap_told": state.flow_gap_told,
        "enforcing": codec.written(state.enforcing),
        "watched": codec.written(state.watched),
    }


def _refuse(path: str, wanted: str, raw: object) -> InputError:
    return InputError(f"{path}: must be {wanted}, found {f.shown(raw)}")


def _mapping(raw: object, path: str) -> Mapping[str, Any]:
    if raw is None:
        return {}
    if not isinstance(raw, Mapping) or not all(isinstance(key, str) for key in raw):
        raise _refuse(path, "an object", raw)
    return raw


def _known(raw: Mapping[str, Any], names: tuple[str, ...] | Spec, path: str) -> None:
    """Refuse a name this version does not have: what it says would be forgotten."""
    for name in raw:
        if name not in names:
            raise InputError(f"{path}.{name}: is not known to this version of the guard")


def _value(raw: object, check: f.Check, wanted: str, path: str) -> Any:  # noqa: ANN401 - whatever the check lets through
    value = check(raw)
    if value is f.BAD:
        raise _refuse(path, wanted, raw)
    return value


def _build(cls: type[T], spec: Spec, raw: object, path: str) -> T:
    if not isinstance(raw, Mapping):
        raise _refuse(path, "an object", raw)
    _known(raw, spec, path)
    values = {name: _value(raw[name], *spec[name], f"{path}.{name}") for name in raw}
    try:
        return cls(**values)
    except TypeError as error:
        missing = next((name for name in spec if name not in raw), "")
        message = f"{path}.{missing}: is missing"
        raise InputError(message) from error


def _several(cls: type[T], spec: Spec, raw: object, path: str) -> dict[str, T]:
    return {key: _build(cls, spec, value, f"{path}.{key}") for key, value in _mapping(raw, path).items()}


def _numbers(raw: object, check: f.Check, wanted: str, path: str) -> dict[int, float]:
    out: dict[int, float] = {}
    for key, value in _mapping(raw, path).items():
        digits = key.removeprefix("-")
        if not digits.isascii() or not digits.isdigit() or len(digits) > 20:
            message = f"{path}.{key}: must be a position identifier"
            raise InputError(message)
        out[int(key)] = _value(value, check, wanted, f"{path}.{key}")
    return out


def state_from_json(raw: object) -> State:
    """The state of a journal row or of a snapshot file's ``state`` section.

    A part that is absent or null is empty; anything else must be what this version writes.

    Raises:
        InputError: A part is not understood; the sentence names its path.
    """
    data = _mapping(raw, "state")
    _known(data, _PARTS, "state")
    first, last, locks, enforcing = (data.get(name) for name in ("first_seen", "last", "locks", "enforcing"))
    return State(
        anchors=_several(Anchor, _ANCHOR, data.get("anchors"), "state.anchors"),
        entry_equity=_numbers(data.get("entry_equity"), *_N, "state.entry_equity"),
        first_stops=_numbers(data.get("first_stops"), *_NN, "state.first_stops"),
        unprotected_s=_numbers(data.get("unprotected_s"), *_NN, "state.unprotected_s"),
        timers=_several(Timer, _TIMER, data.get("timers"), "state.timers"),
        first_seen=None if first is None else _build(FirstSeen, _FIRST_SEEN, first, "state.first_seen"),
        last=None if last is None else _build(Last, _LAST, last, "state.last"),
        locks=() if locks is None else codec.read(tuple[Lock, ...], locks, "state.locks"),
        policy_sha256=_value(data.get("policy_sha256"), _optional(f.text), "a text or null", "state.policy_sha256"),
        flow_gap_s=_value(data.get("flow_gap_s", 0.0), *_NN, "state.flow_gap_s"),
        flow_gap_told=_value(data.get("flow_gap_told", False), *_B, "state.flow_gap_told"),
        enforcing=Enforcement() if enforcing is None else codec.read(Enforcement, enforcing, "state.enforcing"),
        watched=Watched() if data.get("watched") is None else codec.read(Watched, data["watched"], "state.watched"),
    )
