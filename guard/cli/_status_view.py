"""A running guard's figures as lines of text, each with its colour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from guard.app.live import Seen
from guard.cli import output
from guard.cli._enforce_view import enforcement_lines
from guard.model.verdict import Severity

_WIDTH: Final = 16


def status_lines(seen: Seen) -> list[tuple[str, str]]:
    """Lines and styles, most important first."""
    d = seen.document
    severity = d["severity"] if d["severity"] is not None else "UNKNOWN"
    currency = d["account"]["currency"] or ""
    lines = [
        (f"Account {seen.account}, mode {d['mode']}: {severity} {d['trading_state'] or ''}".rstrip(), _style(severity)),
        (f"seen {seen.age_s:.0f} s ago, {d['looks_per_s']} looks a second, process {d['pid']}", ""),
        (f"guarded since {d['started_at']}", ""),
    ]
    lines += [(warning, "bold yellow") for warning in d.get("warnings", ())]
    if d["blind"] is not None:
        lines.append((f"BLIND: {d['blind']}", "bold magenta"))
    if not d["journal"]["writable"]:
        lines.append(("THE JOURNAL CANNOT BE WRITTEN: the guard watches from memory", "bold red"))
    lines += enforcement_lines(d)
    figures: Mapping[str, Any] = d["figures"]
    for label, name, unit in (
        ("equity", "equity", currency), ("balance", "balance", currency), ("floating", "floating", currency),
        ("used margin", "used_margin", currency), ("margin level", "margin_level_pct", "%"),
        ("leverage in use", "effective_leverage", "x"), ("to margin call", "loss_to_margin_call", currency),
        ("to stop-out", "loss_to_stop_out", currency), ("open risk", "open_risk_pct", "%"),
    ):  # fmt: skip
        value = figures.get(name)
        shown = f"{output.figure(value)} {unit}" if value is not None else output.figure(value)
        if name == "margin_level_pct" and value is None and figures.get("used_margin") == 0.0:
            shown = "no margin in use"
        lines.append((f"  {label:<{_WIDTH}} {shown}".rstrip(), ""))
    for verdict in sorted(d["verdicts"], key=lambda one: -Severity[one["severity"]]):
        used = verdict["utilization_pct"]
        pct = float(used) if used is not None else None
        shown = "unknown" if pct is None else "inf" if pct == float("inf") else f"{pct:.0f} %"
        text = f"  {verdict['severity']:<7} {output.bar(pct, 10)} {shown:>8}  {verdict['kind']}: {verdict['sentence']}"
        lines.append((text, _style(verdict["severity"])))
    lines += [(f"  unknown: {gap['path']}: {gap['sentence']}", "dim") for gap in d["gaps"]]
    return lines


def _style(severity: str) -> str:
    return output.STYLES[Severity[severity]]
