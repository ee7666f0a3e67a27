"""For programs that watch the guard: ``/healthz`` and ``/metrics``. Neither names an account or an amount of money."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from guard.app.live import Seen
from guard.web.common import FromSource
from guard.web.metrics import Figures
from guard.web.source import Source

router = APIRouter()

RED: Final = 503
_UNHEALTHY: Final[dict[int | str, dict[str, Any]]] = {
    RED: {"description": "No guard looks, one is late, or one cannot see its account."}
}


@router.get("/healthz", responses=_UNHEALTHY)
def healthz(source: FromSource) -> JSONResponse:
    """200 while every guard of this home finishes its looks in time and sees its account; 503 with the reason else."""
    found = [_health(source, seen) for seen in source.guards()]
    status = next((word for word in ("absent", "late", "blind") if word in found), "ok") if found else "absent"
    sentence = {
        "ok": "every guard looks, in time, and sees its account",
        "late": "a guard has not finished its look in time",
        "blind": "a guard cannot see its account",
        "absent": "no guard is running, or one has ended unclean",
    }[status]
    body: dict[str, Any] = {"status": status, "sentence": sentence, "guards": len(found)}
    return JSONResponse(body, 200 if status == "ok" else RED)


def _health(source: Source, seen: Seen) -> str:
    if not source.holds(seen):
        return "absent"
    beat = source.beat(seen)
    if beat is None or beat.late:
        return "late"
    return "blind" if beat.blind else "ok"


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(source: FromSource) -> Response:
    """Figures in the text format of Prometheus."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures(source))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
