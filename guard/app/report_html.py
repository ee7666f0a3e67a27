"""A report as one HTML file with its pictures inside: it can be mailed, printed and kept. No script, no other file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from html import escape
from typing import Final
from zoneinfo import ZoneInfo

from guard.app.report_data import Line, Report, Sample
from guard.model.verdict import Severity

_WIDTH: Final = 900
_HEIGHT: Final = 220
_LEFT: Final = 80
_BOTTOM: Final = 24
_STYLE: Final = """
:root{color-scheme:light dark;font:15px/1.45 system-ui,sans-serif}
body{max-width:60rem;margin:1.5rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.25rem .6rem;border-bottom:1px solid #8886}
td.n{text-align:right;font-variant-numeric:tabular-nums}svg{width:100%;height:auto}
svg text{fill:currentColor;font-size:12px}
.BREACH{color:#c01c28;font-weight:700}.WARN{color:#9a5b00;font-weight:700}.UNKNOWN{color:#7b3fb0;font-weight:700}
@media (prefers-color-scheme:dark){.BREACH{color:#ff8a8f}.WARN{color:#ffbe5c}.UNKNOWN{color:#d0a5f5}}
"""


def page(report: Report, account: str, currency: str) -> str:
    """The whole file."""
    zone = ZoneInfo(report.zone)
    parts = [
        f"<h1>{escape(account)}</h1><p>{escape(report.title)}</p>",
        _table(("What", "Value"), _figures(report, currency)),
        _picture(f"Equity, {currency}", report.samples, lambda one: one.equity, zone),
        _picture("Effective leverage, times equity", report.samples, lambda one: one.leverage, zone),
        "<h2>Limits</h2>",
        _table(("Limit", "Worst", "Most used"), _limits(report)) if report.worst else "<p>None was decided on.</p>",
        "<h2>Notices</h2>", _lines(report.notices, zone), "<h2>What else happened</h2>", _lines(report.events, zone),
    ]  # fmt: skip
    if report.left_out:
        parts.append(f"<p>{report.left_out} older lines are left out here; they are in the journal.</p>")
    title = escape(f"MT5 Guard: {account}, {report.title}")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _figures(report: Report, currency: str) -> Iterable[tuple[str, str]]:
    known = report.equities
    balances = [one.balance for one in report.samples if one.balance is not None]
    levers = [one.leverage for one in report.samples if one.leverage is not None]
    if known:
        yield "Equity, first seen to last seen", f"{known[0]:,.2f} to {known[-1]:,.2f} {currency}"
        yield "Equity, change", f"{known[-1] - known[0]:+,.2f} {currency} (deposits and withdrawals included)"
        yield "Equity, lowest and highest", f"{min(known):,.2f} and {max(known):,.2f} {currency}"
        yield "Largest fall from a high", f"{largest_fall(known):,.2f} {currency}"
    else:
        yield "Equity", "not seen in this time"
    if balances:
        yield "Balance, change", f"{balances[-1] - balances[0]:+,.2f} {currency} (deposits and withdrawals included)"
    if levers:
        yield "Effective leverage, highest", f"{max(levers):,.2f} times equity"
    yield "Looks at the account", f"{report.looks:,}, of them blind {report.blind_looks:,}"
    yield "Blind in all", f"{report.blind_s:,.0f} s"


def largest_fall(values: Sequence[float]) -> float:
    """The largest distance from a high to a later low, 0 or more."""
    high, fall = values[0], 0.0
    for value in values:
        high = max(high, value)
        fall = max(fall, high - value)
    return fall


def _limits(report: Report) -> Iterable[tuple[str, str, str]]:
    for name, (severity, used) in sorted(report.worst.items(), key=lambda one: (-one[1][0], one[0])):
        shown = "unknown" if used is None else "beyond any bound" if isinstance(used, str) else f"{used:,.0f} %"
        yield name, severity.name, shown


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in heads)
    names = {severity.name for severity in Severity}
    body = "".join(
        "<tr>" + "".join(f'<td class="{one}">{one}</td>' if one in names else f"<td>{escape(one)}</td>" for one in row)
        + "</tr>" for row in rows
    )  # fmt: skip
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _lines(lines: Sequence[Line], zone: ZoneInfo) -> str:
    if not lines:
        return "<p>None.</p>"
    rows = [
        (f"{datetime.fromtimestamp(one.at, zone):%Y-%m-%d %H:%M:%S}", one.severity.name if one.kind == "notice"
         else one.kind, one.text, str(one.seq)) for one in lines
    ]  # fmt: skip
    return _table(("When", "What", "Sentence", "Journal row"), rows)


def _picture(title: str, samples: Sequence[Sample], of: Callable[[Sample], float | None], zone: ZoneInfo) -> str:
    """A line over time as SVG; a gap where nothing is known."""
    known = [(one.at, value) for one in samples if (value := of(one)) is not None]
    heading = f"<h2>{escape(title)}</h2>"
    if len(known) < 2:
        return f"{heading}<p>Fewer than two samples: there is nothing to draw.</p>"
    begin, end = known[0][0], known[-1][0]
    low, high = min(value for _, value in known), max(value for _, value in known)
    spare = (high - low) * 0.05 or max(abs(high), 1.0) * 0.01
    low, high = low - spare, high + spare

    def x(at: float) -> float:
        return _LEFT + (at - begin) / (end - begin) * (_WIDTH - _LEFT - 10)

    def y(value: float) -> float:
        return 10 + (high - value) / (high - low) * (_HEIGHT - _BOTTOM - 10)

    marks = []
    for step in range(5):
        value = low + (high - low) * step / 4
        marks.append(f'<path d="M{_LEFT} {y(value):.1f}H{_WIDTH - 10}" stroke="#8885"/>'
                     f'<text x="{_LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:,.2f}</text>')  # fmt: skip
        at = begin + (end - begin) * step / 4
        anchor = "start" if step == 0 else "end" if step == 4 else "middle"
        when = f"{datetime.fromtimestamp(at, zone):%m-%d %H:%M}"
        marks.append(f'<text x="{x(at):.1f}" y="{_HEIGHT - 6}" text-anchor="{anchor}">{when}</text>')
    path = "".join(f"{'L' if number else 'M'}{x(at):.1f} {y(value):.1f}" for number, (at, value) in enumerate(known))
    said = f"{title}: from {known[0][1]:,.2f} to {known[-1][1]:,.2f}, lowest {min(v for _, v in known):,.2f}"
    return (
        f'{heading}<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(said)}">{"".join(marks)}'
        f'<path d="{path}" fill="none" stroke="#2f81e0" stroke-width="2"/></svg>'
    )
