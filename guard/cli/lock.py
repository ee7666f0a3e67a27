"""``guard lock``: no new exposure for a while; what raises it is closed again."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import typer

from guard.app.orders import SPANS
from guard.cli._asking import ACCOUNT, HOME, JSON, asked, one_guard, show
from guard.model.errors import UsageError

_SPAN: Final = re.compile(r"^(\d+(?:\.\d+)?)\s*(m|min|h|d)$")
_SECONDS: Final = {"m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_CLOCK: Final = re.compile(r"^([01]?\d|2[0-3]):([0-5]\d)$")


def lock(
    for_: Annotated[str | None, typer.Option("--for", help="How long: 15m, 30m, 60m, 4h, 2d.")] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="day, session, week, a time such as 18:00, or an ISO time.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept in the journal.")] = "",
    no_override: Annotated[
        bool, typer.Option("--no-override", help="Nobody can lift it before its end, not you either.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask, with --no-override.")] = False,
    home: HOME = None,
    account: ACCOUNT = None,
    as_json: JSON = False,
) -> None:
    """Lock yourself out of new exposure: what you open meanwhile is closed again, closing stays free.

    Exit code 2: wrong words; 3: refused, with the reason; 5: no guard is running.
    """
    body: dict[str, Any] = {"reason": reason, "no_override": no_override, **lock_words(for_, until)}
    one = one_guard(home, account)
    if no_override and not yes:
        if as_json:
            raise UsageError("a lock that nobody can lift is confirmed with --yes")
        typer.confirm(f"Nobody will be able to lift this lock of account {one} before its end. Lock?", abort=True,
                      err=True)  # fmt: skip
    show(asked(home, one, "lock", body), "lock", as_json=as_json)


def lock_words(for_: str | None, until: str | None, now: datetime | None = None) -> dict[str, Any]:
    """The end of a lock as the guard takes it.

    Raises:
        UsageError: It cannot be understood.
    """
    if (for_ is None) == (until is None):
        raise UsageError("say how long with --for 4h, or until when with --until day")
    if for_ is not None:
        found = _SPAN.match(for_.strip().lower())
        if found is None:
            raise UsageError(f"--for {for_!r} is no time: write it like 15m, 4h or 2d")
        return {"for_s": float(found[1]) * _SECONDS[found[2]]}
    text = str(until).strip()
    if text.lower() in SPANS:
        return {"until": text.lower()}
    here = datetime.now().astimezone() if now is None else now
    clock = _CLOCK.match(text)
    if clock is not None:
        end = here.replace(hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0)
        return {"until": (end if end > here else end + timedelta(days=1)).isoformat()}
    try:
        end = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--until {text!r} is no time: {', '.join(SPANS)}, 18:00, or 2026-11-20T18:00") from None
    return {"until": (end if end.tzinfo is not None else end.astimezone()).isoformat()}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(lock)
