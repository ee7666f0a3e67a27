"""References for loss rules: made at their instant, moved by deposits and withdrawals, never reopened by a clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time
from functools import lru_cache
from typing import NamedTuple

from guard.engine import peaks
from guard.engine.elapsed import elapsed_s, may_advance
from guard.engine.server_offset import offset_at
from guard.limits.base import AnchorNeed
from guard.metrics.anchored import Reference
from guard.model.snapshot import Snapshot
from guard.model.state import Anchor, FirstSeen, State
from guard.model.tradingday import period_bounds

SEEN_WITHIN_S = 10.0
BEFORE = "|before"
LIFELONG = ("life", "eod")


class Anchored(NamedTuple):
    """The engine's new anchors, what limits may read of them, and the sentence about an unexplained balance step."""

    anchors: dict[str, Anchor]
    references: dict[str, Reference]
    flow_gap: str
    held: tuple[str, ...]


@lru_cache(maxsize=256)
def _clock(at: str) -> time:
    """HH:MM as a local time."""
    hour, minute = at.split(":")
    return time(int(hour), int(minute))


@lru_cache(maxsize=256)
def _utc_s(at: str) -> float:
    """ISO text as UTC seconds since 1970."""
    return peaks.utc_s(at)


@lru_cache(maxsize=256)
def _words(at: str) -> str:
    """ISO text as a trader reads it, in UTC."""
    return datetime.fromisoformat(at).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _make(need: AnchorNeed, start: datetime, snapshot: Snapshot, state: State) -> Anchor:
    """The anchor of a period that begins: observed across its start, or its balance rebuilt from deals."""
    a, last = snapshot.account, state.last
    offset = offset_at(snapshot, start.timestamp())
    sums, _ = peaks.sums(snapshot, start.timestamp(), offset)
    balance = None if a.balance is None or sums is None else a.balance - sums[0] - sums[1]
    equity = None
    seen = (
        last is not None
        and last.believed
        and last.taken_s < start.timestamp()
        and elapsed_s(last, snapshot) <= SEEN_WITHIN_S
    )
    if seen and last is not None:
        if a.equity is not None and a.credit is not None:
            # The reset sample is taken before or after rollover: the higher reference is the stricter floor.
            equity = max(last.equity - last.credit, a.equity - a.credit)
        if balance is None:
            balance = last.balance
    return Anchor(need.period, start.isoformat(), balance, equity, "seen" if seen else "deals", offset_s=offset)


def _life(
    need: AnchorNeed, old: Anchor | None, snapshot: Snapshot, first: FirstSeen | None, sums: peaks.Sums,
    unseen: str | None,
) -> Anchor | None:  # fmt: skip
    """First sight and peaks; deposits and withdrawals move the peaks as the rule says."""
    a = snapshot.account
    if first is None or a.balance is None or a.equity is None or a.credit is None:
        return old
    equity = a.equity - a.credit
    if old is None:
        offset = offset_at(snapshot, _utc_s(first.at))
        return Anchor("life", first.at, first.balance, first.equity, "first_seen", equity, a.balance, 0.0, offset)
    began = peaks.after_flow(old, snapshot, sums) if need.flows == "reset" else None
    if began is not None:
        return Anchor("life", began, a.balance, equity, "flow", equity, a.balance, 0.0, old.offset_s)
    peak_equity, peak_balance, moved = old.peak_equity, old.peak_balance, old.flows
    missed = old.unseen
    if unseen is not None:
        missed = unseen if missed is None else missed
        closed = peaks.highest_balance(snapshot, unseen, a.balance)
        peak_balance = closed if closed is None or peak_balance is None else max(peak_balance, closed)
    if sums is not None and abs(sums[0] - old.flows) > 1e-9 and need.flows != "ignore":
        step, moved = sums[0] - old.flows, sums[0]
        if need.flows == "scale":
            peak_equity = _scaled(peak_equity, equity, step)
            peak_balance = _scaled(peak_balance, a.balance, step)
        else:
            peak_equity = None if peak_equity is None else peak_equity + step
            peak_balance = None if peak_balance is None else peak_balance + step
    peak_equity = equity if peak_equity is None else max(peak_equity, equity)
    peak_balance = a.balance if peak_balance is None else max(peak_balance, a.balance)
    if (peak_equity, peak_balance, moved, missed) == (old.peak_equity, old.peak_balance, old.flows, old.unseen):
        return old
    return replace(old, peak_equity=peak_equity, peak_balance=peak_balance, flows=moved, unseen=missed)


def _scaled(peak: float | None, after: float, step: float) -> float | None:
    before = after - step
    if peak is None or before <= 0.0 or after <= 0.0:
        return peak
    return peak * after / before


def _reference(anchor: Anchor, sums: peaks.Sums, why: str) -> Reference:
    unseen = (
        ""
        if anchor.unseen is None
        else (
            f"equity was not watched from {_words(anchor.unseen)} on for a while and may have been higher; M1 bars or "
            "`guard anchor set` can tell"
        )
    )
    return Reference(
        _words(anchor.at), anchor.balance, anchor.equity, anchor.peak_equity, anchor.peak_balance,
        None if sums is None else sums[0], anchor.source, why, unseen,
        None if anchor.offset_s is None else _utc_s(anchor.at) + anchor.offset_s,
    )  # fmt: skip


def _unexplained(anchor: Anchor, balance: float | None, sums: peaks.Sums) -> float | None:
    """How far the balance is from the anchor plus all deals since; ``None`` when that cannot be told."""
    if sums is None or anchor.balance is None or balance is None:
        return None
    return balance - anchor.balance - sums[0] - sums[1]


def _placed(anchor: Anchor, snapshot: Snapshot) -> Anchor:
    """The anchor with the server's offset at its instant, as soon as that is known."""
    found = offset_at(snapshot, _utc_s(anchor.at)) if anchor.offset_s is None else None
    return anchor if found is None else replace(anchor, offset_s=found)


def _period(need: AnchorNeed, start: datetime, snapshot: Snapshot, state: State) -> Anchor:
    """The anchor of a period that begins, with its peak and what M1 bars tell of it."""
    made = _make(need, start, snapshot, state)
    if need.peaks:
        a = snapshot.account
        now = None if a.equity is None or a.credit is None else a.equity - a.credit
        known = [worth for worth in (made.equity, now) if worth is not None]
        unseen = made.at if made.equity is None else None
        made = replace(made, peak_equity=max(known) if known else None, unseen=unseen)
    return peaks.from_bars(made, need, snapshot) if snapshot.bars else made


def _go_on(
    need: AnchorNeed, old: Anchor, snapshot: Snapshot, state: State, unseen: str | None
) -> tuple[Anchor, peaks.Sums, str]:
    """The anchor of the period that goes on, and what deals did since."""
    anchor = _placed(old, snapshot)
    sums, why = peaks.sums(snapshot, _utc_s(anchor.at), anchor.offset_s)
    if need.flows == "reset" and (began := peaks.after_flow(anchor, snapshot, sums)) is not None:
        anchor = _period(need, datetime.fromisoformat(began), snapshot, state)
        a = snapshot.account
        if anchor.equity is None and a.equity is not None and a.credit is not None:
            anchor = replace(anchor, equity=a.equity - a.credit, source="flow")
        sums, why = peaks.sums(snapshot, _utc_s(anchor.at), anchor.offset_s)
    if need.peaks:
        anchor = peaks.followed(anchor, need, snapshot, sums, unseen)
    if snapshot.bars and (anchor.equity is None or anchor.unseen is not None):
        anchor = peaks.from_bars(anchor, need, snapshot)
    return anchor, sums, why


def _before(need: AnchorNeed, start: datetime, old: Anchor, snapshot: Snapshot, state: State) -> Anchor:
    """The anchor of the period that ended at ``start``: the one that was kept, else rebuilt from deals."""
    begun, _ = period_bounds(start.timestamp() - 60.0, need.period, need.tz, _clock(need.at))
    if _utc_s(old.at) == begun.timestamp():
        return old
    return _make(need, begun, snapshot, replace(state, last=None))


def advance(snapshot: Snapshot, state: State, needs: Mapping[str, AnchorNeed], first: FirstSeen | None) -> Anchored:
    """Move every anchor to this snapshot and say what limits may read.

    A new period replaces an anchor only when clocks agree that it has begun; a backward jump never reopens one.
    """
    anchors = dict(state.anchors)
    references: dict[str, Reference] = {}
    held: list[str] = []
    gap = ""
    digits = snapshot.account.currency_digits
    tolerance = 10.0 ** -(digits if digits is not None else 2) + 1e-6
    unseen = peaks.unwatched_since(snapshot, state)
    for key, need in needs.items():
        if need.period in LIFELONG:
            continue
        old = anchors.get(key)
        start, _ = period_bounds(snapshot.taken_s, need.period, need.tz, _clock(need.at))
        begun = old is None or start.timestamp() > _utc_s(old.at)
        if begun and old is not None and not may_advance(state.last, snapshot, start.timestamp()):
            begun = False
            held.append(key)
        if begun and need.before and old is not None:
            anchors[key + BEFORE] = _before(need, start, old, snapshot, state)
        # An anchor that could not be rebuilt yet is tried again: the deals may come later.
        if old is None or begun or (old.balance is None and old.source == "deals"):
            old = _period(need, start, snapshot, state)
            if old.balance is not None or old.equity is not None:
                anchors[key] = old
        else:
            old, sums, why = _go_on(need, old, snapshot, state, unseen)
            anchors[key] = old
            step = _unexplained(old, snapshot.account.balance, sums)
            if step is not None and abs(step) > tolerance:
                gap = f"the balance moved by {step:+,.2f} that no known deal explains"
            references[key] = _reference(old, sums, why)
            continue
        references[key] = _reference(old, *peaks.sums(snapshot, _utc_s(old.at), old.offset_s))
    for key, need in needs.items():
        if need.before and (kept := anchors.get(key + BEFORE)) is not None:
            references[key + BEFORE] = _reference(kept, *peaks.sums(snapshot, _utc_s(kept.at), kept.offset_s))
        if need.period not in LIFELONG:
            continue
        kept = anchors.get(key)
        moved, found = _lifelong(need, kept, snapshot, state, first, gap, unseen)
        if moved is not None and found is not None:
            anchors[key], references[key] = moved, found
    return Anchored(anchors, references, gap, tuple(held))


def _lifelong(
    need: AnchorNeed,
    old: Anchor | None,
    snapshot: Snapshot,
    state: State,
    first: FirstSeen | None,
    gap: str,
    unseen: str | None,
) -> tuple[Anchor | None, Reference | None]:
    """An anchor that no reset ends, and what limits may read of it."""
    # A deposit is seen before its deal: until the deals explain the step it must not become a new peak.
    old = None if old is None else _placed(old, snapshot)
    sums, why = peaks.sums(snapshot, _utc_s(old.at), old.offset_s) if old is not None else (None, "")
    late = ""
    if gap:
        moved = old
    elif need.period == "eod":
        moved, late = peaks.end_of_days(need, old, snapshot, _clock(need.at))
    else:
        moved = _life(need, old, snapshot, first, sums, unseen)
        if moved is not None and snapshot.bars and moved.unseen is not None:
            moved = peaks.from_bars(moved, need, snapshot)
    if moved is None:
        return None, None
    if old is None or moved.at != old.at:
        sums, why = peaks.sums(snapshot, _utc_s(moved.at), moved.offset_s)
    found = _reference(moved, sums, late if late else why)
    if late:
        found = found._replace(peak_balance=None)
    if state.first_seen is None:
        why = "the account was not seen before, so no peak is known"
        found = found._replace(peak_equity=None, peak_balance=None, flows=0.0, why=why)
    return moved, found
