"""What may be asked of a guard: acknowledge, lock, tighten, flatten. It goes into its inbox and is answered with 202.

The guard itself decides, journals, and says why not. No route asks for anything that loosens.
"""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from guard.app.commands import ask
from guard.app.live import Seen
from guard.web.common import Asked, FromSource
from guard.web.source import NoSuchGuardError, Source

router = APIRouter(prefix="/v1")

_LONGEST_LOCK_S: Final = 7 * 86_400
_LARGEST: Final = 1e15
Number = Annotated[float, Field(gt=0.0, le=_LARGEST, allow_inf_nan=False)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Ack(_Body):
    """Acknowledge one notice, or all so far."""

    notice: Annotated[int, Field(gt=0, le=2**53)] | None = None


class Lock(_Body):
    """Open nothing for a time."""

    for_s: Annotated[float, Field(gt=0.0, le=_LONGEST_LOCK_S, allow_inf_nan=False, description="seconds")]
    reason: Annotated[str, Field(max_length=200)] = "asked on the dashboard"


class Tighten(_Body):
    """Make one limit tighter, at once."""

    limit: Annotated[str, Field(min_length=1, max_length=100, description="its name, as its verdict says it")]
    value: Annotated[Number, Field(description="the new threshold, in the limit's own unit")]
    reason: Annotated[str, Field(max_length=200)] = "asked on the dashboard"


class Flatten(_Body):
    """Close positions; every filter narrows, none of them means everything."""

    symbol: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    magic: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = None
    side: Literal["buy", "sell"] | None = None
    losers: bool = False
    winners: bool = False
    pct: Annotated[float, Field(gt=0.0, le=100.0, allow_inf_nan=False)] | None = None
    oldest_first: bool = False


class Accepted(BaseModel):
    """Where to look for the answer."""

    uid: str
    account: str
    answer: str


_NO_GUARD: Final[dict[int | str, dict[str, Any]]] = {
    409: {"description": "No guard is running, or several are and none is named."}
}


@router.post("/ack", status_code=202, responses=_NO_GUARD)
def ack(source: FromSource, seen: Asked, body: Ack) -> Accepted:
    """Acknowledge: it is not repeated and not escalated any more."""
    return _put(source, seen, "ack", body)


@router.post("/lock", status_code=202, responses=_NO_GUARD)
def lock(source: FromSource, seen: Asked, body: Lock) -> Accepted:
    """Lock the account for a time."""
    return _put(source, seen, "lock", body)


@router.post("/tighten", status_code=202, responses=_NO_GUARD)
def tighten(source: FromSource, seen: Asked, body: Tighten) -> Accepted:
    """Tighten a limit; the guard refuses what would loosen it."""
    return _put(source, seen, "tighten", body)


@router.post("/flatten", status_code=202, responses=_NO_GUARD)
def flatten(source: FromSource, seen: Asked, body: Flatten) -> Accepted:
    """Close what the filters name."""
    return _put(source, seen, "flatten", body)


def _put(source: Source, seen: Seen, verb: str, body: _Body) -> Accepted:
    if not source.holds(seen):
        raise NoSuchGuardError(f"no guard of account {seen.account} is running: start one with `guard run`")
    uid = f"web:{uuid.uuid4().hex}"
    ask(source.home.commands(seen.account), verb, body.model_dump(exclude_none=True), "web", uid)
    return Accepted(uid=uid, account=seen.account.key, answer=f"/v1/commands/{uid}")
