"""Locks, what the guard means to do and what waits to become looser, as lines of text with their colour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def enforcement_lines(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The lines of one guard's status; empty while nothing is locked, meant or waiting."""
    lines = [(_lock(lock), "bold red") for lock in document.get("locks", ())]
    lines += [(_intent(intent), "bold yellow") for intent in document.get("intents", ())]
    lines += [(f"  override asked: {one['lock']} is lifted at {one['due_at']} ({one['reason']})", "yellow")
              for one in document.get("overrides", ())]  # fmt: skip
    lines += [(f"  looser, waits: {said}", "dim") for said in document.get("waits", ())]
    return lines


def _lock(lock: Mapping[str, Any]) -> str:
    left = lock["remaining_s"]
    if left is not None:
        end = f"for {span(left)} more, until {lock['until']}"
    else:
        end = "until you lift it" if lock["latched"] else "until its stage is left"
    hard = ", nobody can lift it before" if lock["no_override"] else ""
    return f"  LOCKED {end}{hard}: {lock['reason']} [{lock['id']}]"


def _intent(intent: Mapping[str, Any]) -> str:
    tickets = ", ".join(f"#{ticket}" for ticket in intent["tickets"])
    what = f"  {intent['status'].upper()} {intent['limit']}: {intent['action']}"
    why = f": {intent['why']}" if intent["why"] else ""
    return f"{what} {tickets}{why}" if tickets else f"{what}{why}"


def span(seconds: float) -> str:
    """A time left, in the two largest units."""
    whole = int(seconds)
    days, hours, minutes = whole // 86400, whole % 86400 // 3600, whole % 3600 // 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"
