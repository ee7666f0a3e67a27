"""Faults of the terminal's pipe: what becomes of exactly the n-th call, step by step. Pure: the server takes the steps.

A fault is one of ``fakes.faults.Fault``: ``call`` (a function's name, ``hello``, ``login``, ``connect_state``,
``connect`` for the opening of the pipe, or ``*`` for every request), ``nth`` and ``times``, or ``for_s``:

``hang``          nothing for ``seconds`` (an hour), then the call is carried out and answered; with ``after`` carried
                  out first
``slow``          carried out, answered ``seconds`` (1) later
``cut``           the first ``at`` bytes (half) of the reply, then the pipe is gone
``late``          the call fails at once, and its reply comes when the next call is waiting for one
``wrong_id``      the reply names another command
``wrong_length``  ``at`` (4) bytes more than the reply's length field says
``short``         ``at`` (4) bytes of the reply are missing, and its length field says so
``too_long``      ``at`` (4) bytes more, and the length field says so; from 16,384 on the rest answers the next call
``gone``          the pipe is gone while the client waits; with ``after`` the call was carried out
``gone_between``  the call is answered, then the pipe is gone
``status``        the terminal answers the error ``code`` (-1)
``busy``          on ``connect``: no further client finds a free pipe for ``seconds`` (5)
``waiting``       the connect state says "wait"; without ``times`` or ``for_s`` for ever
``denied``        the connect state says that the authorisation failed
``switched``      the terminal is on another account from here on: number ``code``, or the next one
``empty``         positions and orders are ``[]`` with a good status, as for seconds after a restart (``for_s``)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from fakes import pipe_codec
from fakes.faults import Fault
from fakes.pipe_codec import GOOD, Command
from fakes.pipe_desk import REFUSED, WAITING

FOR_EVER = 10**9
KINDS = (
    "hang", "slow", "cut", "late", "wrong_id", "wrong_length", "short", "too_long", "gone", "gone_between", "status",
    "busy", "waiting", "denied", "switched", "empty",
)  # fmt: skip
USUAL: dict[str, dict[str, Any]] = {
    "hang": {"seconds": 3600.0}, "slow": {"seconds": 1.0}, "busy": {"call": "connect", "seconds": 5.0},
    "wrong_length": {"at": 4}, "short": {"at": 4}, "too_long": {"at": 4},
    "waiting": {"call": "connect_state", "times": FOR_EVER}, "denied": {"call": "connect_state"},
    "switched": {"code": 0},
}  # fmt: skip
_LISTS = {"positions_get", "orders_get", "positions_total", "orders_total"}
_LENGTH = 4


class Wait(NamedTuple):
    """Nothing is done for this long."""

    seconds: float


class Write(NamedTuple):
    """These bytes are written at once."""

    data: bytes


class Leave(NamedTuple):
    """The pipe to this client is gone."""


class Switch(NamedTuple):
    """The terminal is on another account; 0 is the next number."""

    login: int


Step = Wait | Write | Leave | Switch


def steps(fault: Fault | None, command: Command, carry_out: Callable[[], bytes]) -> Iterator[Step]:
    """What happens to one request.

    Args:
        fault: the one that is due, or ``None``.
        command: what was asked.
        carry_out: does it, at the moment it is called, and returns the whole reply.
    """
    kind = fault.kind if fault is not None else ""
    if fault is None or kind not in _DEEDS:
        yield Write(carry_out())
    else:
        yield from _DEEDS[kind](fault, command, carry_out)


def _hang(fault: Fault, _: Command, carry_out: Callable[[], bytes]) -> Iterator[Step]:
    done = carry_out() if fault.after else None
    yield Wait(fault.seconds)
    yield Write(carry_out() if done is None else done)


def _slow(fault: Fault, _: Command, carry_out: Callable[[], bytes]) -> Iterator[Step]:
    done = carry_out()
    yield Wait(fault.seconds)
    yield Write(done)


def _cut(fault: Fault, _: Command, carry_out: Callable[[], bytes]) -> Iterator[Step]:
    done = carry_out()
    yield Write(done[: fault.at if fault.at > 0 else len(done) // 2])
    yield Leave()


def _late(_: Fault, __: Command, carry_out: Callable[[], bytes]) -> Iterator[Step]:
    done = carry_out()
    yield Write(pipe_codec.number(0))  # a reply without anything in it: the call in progress fails
    yield Write(done)


def _wrong_id(_: Fault, __: Command, carry_out: Callable[[], bytes]) -> Iterator[Step]:
    done = carry_out()
    other = int.from_bytes(done[_LENGTH : 2 * _LENGTH], "little") + 1
    yield Write(done[:_LENGTH] + pipe_codec.number(other) + done[2 * _LENGTH :])


def _wrong_length(fault: Fault, _: Command, carry_out: Callable[[], bytes]) -> Iterator[Step]:
    yield Write(carry_out() + bytes(fault.at))


def _resized(data: bytes) -> bytes:
    return pipe_codec.number(len(data) - _LENGTH) + data[_LENGTH:]


def _short(fault: Fault, _: Command, carry_out: Callable[[], bytes]) -> Iterator[Step]:
    yield Write(_resized(carry_out()[: -fault.at]))


def _too_long(fault: Fault, _: Command, carry_out: Callable[[], bytes]) -> Iterator[Step]:
    yield Write(_resized(carry_out() + bytes(fault.at)))


def _gone(fault: Fault, _: Command, carry_out: Callable[[], bytes]) -> Iterator[Step]:
    if fault.after:
        carry_out()
    yield Leave()


def _gone_between(_: Fault, __: Command, carry_out: Callable[[], bytes]) -> Iterator[Step]:
    yield Write(carry_out())
    yield Leave()


def _status(fault: Fault, command: Command, _: Callable[[], bytes]) -> Iterator[Step]:
    yield Write(pipe_codec.reply(command.number, fault.code))


def _state(fault: Fault, command: Command, _: Callable[[], bytes]) -> Iterator[Step]:
    state = WAITING if fault.kind == "waiting" else REFUSED
    yield Write(pipe_codec.reply(command.number, GOOD, pipe_codec.number(state)))


def _switched(fault: Fault, _: Command, carry_out: Callable[[], bytes]) -> Iterator[Step]:
    yield Switch(fault.code)
    yield Write(carry_out())


def _empty(_: Fault, command: Command, carry_out: Callable[[], bytes]) -> Iterator[Step]:
    if command.call not in _LISTS:
        yield Write(carry_out())
    elif command.answer.startswith("record"):
        yield Write(pipe_codec.reply(command.number, pipe_codec.NOT_FOUND))
    else:
        yield Write(pipe_codec.reply(command.number, GOOD, pipe_codec.number(0)))


_Deed = Callable[[Fault, Command, Callable[[], bytes]], Iterator[Step]]
_DEEDS: dict[str, _Deed] = {
    "hang": _hang, "slow": _slow, "cut": _cut, "late": _late, "wrong_id": _wrong_id, "wrong_length": _wrong_length,
    "short": _short, "too_long": _too_long, "gone": _gone, "gone_between": _gone_between, "status": _status,
    "waiting": _state, "denied": _state, "switched": _switched, "empty": _empty,
}  # fmt: skip
