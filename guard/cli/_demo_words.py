"""How the demo shows numbers, instants, bars and sentences; with an ASCII set for consoles that lack the characters."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from guard.cli import output
from guard.model.verdict import Severity, Verdict


class Glyphs(NamedTuple):
    """The characters of the view."""

    full: str
    empty: str
    levels: str
    rule: str
    dot: str
    down: str
    up: str


RICH = Glyphs("█", "░", "▁▂▃▄▅▆▇█", "─", "·", "▼", "▲")
ASCII = Glyphs("#", ".", "_.-=+*#@", "-", "-", "v", "^")

STYLES = {
    Severity.OK: "green",
    Severity.WARN: "bold yellow",
    Severity.UNKNOWN: "bold magenta",
    Severity.BREACH: "bold white on red",
}
BAR_STYLES = {**STYLES, Severity.WARN: "yellow", Severity.UNKNOWN: "magenta", Severity.BREACH: "red"}


def glyphs() -> Glyphs:
    """The characters that standard output can show."""
    return RICH if output.encodable("".join(RICH)) else ASCII


def clock(at: str | datetime) -> str:
    """The time of day of an instant, UTC."""
    return (datetime.fromisoformat(at) if isinstance(at, str) else at).strftime("%H:%M:%S")


def number(value: float | str | None, digits: int = 2) -> str:
    """A number with thousands separated; a dash when there is none."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    return f"{value:,.{digits}f}" if math.isfinite(value) else "infinite"


def bar(pct: float | None, width: int, signs: Glyphs) -> str:
    """A bar that is full at 100 %; empty when there is no number."""
    if pct is None:
        return signs.empty * width
    filled = width if pct >= 100.0 else max(0, int(pct / 100.0 * width))
    return signs.full * filled + signs.empty * (width - filled)


def percent(pct: float | None) -> str:
    """A utilization: whole percent, ``inf`` beyond any bound."""
    if pct is None:
        return "-"
    return "inf" if math.isinf(pct) else f"{pct:.0f} %"


def reading(verdict: Verdict) -> tuple[str, str]:
    """Value and threshold of a verdict, as short as a table needs."""
    unit = {"x equity": "x", "% of equity": "%", "account currency": ""}.get(verdict.unit, verdict.unit)
    digits = 0 if verdict.unit == "s" or (verdict.threshold is not None and verdict.threshold >= 100.0) else 2
    value, threshold = (
        "-" if figure is None else f"{number(figure, digits)} {unit}".rstrip()
        for figure in (verdict.value, verdict.threshold)
    )  # fmt: skip
    return value, threshold


def chart(values: Sequence[float], width: int, rows: int, signs: Glyphs) -> list[str]:
    """The values as a line chart of small bars, ``rows`` high, top row first."""
    shown = thinned(values, width)
    low, high = min(shown), max(shown)
    steps = len(signs.levels)
    top = rows * steps - 1
    heights = [1 + round((value - low) / (high - low) * top) if high > low else rows * steps // 2 for value in shown]
    lines = []
    for row in reversed(range(rows)):
        filled = (min(steps, max(0, height - row * steps)) for height in heights)
        lines.append("".join(signs.levels[fill - 1] if fill else " " for fill in filled))
    return lines


def thinned(values: Sequence[float], width: int) -> list[float]:
    """At most ``width`` values spread evenly over all of them, the last one included."""
    if len(values) <= width:
        return list(values)
    return [values[round(i * (len(values) - 1) / (width - 1))] for i in range(width)]


def short(sentence: str) -> str:
    """The main clause of a verdict's sentence."""
    return sentence.partition("; the floor")[0]


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most ``width``."""
    return textwrap.wrap(text, max(10, width)) or [""]


def span(start: str, end: str) -> str:
    """The time between two instants in words."""
    minutes = round((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds() / 60.0)
    hours, minutes = divmod(minutes, 60)
    words = [f"{hours} hour{'s' if hours > 1 else ''}"] if hours else []
    if minutes or not hours:
        words.append(f"{minutes} minute{'s' if minutes != 1 else ''}")
    return " ".join(words)
