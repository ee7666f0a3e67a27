"""What the routes share: the source and access of their application, and the account that is asked about."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request

from guard.app.live import Seen
from guard.web.security import Access
from guard.web.source import Source


def source_of(request: Request) -> Source:
    """The application's source."""
    found: Source = request.app.state.source
    return found


def access_of_app(request: Request) -> Access:
    """The application's access."""
    found: Access = request.app.state.access
    return found


FromSource = Annotated[Source, Depends(source_of)]
WithAccess = Annotated[Access, Depends(access_of_app)]
Key = Annotated[
    str | None, Query(alias="account", max_length=200, description="login@server; may be left out while one is guarded")
]


def seen_of(source: FromSource, account: Key = None) -> Seen:
    """The account that is asked about.

    Raises:
        NoSuchGuardError: There is none, or several and none is named.
    """
    return source.one(account)


Asked = Annotated[Seen, Depends(seen_of)]
