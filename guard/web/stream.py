"""Server-sent events: the status whenever it changes, so that the page need not ask."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from guard.web.common import FromSource
from guard.web.reads import status
from guard.web.source import Source

router = APIRouter(prefix="/v1")

_LOOK_S: Final = 0.25
_AT_LEAST_S: Final = 2.0


@router.get("/events", include_in_schema=False)
async def events(request: Request, source: FromSource) -> StreamingResponse:
    """The status now, at each change, and at least every two seconds: what stands still is seen to live."""
    return StreamingResponse(_events(request, source), media_type="text/event-stream")


async def _events(request: Request, source: Source) -> AsyncIterator[str]:
    shown, waited_s = -1, 0.0
    yield "retry: 2000\n\n"
    while not await request.is_disconnected():
        source.page_is_open()
        if source.version != shown or waited_s >= _AT_LEAST_S:
            shown, waited_s = source.version, 0.0
            found: dict[str, Any] = await run_in_threadpool(status, source)
            yield f"event: status\ndata: {json.dumps(found, allow_nan=False)}\n\n"
        await asyncio.sleep(_LOOK_S)
        waited_s += _LOOK_S
