"""Who may ask: the host's name, the page's origin, the token, the size of what is sent; in this order, before anything.

A page of another site can make a browser send requests here, with any name that leads to 127.0.0.1 (DNS rebinding). So
the Host must be one of a few exact names (421), an Origin must be one of ours (403), and everything but the two
machine-readable pages needs the token (401): as ``Authorization: Bearer``, or in the signed cookie that the page gets.
Source: OWASP cross-site request forgery prevention; RFC 9110 section 15.5.20 (421), RFC 6750 (Bearer).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from starlette.exceptions import HTTPException

from guard.app.web_access import Listen
from guard.web.login import LOGIN_CSP, LOGIN_PAGE

OPEN_PATHS: Final = frozenset({"/healthz", "/metrics"})
LARGEST_BODY: Final = 65_536
SESSION_S: Final = 30 * 86_400
CSP: Final = (
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'; "
    "img-src 'self' data:; connect-src 'self'"
)
HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
_SAFE: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Access:
    """What is let in. ``hosts`` are exact ``Host`` values, ``origins`` exact ``Origin`` values."""

    token: str
    hosts: frozenset[str]
    origins: frozenset[str]
    loopback: bool
    secure: bool
    cookie: str

    def session(self, now: float) -> str:
        """A cookie's value that is good for thirty days, and only with this token."""
        until = f"{now + SESSION_S:.0f}"
        return f"{until}.{self._sign(until)}"

    def knows_session(self, value: str, now: float) -> bool:
        """Whether a cookie's value was made here, with this token, and is not too old."""
        until, _, sign = value.partition(".")
        right = hmac.compare_digest(sign.encode("utf-8", "replace"), self._sign(until).encode())
        return right and until.isascii() and until.isdigit() and now < int(until)

    def knows_bearer(self, header: str) -> bool:
        """Whether an ``Authorization`` header holds the token; compared in constant time."""
        scheme, _, given = header.partition(" ")
        same = hmac.compare_digest(given.strip().encode("utf-8", "replace"), self.token.encode())
        return same and scheme.lower() == "bearer"

    def _sign(self, until: str) -> str:
        key = hashlib.sha256(b"guard.web session\0" + self.token.encode()).digest()
        return hmac.new(key, until.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def access_of(listen: Listen, port: int, token: str) -> Access:
    """What is let in at an address; ``port`` is the one that was really bound."""
    scheme, usual = ("https", 443) if listen.secure else ("http", 80)
    names = {*listen.names} if not listen.loopback else {"127.0.0.1", "localhost", "[::1]", *listen.names}
    if listen.host not in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        names.add(f"[{listen.host}]" if ":" in listen.host else listen.host)
    hosts = {f"{name.lower()}:{port}" for name in names}
    if port == usual:
        hosts |= {name.lower() for name in names}
    origins = frozenset(f"{scheme}://{host}" for host in hosts)
    return Access(token, frozenset(hosts), origins, listen.loopback, listen.secure, f"guard_{port}")


class Gate:
    """The ASGI application around ours that lets in or refuses."""

    def __init__(self, app: Any, access: Access) -> None:  # noqa: ANN401 - any ASGI application
        """``app`` sees only what was let in."""
        self._app, self._access = app, access

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - the protocol's own shapes
        """Answer one request."""
        if scope["type"] != "http":
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await _refuse(send, *refusal, page=_wants_page(scope))
            return
        await self._app(scope, _bounded(receive), _dressed(send))

    def _refusal(self, scope: Any) -> tuple[int, str] | None:  # noqa: ANN401 - see __call__
        headers = [(name.lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        hosts = _all(headers, b"host")
        if len(hosts) != 1 or hosts[0].lower() not in self._access.hosts:
            return 421, "this address does not answer to that name"
        origins = _all(headers, b"origin")
        if any(origin.lower() not in self._access.origins for origin in origins):
            return 403, "pages of other sites may not ask here"
        path, method = scope["path"], scope["method"]
        if not (path in OPEN_PATHS and method in _SAFE and self._access.loopback):
            bearer = any(self._access.knows_bearer(one) for one in _all(headers, b"authorization"))
            if not bearer and not self._has_session(headers):
                return 401, "a token is needed: `guard web token` prints it"
            if not bearer and method not in _SAFE and not origins:
                return 403, "a page must say where it is from"
        lengths = _all(headers, b"content-length")
        if any(not one.isdigit() or int(one) > LARGEST_BODY for one in lengths):
            return 413, f"a request may hold {LARGEST_BODY} bytes at most"
        return None

    def _has_session(self, headers: Iterable[tuple[bytes, str]]) -> bool:
        now = time.time()
        for header in _all(headers, b"cookie"):
            for part in header.split(";"):
                name, _, value = part.strip().partition("=")
                if name == self._access.cookie and self._access.knows_session(value, now):
                    return True
        return False


def _all(headers: Iterable[tuple[bytes, str]], wanted: bytes) -> list[str]:
    return [value.strip() for name, value in headers if name == wanted]


def _wants_page(scope: Any) -> bool:  # noqa: ANN401 - see Gate
    accepts = next((value for name, value in scope["headers"] if name.lower() == b"accept"), b"")
    return scope["method"] == "GET" and scope["path"] == "/" and b"text/html" in accepts


def _bounded(receive: Any) -> Any:  # noqa: ANN401 - see Gate
    seen = 0

    async def bounded() -> Any:  # noqa: ANN401 - see Gate
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > LARGEST_BODY:
            raise HTTPException(413, f"a request may hold {LARGEST_BODY} bytes at most")
        return message

    return bounded


def _dressed(send: Any) -> Any:  # noqa: ANN401 - see Gate
    async def dressed(message: Any) -> None:  # noqa: ANN401 - see Gate
        if message["type"] == "http.response.start":
            own = [*HEADERS, (b"content-security-policy", CSP.encode())]
            names = {name.lower() for name, _ in message["headers"]}
            message = {**message, "headers": [*message["headers"], *(one for one in own if one[0] not in names)]}
        await send(message)

    return dressed


async def _refuse(send: Any, status: int, why: str, *, page: bool) -> None:  # noqa: ANN401 - see Gate
    csp = CSP
    if status == 401 and page:
        body, kind, csp = LOGIN_PAGE.encode(), b"text/html; charset=utf-8", LOGIN_CSP
    else:
        body, kind = json.dumps({"error": why}).encode(), b"application/json"
    headers = [
        *HEADERS, (b"content-security-policy", csp.encode()), (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
    ]  # fmt: skip
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if status == 413:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
