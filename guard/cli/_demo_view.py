"""The live picture of the demo on a terminal, made for 80 columns and 24 lines and better with more."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from guard.cli import _demo_words as words
from guard.cli._demo_play import Event, Frame, Play
from guard.model.verdict import Severity

if TYPE_CHECKING:
    from types import TracebackType

_FPS = 12.0
_KEPT = 60
_HEAD_LINES = 9  # title, progress, blank, four figures, two rules
_WIDEST, _STORY_LEAST = 110, 4
_CHART_ROWS, _CHART_FROM, _CHART_LEAST = 2, 46, 12
_WHO = {"trader": "cyan", "broker": "bold red", "market": "bold blue"}


class View:
    """Shows frames; use as a context manager so that the terminal is left as it was."""

    def __init__(self, play: Play, seed: int, console: Console) -> None:
        """``console`` is a terminal."""
        self._play, self._seed, self._console = play, seed, console
        self._signs = words.glyphs()
        self._story: deque[Event] = deque(maxlen=_KEPT)
        self._equity: list[float] = []
        self._live = Live(console=console, auto_refresh=False, transient=True, vertical_overflow="crop")
        self._drawn = 0.0

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop drawing and clear the picture."""
        self._live.stop()

    def show(self, frame: Frame) -> None:
        """Take in a frame; draw it when something happened or the last picture is old enough."""
        told = [event for event in frame.events if event["event"] in {"narration", "verdict"}]
        self._story.extend(told)
        if frame.snapshot.account.equity is not None:
            self._equity.append(frame.snapshot.account.equity)
        now = time.monotonic()
        if told or now - self._drawn >= 1.0 / _FPS:
            self._drawn = now
            self._live.update(self.picture(frame), refresh=True)

    def picture(self, frame: Frame) -> Group:
        """The whole picture of one frame."""
        width = min(self._console.width, _WIDEST) - 1
        free = self._console.height - _HEAD_LINES - 1
        limits = _limits(frame, max(1, free - _STORY_LEAST), width, self._signs)
        room = max(_STORY_LEAST, free - limits.row_count)
        return Group(
            self._title(frame, width),
            self._progress(frame, width),
            Text(""),
            *self._figures(frame, width),
            self._rule("limits", width),
            limits,
            self._rule("what happened (UTC)", width),
            *self._lines(room, width),
        )

    def _title(self, frame: Frame, width: int) -> Text:
        left = " SIMULATED  no terminal, no real money"
        right = f"MT5 Guard demo  {words.clock(frame.at)} UTC "
        return Text(left + right.rjust(width - len(left)), style="bold black on yellow", no_wrap=True, overflow="crop")

    def _progress(self, frame: Frame, width: int) -> Text:
        market = self._play.market
        done = min(100.0, frame.t_s / market.duration_s * 100.0)
        left = f" {market.title} {self._signs.dot} {market.name}, seed {self._seed}"
        size = 16
        line = Text(left[: width - size - 8].ljust(width - size - 7), style="bold", no_wrap=True)
        line.append(words.bar(done, size, self._signs), style="blue")
        line.append(f" {done:3.0f} %", style="dim")
        return line

    def _figures(self, frame: Frame, width: int) -> list[Text]:
        m, account = frame.result.metrics, frame.snapshot.account
        severity = {verdict.kind: verdict.severity for verdict in frame.result.verdicts}
        currency = account.currency or ""
        first = self._equity[0] if self._equity else None
        change = None if first is None or m.equity is None else m.equity - first
        arrow = "" if not change else f"  {self._signs.down if change < 0 else self._signs.up} {abs(change):,.2f}"
        loss = m.loss_to_stop_out if frame.snapshot.positions else None
        room = "-"
        if loss is not None and m.equity:
            room = f"{loss:,.2f} {currency} to stop-out = {loss / m.equity * 100:.0f} % of equity"
        level = "-" if m.margin_level_pct is None else f"{m.margin_level_pct:,.1f} %"
        if m.margin_blind:
            level = "blind: no margin in use"
        calls = f"  (call {words.number(m.call_level[0], 0)}, stop-out {words.number(m.stop_out_level[0], 0)})"
        tone = "green" if change is None or change >= 0 else "red"
        leverage = f"{words.number(m.effective_leverage)} x"
        note = calls if m.margin_level_pct is not None else ""
        rows = (
            ("Equity", f"{words.number(m.equity)} {currency}", _style(severity, "period_loss"), arrow, tone),
            ("Effective leverage", leverage, _style(severity, "effective_leverage"), "", "dim"),
            ("Margin level", level, _style(severity, "margin_level"), note, "dim"),
            ("Headroom", room, _style(severity, "stop_out_distance"), "", "dim"),
        )
        lines = []
        for name, value, style, note, note_style in rows:
            line = Text(no_wrap=True, overflow="crop")
            line.append(f" {name:<19}", style="dim")
            line.append(value, style=style)
            line.append(note, style=note_style)
            lines.append(line)
        self._chart(lines[:_CHART_ROWS], width, tone)
        return lines

    def _chart(self, lines: list[Text], width: int, style: str) -> None:
        """The equity so far, to the right of the first figures."""
        left = max(_CHART_FROM, *(len(line.plain) + 2 for line in lines))
        if not self._equity or width - left < _CHART_LEAST:
            return
        for line, row in zip(lines, words.chart(self._equity, width - left, len(lines), self._signs), strict=True):
            line.append(" " * (left - len(line.plain)))
            line.append(row, style=style)

    def _rule(self, title: str, width: int) -> Text:
        line = Text(f"{self._signs.rule * 2} {title} ", style="dim", no_wrap=True, overflow="crop")
        line.append(self._signs.rule * (width - len(line.plain)))
        return line

    def _lines(self, room: int, width: int) -> list[Text]:
        """The newest events, newest last, as many as fit."""
        lines: list[Text] = []
        for event in reversed(self._story):
            block = story_lines(event, width)
            if len(lines) + len(block) > room:
                break
            lines[:0] = block
        return lines + [Text("")] * (room - len(lines))


def _style(severity: dict[str, Severity], kind: str) -> str:
    found = severity.get(kind, Severity.OK)
    return "bold" if found is Severity.OK else words.STYLES[found]


def _limits(frame: Frame, most: int, width: int, signs: words.Glyphs) -> Table:
    """A row a limit; when there are more than ``most``, those nearest to their limit and how many are left out."""
    table = Table(box=None, pad_edge=False, show_header=False, width=width, padding=(0, 1))
    size = max(10, width - 62)
    table.add_column(width=20, no_wrap=True)
    table.add_column(width=9, justify="right", no_wrap=True)
    table.add_column(width=9, justify="right", no_wrap=True)
    table.add_column(width=size, no_wrap=True)
    table.add_column(width=6, justify="right", no_wrap=True)
    table.add_column(width=8, no_wrap=True)
    verdicts = frame.result.verdicts
    left_out = len(verdicts) - most + 1 if len(verdicts) > most else 0
    nearest = sorted(verdicts, key=lambda v: (-v.severity, -(v.utilization_pct or 0.0)))[: len(verdicts) - left_out]
    for verdict in (verdict for verdict in verdicts if verdict in nearest):
        value, threshold = words.reading(verdict)
        table.add_row(
            Text(f" {verdict.limit}"),
            Text(value, style="bold"),
            Text(threshold, style="dim"),
            Text(words.bar(verdict.utilization_pct, size, signs), style=words.BAR_STYLES[verdict.severity]),
            Text(words.percent(verdict.utilization_pct)),
            Text(f" {verdict.severity.name} ", style=words.STYLES[verdict.severity]),
        )
    if left_out:
        table.add_row(Text(f" and {left_out} more", style="dim"), "", "", "", "", "")
    return table


def story_lines(event: Event, width: int) -> list[Text]:
    """One event as lines: time, who or how bad, and the text, wrapped under itself."""
    if event["event"] == "narration":
        label, style, text = event["who"], _WHO.get(event["who"], "cyan"), event["text"]
    else:
        severity = Severity[event["severity"]]
        cleared = severity is Severity.OK
        label, style = ("clear" if cleared else severity.name), words.STYLES[severity]
        text = f"{event['limit']}: {words.short(event['sentence'])}"
    lines = []
    for number, part in enumerate(words.wrapped(text, width - 20)):
        line = Text(no_wrap=True, overflow="crop")
        line.append(f" {words.clock(event['at'])} " if number == 0 else " " * 10, style="dim")
        line.append(f"{label:^8}" if number == 0 else " " * 8, style=style if number == 0 else "")
        line.append(f" {part}")
        lines.append(line)
    return lines
