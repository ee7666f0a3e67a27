"""How a running guard's messages are, for ``status`` and ``watch``."""

from __future__ import annotations

from typing import Final

from guard.app.live import Seen
from guard.app.seen import notices_document
from guard.cli._status_view import status_lines

_HEAD: Final = 3  # whose account, how old, since when


def all_lines(seen: Seen) -> list[tuple[str, str]]:
    """The running guard's lines, with those about its messages below the head."""
    lines = status_lines(seen)
    return [*lines[:_HEAD], *notices_lines(seen), *lines[_HEAD:]]


def notices_lines(seen: Seen) -> list[tuple[str, str]]:
    """Lines and styles: what is wrong first, one quiet line otherwise."""
    found = notices_document(seen)
    if found is None:
        return []
    if found["unreadable"] is not None:
        return [(f"messages: {found['unreadable']}", "yellow")]
    lines = []
    if found["notifier"]["pid"] is None:
        why = found["notifier"]["why"] or "it is being started"
        lines.append((f"MESSAGES ARE NOT SENT: the notifier does not run: {why}", "bold red"))
    lines += [
        (f"MESSAGES FAIL: {one['channel']}: {one['why']} (`guard notify list`)", "bold red")
        for one in found["failing"]
    ]  # fmt: skip
    if found["unacknowledged"]:
        numbers = ", ".join(found["unacknowledged"][:5])
        lines.append((f"not acknowledged: {numbers} (`guard ack`)", "yellow"))
    return lines or [(f"messages: {found['waiting']} waiting, all channels work", "")]
