"""The what-if box and the calculators. Both only calculate."""

from __future__ import annotations

import time
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from guard.app.calc.table import CATEGORIES, calculate
from guard.app.live import ask_look
from guard.app.what_if import policy_in_force, what_if
from guard.model.errors import InputError
from guard.web.common import Asked, FromSource
from guard.web.source import read_look

router = APIRouter(prefix="/v1")

_PATIENCE_S: Final = 8.0
_PAUSE_S: Final = 0.1
_LARGEST: Final = 1e6


class Calculation(BaseModel):
    """A calculator's name and its inputs by name."""

    model_config = ConfigDict(extra="forbid", strict=True)

    category: Annotated[str, Field(max_length=60)]
    inputs: Annotated[dict[str, Any], Field(max_length=60)]


@router.get("/calc")
def calculators() -> dict[str, Any]:
    """The calculators: what each takes and gives."""
    return {name: {"inputs": list(entry.inputs), "results": list(entry.results)} for name, entry in CATEGORIES.items()}


@router.post("/calc")
def calc(body: Calculation) -> dict[str, Any]:
    """Carry out one calculation; ``missing`` says which inputs a result that is left out would need."""
    answer = calculate(body.category, body.inputs)
    return {"result": answer.result, "missing": {name: list(names) for name, names in answer.missing.items()}}


@router.get("/whatif")
def whatif(
    source: FromSource,
    seen: Asked,
    symbol: Annotated[str, Query(min_length=1, max_length=64)],
    side: Literal["buy", "sell"],
    lots: Annotated[float, Query(gt=0.0, le=_LARGEST, allow_inf_nan=False)],
    stop: Annotated[float | None, Query(gt=0.0, le=1e12, allow_inf_nan=False)] = None,
) -> dict[str, Any]:
    """What one more trade would do to every limit, on the account as it is now and the limits in force."""
    if not source.holds(seen):
        raise InputError(f"no guard of account {seen.account} is running: there is nothing to try it on")
    path = ask_look(source.home, seen.account)
    asked, deadline, found = time.time(), time.monotonic() + _PATIENCE_S, None
    while found is None and time.monotonic() < deadline:
        source.page_is_open()
        if path.is_file() and path.stat().st_mtime >= asked - _PAUSE_S:
            found = read_look(path)
        if found is None:
            time.sleep(_PAUSE_S)
    if found is None:
        raise InputError("the guard has not shown the account in time: see its status")
    with source.journal(seen.account) as journal:
        policy = policy_in_force(journal)
    return what_if(found, policy, symbol, side, lots, stop)
