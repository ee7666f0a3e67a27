"""What a message says: what, how much, since when, what was done, what is left. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from guard.app.outbox.rules import SUMMARY, newest_of_each
from guard.app.outbox.store import Entry, Owed
from guard.model.verdict import Severity
from guard.notify.base import Message

_FLOOR: Final = re.compile(r"the floor is (-?[\d,]+\.\d+)")
_LONGEST: Final = 1500
_MOST_LINES: Final = 12
_ACK: Final = Severity.BREACH
BLIND: Final = "blind"


def seconds(at: str) -> float:
    """An ISO instant as UNIX seconds."""
    return datetime.fromisoformat(at).timestamp()


def entry_of(
    seq: int, body: Mapping[str, Any], verdict: Mapping[str, Any] | None, deeds: Sequence[Mapping[str, Any]], mode: str
) -> Entry:
    """A journal notice as an outbox entry.

    Args:
        seq: Its journal row.
        body: The row.
        verdict: What the same cycle said of its limit, ``None`` for the guard's own notices.
        deeds: The intents of the same cycle for its limit.
        mode: The guard's mode.
    """
    severity = Severity[body["severity"]]
    sentence = str(body["sentence"])
    lines = [sentence]
    if verdict is not None:
        lines += [*_how_much(verdict), *_left(verdict)]
    if severity >= Severity.WARN and body["limit"] is not None:
        lines.append(f"Done: {_done(deeds, mode)}")
    floor = _FLOOR.search(sentence)
    blind = body["kind"] == BLIND and severity is Severity.UNKNOWN
    name = body["limit"] if body["limit"] is not None else body["kind"]
    word = "clear" if severity is Severity.OK else severity.name
    return Entry(
        id=str(seq),
        number=seq,
        at=seconds(body["at"]),
        severity=severity,
        subject=str(name),
        kind=str(body["kind"]),
        title=f"{word} {name}",
        body="\n".join(lines),
        floor=float(floor[1].replace(",", "")) if floor is not None else None,
        needs_ack=severity >= _ACK or blind,
    )


def _how_much(verdict: Mapping[str, Any]) -> list[str]:
    value, threshold, used = verdict["value"], verdict["threshold"], verdict["utilization_pct"]
    if value is None or threshold is None:
        return []
    share = f" ({_number(used)} % of the limit)" if used is not None else ""
    return [f"How much: {_number(value)} of {_number(threshold)} {verdict['unit']}{share}"]


def _left(verdict: Mapping[str, Any]) -> list[str]:
    value, threshold, used = verdict["value"], verdict["threshold"], verdict["utilization_pct"]
    if not all(isinstance(one, (int, float)) for one in (value, threshold, used)):
        return ["Left: not known"] if used is None else [] if used != "inf" else ["Left: nothing"]
    apart = f"{_number(abs(threshold - value))} {verdict['unit']}"
    return [f"Left: {apart}" if used < 100.0 else f"Left: nothing; it is {apart} beyond the limit"]


def _done(deeds: Sequence[Mapping[str, Any]], mode: str) -> str:
    if mode == "warn":
        return "nothing; in mode warn the guard watches and tells"
    if not deeds:
        return "nothing"
    what = ", ".join(_deed(deed) for deed in deeds[:_MOST_LINES])
    return f"planned and not sent (rehearsal): {what}" if mode == "rehearse" else f"begun: {what}"


def _deed(deed: Mapping[str, Any]) -> str:
    lots = deed.get("volume_lots")
    parts = (str(deed["action"]), deed.get("symbol"), f"#{deed['ticket']}" if deed.get("ticket") is not None else None,
             f"{lots:g} lots" if isinstance(lots, (int, float)) else None)  # fmt: skip
    return " ".join(str(part) for part in parts if part is not None)


def _number(value: object) -> str:
    if not isinstance(value, (int, float)):
        return str(value)
    return f"{value:,.2f}".rstrip("0").rstrip(".") if abs(value) < 1000.0 else f"{value:,.2f}"


def message(
    batch: Sequence[Owed], label: str, zone: tzinfo, link: str | None
) -> tuple[Message, list[Owed], list[Owed]]:
    """One message for what is owed to a channel (oldest first): the newest notice of each subject is told in full.

    Returns the message, the deliveries it tells, and those whose notice a newer one about the same has replaced.
    """
    told = newest_of_each([(one.entry.subject, one) for one in batch])
    merged = [one for one in batch if one not in told]
    told.sort(key=lambda one: (-one.entry.severity, one.entry.at))
    worst = told[0].entry
    blocks = [_block(one, merged, zone, link, alone=len(told) == 1) for one in told[:_MOST_LINES]]
    if len(told) > _MOST_LINES:
        blocks.append(f"and {len(told) - _MOST_LINES} more: see `guard notify list`")
    title = worst.title if len(told) == 1 else f"{worst.title} and {len(told) - 1} more"
    return Message(worst.id, worst.severity, f"{title} ({label})", "\n\n".join(blocks)), told, merged


def _block(one: Owed, merged: Sequence[Owed], zone: tzinfo, link: str | None, *, alone: bool) -> str:
    entry = one.entry
    lines = [] if alone else [entry.title]
    if one.round > 1:
        lines.append(f"Still so, and nobody has acknowledged it (message {one.round}).")
    lines.append(entry.body[:_LONGEST])
    if entry.kind == SUMMARY:
        return "\n".join(lines)
    since = f"Since: {_clock(entry.at, zone)}"
    if entry.began < entry.at:
        since += f", not OK since {_clock(entry.began, zone)}" if entry.severity > Severity.OK else ""
    lines.append(since if entry.severity > Severity.OK else f"At: {_clock(entry.at, zone)}")
    before = [old.entry for old in merged if old.entry.subject == entry.subject]
    if before:
        steps = ", ".join(f"{old.severity.name} {_clock(old.at, zone)}" for old in before[-_MOST_LINES:])
        lines.append(f"Before it: {steps}")
    if entry.number:
        lines.append(f"Notice {entry.id}" + (f"; acknowledge: guard ack {entry.id}" if entry.needs_ack else ""))
        if entry.needs_ack and link is not None:
            lines.append(f"{link.rstrip('/')}/#ack={entry.id}")
    return "\n".join(lines)


def _clock(at: float, zone: tzinfo) -> str:
    local = datetime.fromtimestamp(at, UTC).astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M:%S} {local.tzname()}"
