"""What the page reads: status, history, journal, and what became of something that was asked."""

from __future__ import annotations

import time
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from guard.app.commands import KIND as COMMAND
from guard.app.journal_view import Filter, instant, newest_entries
from guard.app.seen import FORMAT
from guard.model.verdict import Severity
from guard.web.common import Asked, FromSource

router = APIRouter(prefix="/v1")

_MOST_POINTS: Final = 1500
_NEWEST_COMMANDS: Final = 200
Word = Annotated[str, Field(max_length=100)]
SEQ: Final = 9_000_000_000_000_000


@router.get("/status")
def status(source: FromSource) -> dict[str, Any]:
    """What ``guard status --json`` prints, with the pulse of each guard and those that do not run."""
    source.refresh()
    documents = [source.document(seen) for seen in source.guards()]
    return {
        "format": FORMAT,
        "guards": [one for one in documents if one["running"]],
        "not_running": [{"key": one["key"], "why": one["why"]} for one in documents if not one["running"]],
    }


@router.get("/history")
def history(
    source: FromSource, seen: Asked, hours: Annotated[float, Query(gt=0.0, le=8784.0, allow_inf_nan=False)] = 24.0
) -> dict[str, Any]:
    """Equity, balance and effective leverage over time: lists of the same length, ``t`` in UNIX seconds.

    Of many samples each stretch keeps the one with the lowest equity: a dip must not vanish.
    """
    samples = source.history(seen, time.time() - hours * 3600.0)
    size = max(1, -(-len(samples) // _MOST_POINTS))
    kept = [min(samples[n : n + size], key=_equity) for n in range(0, len(samples), size)]
    return {
        "currency": seen.document["account"]["currency"],
        "t": [one[0] for one in kept],
        "equity": [one[1] for one in kept],
        "balance": [one[2] for one in kept],
        "effective_leverage": [one[3] for one in kept],
    }


def _equity(sample: tuple[float, float | None, float | None, float | None]) -> float:
    return float("inf") if sample[1] is None else sample[1]


@router.get("/journal")
def journal(
    source: FromSource,
    seen: Asked,
    kind: Annotated[list[Word] | None, Query(max_length=20)] = None,
    limit: Annotated[str | None, Query(max_length=100)] = None,
    text: Annotated[str, Query(max_length=200)] = "",
    severity: Literal["WARN", "UNKNOWN", "BREACH"] | None = None,
    since: Annotated[str | None, Query(max_length=40)] = None,
    until: Annotated[str | None, Query(max_length=40)] = None,
    before: Annotated[int | None, Query(gt=0, le=SEQ)] = None,
    count: Annotated[int, Query(gt=0, le=500)] = 50,
    inner: bool = False,
) -> dict[str, Any]:
    """Journal rows, newest first; ``before`` a number goes on from there."""
    least = Severity[severity] if severity is not None else None
    keep = Filter(tuple(kind or ()), limit, text, instant(since, "since"), instant(until, "until"), least, inner)
    with source.journal(seen.account) as opened:
        found = newest_entries(opened, keep, count, before)
    return {"rows": found, "before": found[-1]["seq"] if len(found) == count else None}


@router.get("/journal/{seq}/snapshot")
def snapshot(source: FromSource, seen: Asked, seq: Annotated[int, Field(gt=0, le=SEQ)]) -> dict[str, Any]:
    """The account as the guard saw it when it decided row ``seq``: the proof behind a verdict or a deed."""
    with source.journal(seen.account) as opened:
        return opened.snapshot_document(seq)


@router.get("/commands/{uid}")
def command(source: FromSource, seen: Asked, uid: Annotated[str, Field(max_length=80)]) -> dict[str, Any]:
    """What became of something that was asked; ``pending`` while the guard has not answered."""
    with source.journal(seen.account) as opened:
        for row in opened.newest(_NEWEST_COMMANDS, None, (COMMAND,)):
            if row.body["uid"] == uid:
                return {"uid": uid, "pending": False, "done": row.body["done"], "answer": row.body["answer"]}
    return {"uid": uid, "pending": True, "done": None, "answer": None}
