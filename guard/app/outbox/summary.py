"""The summary of a day or a week, from the journal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from guard.app.outbox.rules import SUMMARY, Rules, last_instant
from guard.app.outbox.store import Entry, Store
from guard.app.outbox.words import seconds
from guard.journal.bodies import NOTICE
from guard.journal.port import Journal, Row
from guard.model.verdict import Severity

_MOST: Final = 8


def owe_summaries(rules: Rules, journal: Journal, store: Store, now: datetime, seq: int) -> list[str]:
    """Take in the summaries whose time has come since the last ones; their ids. ``seq`` is the journal's last row."""
    made = []
    for name, at, weekday in (("day", rules.daily, None), ("week", rules.weekly, rules.weekday)):
        if at is None:
            continue
        due = last_instant(at, rules.zone, now, weekday)
        last = store.mark(f"{SUMMARY}:{name}")
        if last is None:
            store.set_mark(f"{SUMMARY}:{name}", f"{now.timestamp()} {seq}")
            continue
        since, _, first = last.partition(" ")
        if due.timestamp() <= float(since):
            continue
        text = summary_text(journal, int(first))
        entry = Entry(
            f"{name}-{due:%Y-%m-%d}", 0, due.timestamp(), Severity.OK, f"{SUMMARY} of the {name}", SUMMARY,
            f"Summary of the {name}", text,
        )  # fmt: skip
        with store.transaction():
            store.take(entry, rules.channels)
            store.set_mark(f"{SUMMARY}:{name}", f"{due.timestamp()} {seq}")
        made.append(entry.id)
    return made


def summary_text(journal: Journal, after: int) -> str:
    """Equity, balance, notices and blind times of the rows after ``after``."""
    lines = _money(journal.rows("heartbeat", after))
    worst: dict[str, Severity] = {}
    counts: Counter[str] = Counter()
    for row in journal.rows(NOTICE, after):
        name = row.body["limit"] if row.body["limit"] is not None else row.body["kind"]
        severity = Severity[row.body["severity"]]
        worst[name] = max(worst.get(name, Severity.OK), severity)
        counts[severity.name] += 1
    said = ", ".join(f"{number} {name}" for name, number in counts.most_common())
    lines.append(f"Notices: {said}" if said else "Notices: none")
    loud = sorted(((level, name) for name, level in worst.items() if level > Severity.OK), reverse=True)
    lines += [f"  {level.name} {name}" for level, name in loud[:_MOST]]
    dark = sum(float(row.body["blind_s"]) for row in journal.rows("sight", after))
    lines.append(f"Blind: {dark:.0f} s in all" if dark else "Blind: never")
    return "\n".join(lines)


def _money(beats: Iterable[Row]) -> list[str]:
    seen = [
        (row.body["equity"], row.body["balance"], seconds(row.at)) for row in beats
        if isinstance(row.body.get("equity"), (int, float)) and isinstance(row.body.get("balance"), (int, float))
    ]  # fmt: skip
    if not seen:
        return ["Equity: not seen"]
    (equity, balance, _), (equity_now, balance_now, _) = seen[0], seen[-1]
    lowest = min(one[0] for one in seen)
    return [
        f"Equity: {equity_now:,.2f}, {equity_now - equity:+,.2f} since the last summary; lowest {lowest:,.2f}",
        f"Balance: {balance_now:,.2f}, {balance_now - balance:+,.2f} (deposits and withdrawals included)",
    ]
