"""The web application: routes over one source, behind the gate. Importing it starts nothing."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from loguru import logger
from starlette.exceptions import HTTPException

import guard
from guard.model.errors import GuardError, InputError, UsageError
from guard.web import pages, reads, stream, tools, watched, writes
from guard.web.security import Access, Gate
from guard.web.source import NoSuchGuardError, Source

_CONFLICT: Final = 409


def build_app(source: Source, access: Access) -> Gate:
    """The whole application for one home."""
    app = FastAPI(
        title="MT5 Guard",
        version=guard.__version__,
        description="Reads what the guards of one home write; asks them through their inbox. Nothing loosens a limit.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.state.source = source
    app.state.access = access
    for module in (pages, watched, reads, stream, tools, writes):
        app.include_router(module.router)
    app.add_exception_handler(GuardError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _failed)
    _describe_token(app)
    return Gate(app, access)


def _describe_token(app: FastAPI) -> None:
    """Let the OpenAPI document say that the token is needed; the gate is what asks for it."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        schema = made()
        schema.setdefault("components", {})["securitySchemes"] = {"token": HTTPBearer().model.model_dump(
            mode="json", by_alias=True, exclude_none=True)}  # fmt: skip
        schema["security"] = [{"token": []}]
        return schema

    app.openapi = openapi  # type: ignore[method-assign]  # the documented way to extend the document


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    """A fault of the question, in one sentence."""
    status = 422 if isinstance(error, (InputError, UsageError)) else _CONFLICT
    if isinstance(error, NoSuchGuardError):
        status = _CONFLICT
    return JSONResponse({"error": str(error)}, status)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    """What is wrong with a request, by place; what was sent is not repeated."""
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    told = [f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in faults]
    return JSONResponse({"error": "; ".join(told) or "the request is not understood"}, 422)


async def _http(_request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    words = {404: "there is no such page", 405: "this page does not answer to that method"}
    headers = error.headers if isinstance(error, HTTPException) else None
    detail = str(error.detail) if isinstance(error, HTTPException) else "failed"
    return JSONResponse({"error": words.get(status, detail)}, status, headers=dict(headers) if headers else None)


async def _failed(request: Request, error: Exception) -> JSONResponse:
    """Our own fault: details go to the log, not to whoever asked."""
    logger.opt(exception=error).critical("internal fault in {} {}", request.method, request.url.path)
    return JSONResponse({"error": "an internal fault; details are in the log"}, 500)
