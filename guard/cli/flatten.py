"""``guard flatten``: close everything, or a part of it, through the running guard."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from guard.cli import output
from guard.cli._asking import ACCOUNT, HOME, JSON, asked, one_guard, show
from guard.model.errors import UsageError


def flatten(
    symbol: Annotated[str | None, typer.Option("--symbol", help="Only this symbol.")] = None,
    magic: Annotated[int | None, typer.Option("--magic", help="Only this magic number; 0: trades by hand.")] = None,
    side: Annotated[str | None, typer.Option("--side", help="Only buy or only sell.")] = None,
    losers: Annotated[bool, typer.Option("--losers", help="Only positions with a loss.")] = False,
    winners: Annotated[bool, typer.Option("--winners", help="Only positions with a profit.")] = False,
    pct: Annotated[float | None, typer.Option("--pct", help="Percent of each position; default 100.")] = None,
    oldest_first: Annotated[bool, typer.Option("--oldest-first", help="In the order of opening.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: HOME = None,
    account: ACCOUNT = None,
    as_json: JSON = False,
) -> None:
    """Close positions and delete pending orders now, whatever the limits say.

    It needs a running guard that may send: one that is armed, in mode enforce. Exit code 2: not confirmed; 3: refused,
    with the reason; 5: no guard is running.
    """
    one = one_guard(home, account)
    body: dict[str, Any] = {"symbol": symbol, "magic": magic, "side": side, "pct": pct}
    body = {name: value for name, value in body.items() if value is not None}
    body |= {name: True for name, set_ in (("losers", losers), ("winners", winners)) if set_}
    body |= {"oldest_first": True} if oldest_first else {}
    if not yes:
        scope = ", ".join(f"{name} {value}" for name, value in body.items()) or "EVERYTHING"
        if as_json or not output.asks():
            raise UsageError(f"nothing was closed: confirm with --yes (asked was {scope} on account {one})")
        typer.confirm(f"Close {scope} on account {one}?", abort=True, err=True)
    show(asked(home, one, "flatten", body), "flatten", as_json=as_json)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(flatten)
