"""The worker's side of sending: a short lease, requests checked field by field, nothing that could open anything.

The engine plans; this is the last lock on the door. A request is sent only with a lease of this process and this
account, only when it closes, reduces, protects or cancels something that is there now, and only once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from guard.model.errors import TerminalError
from guard.terminal.plain import ReadError, call, last_error, record

LONGEST_LEASE_S = 30.0
DEAL, STOPS, REMOVE, CLOSE_BY = 1, 6, 8, 10
_WHOLE = frozenset({
    "action", "magic", "order", "deviation", "type", "type_filling", "type_time", "expiration", "position",
    "position_by",
})  # fmt: skip
_NUMBERS = frozenset({"volume", "price", "stoplimit", "sl", "tp"})
_TEXTS = frozenset({"symbol", "comment"})
# What each action must name, so that it can only act on what is there.
_NAMED = {DEAL: ("position", "symbol", "volume"), STOPS: ("position", "symbol"), REMOVE: ("order",),
          CLOSE_BY: ("position", "position_by")}  # fmt: skip
# Codes of failures that happened before anything was sent: a bad field, a switch that is off.
_NOT_SENT = frozenset({-2, -7, -8})
_TIMED_OUT = 10012
_ANSWERS = range(10004, 10047)
Body = dict[str, Any]


class RefusedError(Exception):
    """The request is not sent; ``str()`` says why. ``ipc`` tells that nothing more is believed on this connection."""

    def __init__(self, why: str, *, ipc: bool = False) -> None:
        """``why`` is one sentence."""
        super().__init__(why)
        self.ipc = ipc


class Deeds:
    """Orders through one module, for one worker process."""

    def __init__(self, module: Any, instance: str, clock: Callable[[], float], *, may_send: bool) -> None:
        """``instance`` names this process; ``may_send`` is false in every worker that only reads."""
        self._module, self._instance, self._clock, self._may_send = module, instance, clock, may_send
        self._account: tuple[int, str] | None = None
        self._until = 0.0

    def lease(self, told: Mapping[str, Any]) -> Body:
        """Take a lease, for at most 30 seconds.

        Raises:
            TerminalError: It is not for this process and this account, or this worker may not send at all.
        """
        login, server, seconds = told.get("login"), told.get("server"), told.get("seconds")
        self._account = None
        if not self._may_send:
            raise TerminalError("this worker was started for watching only: it sends no orders")
        if told.get("instance") != self._instance:
            raise TerminalError("the lease to send is for another worker: it was replaced meanwhile")
        if not isinstance(login, int) or not isinstance(server, str) or not isinstance(seconds, (int, float)):
            raise TerminalError("a lease to send names login, server and seconds")
        if not 0.0 < seconds <= LONGEST_LEASE_S:
            raise TerminalError(f"a lease to send lasts at most {LONGEST_LEASE_S:g} s, asked were {seconds:g}")
        self._same_account(login, server)
        self._account, self._until = (login, server), self._clock() + seconds
        return {"seconds": seconds}

    def check(self, raw: object) -> Body:
        """``order_check`` of a request; without a lease too, for it sends nothing.

        Raises:
            ReadError: The link failed.
        """
        try:
            request = checked_request(raw)
            answer = self._module.order_check(request)
        except RefusedError as error:
            return {"outcome": "refused", "why": str(error)}
        except (TypeError, ValueError, SystemError) as error:
            return {"outcome": "refused", "why": f"the terminal's package does not take it: {error}"}
        return self._told(answer, "order_check")

    def send(self, raw: object) -> Body:
        """``order_send`` of a request, once.

        Raises:
            ReadError: The link failed: whether the request was carried out is not known.
        """
        try:
            request = self._ready(raw)
        except RefusedError as error:
            return {"outcome": "refused", "why": str(error), "ipc": error.ipc}
        try:
            # Called directly: through a wrapper that passes keywords the extension refuses it.
            answer = self._module.order_send(request)
        except (TypeError, ValueError) as error:
            return {"outcome": "refused", "why": f"the terminal's package does not take it: {error}"}
        except SystemError as error:
            return {"outcome": "unknown", "why": f"the terminal's package failed while sending: {error}"}
        return self._told(answer, "order_send")

    def _ready(self, raw: object) -> dict[str, Any]:
        if not self._may_send:
            raise RefusedError("this worker was started for watching only: it sends no orders")
        if self._account is None or self._clock() >= self._until:
            raise RefusedError("there is no lease to send: the guard has not renewed it")
        request = checked_request(raw)
        try:
            self._same_account(*self._account)
            self._aims_at_something(request)
        except ReadError as error:
            raise RefusedError(f"the account cannot be read before sending: {error}", ipc=error.ipc) from error
        except TerminalError as error:
            raise RefusedError(str(error)) from error
        return request

    def _same_account(self, login: int, server: str) -> None:
        account = record(call(self._module, "account_info"))
        if (account.get("login"), account.get("server")) != (login, server):
            raise TerminalError(
                f"the terminal is logged in to {account.get('login')}@{account.get('server')}, "
                f"orders are allowed for {login}@{server} only"
            )

    def _aims_at_something(self, request: Mapping[str, Any]) -> None:
        """Closing what is no longer there, or more than is there, would open something."""
        if request["action"] == REMOVE:
            if not call(self._module, "orders_get", ticket=request["order"]):
                raise RefusedError(f"order {request['order']} is no longer there")
            return
        held = self._position(request["position"])
        if request["action"] == CLOSE_BY:
            other = self._position(request["position_by"])
            if other["symbol"] != held["symbol"] or other["type"] == held["type"]:
                raise RefusedError("only two opposite positions of one symbol close each other")
        elif request["symbol"] != held["symbol"]:
            raise RefusedError(f"position {request['position']} is in {held['symbol']}, not in {request['symbol']}")
        if request["action"] == DEAL:
            if request.get("type") != 1 - held["type"]:
                raise RefusedError("a close trades against its position, this would add to it")
            if request["volume"] > held["volume"] + 1e-9:
                raise RefusedError(f"only {held['volume']:g} lots are open, {request['volume']:g} would reverse them")

    def _position(self, ticket: int) -> dict[str, Any]:
        rows = [record(row) for row in call(self._module, "positions_get", ticket=ticket)]
        found = [row for row in rows if row.get("ticket") == ticket]
        if len(found) != 1:
            raise RefusedError(f"position {ticket} is no longer there")
        return found[0]

    def _told(self, answer: Any, name: str) -> Body:
        if answer is None:
            code, text = last_error(self._module)
            failure = ReadError(name, code, text)
            if failure.ipc:
                raise failure
            refused = code in _NOT_SENT or name == "order_check"
            return {"outcome": "refused" if refused else "unknown", "why": str(failure)}
        result = record(answer)
        result.pop("request", None)
        retcode = result.get("retcode")
        if not isinstance(retcode, int):
            return {"outcome": "unknown", "why": f"the terminal answered {name} without a return code"}
        if name == "order_send" and (retcode == _TIMED_OUT or retcode not in _ANSWERS):
            why = f"the trade server answered {retcode} ({result.get('comment')}): it may be done"
            return {"outcome": "unknown", "why": why}
        return {"outcome": "known", "retcode": retcode, "result": result}


def checked_request(raw: object) -> dict[str, Any]:
    """A request with every field of its type: the package reads an absent or misspelt one as zero.

    Raises:
        RefusedError: A field is unknown, of another type, or missing for this action.
    """
    if not isinstance(raw, Mapping):
        raise RefusedError("a request must be an object")
    request: dict[str, Any] = {}
    for name, value in raw.items():
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if name in _WHOLE and isinstance(value, int) and number:
            request[name] = value
        elif name in _NUMBERS and number:
            request[name] = float(value)
        elif name in _TEXTS and isinstance(value, str):
            request[name] = value
        else:
            raise RefusedError(f"a request cannot have {name!r} = {value!r}")
    named = _NAMED.get(request.get("action", 0))
    if named is None:
        raise RefusedError(f"the guard only closes, protects and cancels; action {request.get('action')} does not")
    missing = [name for name in named if not request.get(name)]
    if missing:
        raise RefusedError(f"a request of action {request['action']} must name {', '.join(missing)}")
    return request
