"""Notices: one message per change, with its reason."""

from __future__ import annotations

from dataclasses import replace

from guard.engine.policy import Policy
from guard.model.notice import Notice
from guard.model.state import Timer
from guard.model.verdict import Severity, Verdict


def of_verdict(verdict: Verdict, before: Timer, after: Timer, at: str) -> Notice | None:
    """The notice of a limit whose severity or stage changed, or ``None``."""
    if (before.severity, before.stage_pct) == (after.severity, after.stage_pct):
        return None
    severity = Severity(after.severity)
    if severity is Severity.OK:
        text = f"{verdict.kind}: clear again. {verdict.sentence}"
    elif severity < before.severity:
        text = f"{verdict.kind}: eased to {severity.name}. {verdict.sentence}"
    else:
        text = f"{verdict.kind}: {verdict.sentence}"
        if verdict.inherited and severity is Severity.BREACH:
            text += " (inherited: it was so when the guard first looked)"
    key = f"{verdict.limit}|{severity.name}|{after.stage_pct}|{after.since}"
    return Notice(key, at, severity, verdict.limit, verdict.kind, text)


def of_unknown(verdict: Verdict, timer: Timer, policy: Policy, at: str) -> tuple[Timer, Notice | None]:
    """After ``unknown_for_s`` of not knowing, tell the user once."""
    if timer.unknown_told or timer.unknown_s < policy.unknown_for_s or timer.unknown_s == 0.0:
        return timer, None
    told = replace(timer, unknown_told=True)
    text = f"{verdict.kind}: not known for {timer.unknown_s:.0f} s. {verdict.sentence}"
    return told, Notice(f"{verdict.limit}|UNKNOWN|{at}", at, Severity.UNKNOWN, verdict.limit, verdict.kind, text)
