"""From a reading to a verdict: stages, hold time, clearing margin, cool-down. Timing lives in persisted timers."""

from __future__ import annotations

import math
from dataclasses import replace

from guard.limits.base import EPSILON, Limit, Reading
from guard.model.state import Timer
from guard.model.verdict import Severity, Verdict

SEVERITIES = tuple(Severity)
NOTHING: tuple[tuple[str, ...], bool] = ((), False)


def _reached(limit: Limit, used: float, at_pct: float) -> bool:
    """Whether a stage is reached: caps pass 100 only above it, floors by touching unless told otherwise."""
    if at_pct == 100.0 and not limit.touch:
        return used > at_pct * (1.0 + EPSILON)
    return used >= at_pct * (1.0 - EPSILON)


def is_breach(limit: Limit, used: float) -> bool:
    """Whether this utilization (percent points) is a breach of the limit."""
    return _reached(limit, used, 100.0)


def level(limit: Limit, reading: Reading, used: float) -> tuple[Severity, float | None]:
    """Severity and highest reached stage for a utilization."""
    if used < limit.quiet_below_pct:
        return Severity.OK, None
    top = next((pct for pct in limit.stage_pcts if _reached(limit, used, pct)), None)
    if is_breach(limit, used) and not reading.at_most_warn:
        return Severity.BREACH, top
    if top is None and not is_breach(limit, used):
        return Severity.OK, None
    return Severity.WARN, top


def raw(limit: Limit, reading: Reading) -> tuple[Severity, float | None]:
    """Severity and stage of a reading before timing."""
    if reading.utilization_pct is not None:
        return level(limit, reading, reading.utilization_pct)
    if reading.breach is None:
        return Severity.UNKNOWN, None
    if reading.breach:
        return Severity.BREACH, 100.0
    return (Severity.WARN if reading.at_most_warn else Severity.OK), None


def _order(severity: int, stage: float | None) -> tuple[int, float]:
    return severity, stage if stage is not None else 0.0


def advance(limit: Limit, reading: Reading, timer: Timer, passed_s: float, at: str, stale_after_s: float) -> Timer:
    """The timer after this reading.

    Rising waits ``for_s`` (again from the start after a gap longer than ``stale_after_s``); falling needs the value
    ``clear_margin_pct`` below the stage for ``cooldown_s``; UNKNOWN moves nothing.
    """
    severity, stage = raw(limit, reading)
    if severity is Severity.UNKNOWN:
        unknown_s = timer.unknown_s + passed_s if timer.unknown_s > 0.0 or timer.unknown_told else max(passed_s, 1e-9)
        held = 0.0 if unknown_s > stale_after_s else timer.held_s
        return replace(timer, unknown_s=unknown_s, held_s=held, cool_s=0.0)
    known = replace(timer, unknown_s=0.0, unknown_told=False) if timer.unknown_s > 0.0 else timer
    if known.inherited and timer.severity < Severity.BREACH and severity is not Severity.BREACH:
        # What was there at the first start went away before it was confirmed: the next breach is a new one.
        known = replace(known, inherited=False)
    if severity == timer.severity and stage == timer.stage_pct:
        if known.held_s == 0.0 and known.cool_s == 0.0:
            return known
        return replace(known, held_s=0.0, cool_s=0.0)
    if _order(severity, stage) > _order(timer.severity, timer.stage_pct):
        held = timer.held_s + passed_s if timer.held_s > 0.0 and passed_s <= stale_after_s else 1e-9
        if held < limit.for_s:
            return replace(known, held_s=held, cool_s=0.0)
        return replace(known, severity=int(severity), stage_pct=stage, held_s=0.0, cool_s=0.0, since=at)
    used = reading.utilization_pct
    if used is not None and not math.isinf(used) and limit.clear_margin_pct < 100.0:
        strict = used / (1.0 - limit.clear_margin_pct / 100.0)
        severity, stage = level(limit, reading, strict)
    if _order(severity, stage) >= _order(timer.severity, timer.stage_pct):
        return replace(known, held_s=0.0, cool_s=0.0)
    cool = timer.cool_s + passed_s if timer.cool_s > 0.0 else 1e-9
    if cool < limit.cooldown_s:
        return replace(known, held_s=0.0, cool_s=cool)
    inherited = timer.inherited and severity is Severity.BREACH
    return replace(
        known, severity=int(severity), stage_pct=stage, held_s=0.0, cool_s=0.0, since=at, inherited=inherited
    )


def at_rest(timer: Timer) -> bool:
    """Whether nothing is announced and nothing is being timed."""
    return timer.severity == 0 and timer.held_s == 0.0 and timer.unknown_s == 0.0 and timer.cool_s == 0.0


def verdict(limit: Limit, reading: Reading, timer: Timer) -> Verdict:
    """The verdict a reading and its timer give; an unknown figure keeps a standing breach."""
    severity, stage = SEVERITIES[timer.severity], timer.stage_pct
    if reading.utilization_pct is None and reading.breach is None and severity is not Severity.BREACH:
        severity, stage = Severity.UNKNOWN, None
    asked, acting = limit.asked(stage) if stage is not None else NOTHING
    inherited = timer.inherited and severity is Severity.BREACH
    return Verdict(limit, reading, severity, acting, inherited, stage, asked)
