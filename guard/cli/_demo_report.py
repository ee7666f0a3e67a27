"""The demo in plain lines, and its closing summary."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from guard.cli import _demo_words as words
from guard.cli._demo_play import Event
from guard.model.verdict import Severity


def opening(start: Event, console: Console) -> None:
    """The first lines: what this is and what guards it."""
    console.print(Text(" SIMULATED ", style="bold black on yellow"), Text("no terminal, no money, nothing is traded"))
    console.print(
        f"{start['title']} (scenario {start['scenario']}, seed {start['seed']}): "
        f"{words.number(start['balance'])} {start['currency']} at 1:{start['account_leverage']}"
    )
    for line in start["limits"]:
        console.print(Text(f"  armed  {line}", style="dim"))


def line(event: Event) -> Text | None:
    """One event as one line; ``None`` for events that plain output leaves out."""
    if event["event"] == "narration":
        return Text(f"{words.clock(event['at'])}  {event['who']:<8}{event['text']}")
    if event["event"] != "verdict":
        return None
    severity = Severity[event["severity"]]
    text = Text(f"{words.clock(event['at'])}  ")
    text.append(f"{'clear' if severity is Severity.OK else severity.name:<8}", style=words.BAR_STYLES[severity])
    text.append(f"{event['limit']}: {event['sentence']}")
    return text


def closing(summary: Event, console: Console) -> None:
    """What was caught and when, and what it would have been worth."""
    signs = words.glyphs()
    width = min(console.width, 100) - 1
    title = "stopped early" if summary["stopped_early"] else "the end"
    head = Text(f"{signs.rule * 2} {title} ", style="bold")
    head.append(signs.rule * max(0, width - len(head.plain)))
    console.print(head)
    _table(summary, console)
    console.print()
    for sentence in sentences(summary):
        for part in words.wrapped(sentence, width):
            console.print(Text(part))


def _table(summary: Event, console: Console) -> None:
    caught = summary.get("caught", [])
    if not caught:
        return
    console.print(Text(f"{'caught':<20}{'warned':>10}{'broken':>10}{'worst':>12}{'limit':>10}{'used':>8}", style="dim"))
    for row in caught:
        broken = row["breach_at"] is not None
        name = Text(f"{row['limit']:<20}")
        name.append(f"{words.clock(row['warn_at']) if row['warn_at'] else '-':>10}", style="yellow")
        name.append(f"{words.clock(row['breach_at']) if broken else '-':>10}", style="bold red" if broken else "dim")
        digits = 0 if row["unit"] == "s" else 2
        name.append(f"{words.number(row['worst_value'], digits):>12}{words.number(row['threshold'], digits):>10}")
        used = row["worst_utilization_pct"]
        name.append(f"{words.percent(used) if isinstance(used, float) else words.number(used):>8}")
        unit = summary["currency"] if row["unit"] == "account currency" else row["unit"]
        name.append(f"  {unit}", style="dim")
        console.print(name)


def sentences(summary: Event) -> list[str]:
    """The story's worth in a few sentences."""
    if "end" not in summary:
        return ["Nothing was played."]
    currency = summary["currency"] or ""
    end, begin, first = summary["end"]["equity"], summary["begin"]["equity"], summary["first"]
    if first is None:
        way = f"Equity went from {words.number(begin)} to {words.number(end)} {currency}."
        return [f"The guard had nothing to say: no limit came near. {way}", *_lesson(summary)]
    said = f"{words.clock(first['at'])}, with equity at {words.number(first['equity'])} {currency}"
    lines = [f"The guard spoke first at {said}: {words.short(first['sentence'])}."]
    called, stopped = summary["margin_call_at"], summary["stop_out_at"]
    if called is not None:
        later = words.span(first["at"], called)
        lines.append(f"The broker's own margin call came {later} later, at {words.clock(called)}.")
    if stopped is not None:
        lines.append(f"The broker closed the rest at {words.clock(stopped)}: stop-out.")
    worst = summary["worst"]
    lines.append(
        f"Worst figures: equity {words.number(worst['equity'])} {currency}, effective leverage "
        f"{words.number(worst['effective_leverage'])} times equity"
        + (f", margin level {words.number(worst['margin_level_pct'], 1)} %." if worst["margin_level_pct"] else ".")
    )
    change = end - first["equity"]
    went = "lost" if change < 0 else "made"
    lines.append(f"From the first word to the end the account {went} {words.number(abs(change))} {currency}.")
    return lines + _lesson(summary)


def _lesson(summary: Event) -> list[str]:
    return [] if summary["stopped_early"] else [summary["lesson"]]
