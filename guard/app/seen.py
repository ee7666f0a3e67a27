"""A running guard's whole status, as ``guard status --json`` and the dashboard show it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from guard.app.home import Home
from guard.app.live import Seen
from guard.app.outbox.look import channels, unacknowledged, waiting
from guard.model.errors import InputError

FORMAT: Final = "guard.status-list/1"


def document(seen: Seen) -> dict[str, Any]:
    """One guard's figures with their age."""
    return {**seen.document, "age_s": round(seen.age_s, 1), "messages": notices_document(seen)}


def notices_document(seen: Seen) -> dict[str, Any] | None:
    """Unacknowledged notices, waiting deliveries and failing channels; ``None`` when nothing is to be sent."""
    notifier = seen.document.get("notifier")
    if notifier is None:
        return None
    path = Home(Path(str(seen.document["home"]))).outbox(seen.account)
    try:
        failing = [one for one in channels(path) if one["failures"]]
        return {
            "notifier": notifier, "unacknowledged": unacknowledged(path), "waiting": len(waiting(path)),
            "failing": failing, "unreadable": None,
        }  # fmt: skip
    except InputError as error:
        return {"notifier": notifier, "unacknowledged": [], "waiting": None, "failing": [], "unreadable": str(error)}
