"""The page, its files, and the cookie it gets for the token. Files are read once, by a fixed list of names."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Response
from starlette.exceptions import HTTPException

from guard.web.common import WithAccess
from guard.web.security import SESSION_S

router = APIRouter(include_in_schema=False)

_FOLDER: Final = Path(__file__).parent / "static"
_TYPES: Final = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}  # fmt: skip


@cache
def files() -> dict[str, tuple[bytes, str]]:
    """The page's files by name: bytes and type."""
    kept = (path for path in _FOLDER.iterdir() if path.suffix in _TYPES)
    return {path.name: (path.read_bytes(), _TYPES[path.suffix]) for path in kept}


@router.get("/")
def page() -> Response:
    """The dashboard."""
    return file("index.html")


@router.get("/static/{name}")
def file(name: str) -> Response:
    """One of the page's files."""
    found = files().get(name)
    if found is None:
        raise HTTPException(404)
    return Response(found[0], media_type=found[1])


@router.post("/v1/session", status_code=204)
def session(access: WithAccess) -> Response:
    """A cookie for who has shown the token; good for thirty days and for this token only."""
    answer = Response(status_code=204)
    answer.set_cookie(
        access.cookie, access.session(time.time()), max_age=SESSION_S, path="/", httponly=True, samesite="strict",
        secure=access.secure,
    )  # fmt: skip
    return answer


@router.post("/v1/logout", status_code=204)
def logout(access: WithAccess) -> Response:
    """Forget the cookie."""
    answer = Response(status_code=204)
    answer.delete_cookie(access.cookie, path="/", httponly=True, samesite="strict", secure=access.secure)
    return answer
