"""What ``guard arm`` shows: of every limit, what it would do with the account as it is now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from guard.actions.base import Wish
from guard.cli import output
from guard.engine.arming import Preview
from guard.model.snapshot import Snapshot

_WORDS: Final = {"close": "close", "close_by": "close", "cancel": "delete order", "set_stop": "set the stop of"}


def preview_json(previews: Iterable[Preview], snapshot: Snapshot) -> list[dict[str, Any]]:
    """Limits, stages and actions with tickets, lots and what closing them realizes now (account currency)."""
    return [
        {
            "limit": one.limit, "stage_pct": one.stage_pct, "action": one.action, "reached": one.reached,
            "deeds": [
                {"kind": wish.kind, "ticket": wish.ticket, "symbol": wish.symbol, "lots": wish.lots, "by": wish.by,
                 "sl": wish.sl, "realizes": realizes(wish, snapshot)} for wish in one.wishes
            ],
            "why": one.why or None,
        }
        for one in previews
    ]  # fmt: skip


def realizes(wish: Wish, snapshot: Snapshot) -> float | None:
    """Profit with swap of the part that a close takes out, ``None`` where that is not known or nothing is closed."""
    if wish.kind not in ("close", "close_by"):
        return None
    total = 0.0
    for ticket in (wish.ticket,) if wish.by is None else (wish.ticket, wish.by):
        row = next((held for held in snapshot.positions or () if held.ticket == ticket), None)
        if row is None or row.profit is None or row.swap is None or not row.volume:
            return None
        share = 1.0 if wish.lots is None else min(1.0, wish.lots / row.volume)
        total += (row.profit + row.swap) * share
    return round(total, 2)


def preview_lines(rows: Iterable[Mapping[str, Any]], currency: str) -> list[str]:
    """The same for a person."""
    lines: list[str] = []
    for row in rows:
        when = "NOW" if row["reached"] else f"at {row['stage_pct']:g} %"
        lines.append(f"{row['limit']}: {row['action']} {when}")
        for deed in row["deeds"]:
            lots = f" {deed['lots']:g} lots" if deed["lots"] is not None else ""
            pair = f" by #{deed['by']}" if deed["by"] is not None else ""
            money = f", realizes {output.figure(deed['realizes'])} {currency}" if deed["realizes"] is not None else ""
            stop = f" to {deed['sl']:g}" if deed["sl"] is not None else ""
            verb = _WORDS.get(deed["kind"], deed["kind"])
            lines.append(f"    {verb} #{deed['ticket']} {deed['symbol']}{lots}{pair}{stop}{money}")
        if row["why"] is not None:
            lines.append(f"    {row['why']}")
        elif not row["deeds"]:
            lines.append("    nothing, with the account as it is")
    return lines
