"""References for loss rules: made at their instant, moved by deposits and withdrawals, never reopened by a clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time
from functools import lru_cache
from typing import NamedTuple

from guard.engine.elapsed import elapsed_s, may_advance
from guard.engine.server_offset import CHANGED, UNCONFIRMED, offset_at, offsets_at
from guard.limits.base import AnchorNeed
from guard.metrics.anchored import Reference
from guard.metrics.flows import REMEMBERED
from guard.model.snapshot import Snapshot
from guard.model.state import Anchor, FirstSeen, State
from guard.model.tradingday import period_bounds

SEEN_WITHIN_S = 10.0


Sums = tuple[float, float] | None


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
    return datetime.fromisoformat(at).timestamp()


@lru_cache(maxsize=256)
def _words(at: str) -> str:
    """ISO text as a trader reads it, in UTC."""
    return datetime.fromisoformat(at).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _sums(snapshot: Snapshot, start_s: float, known: float | None) -> tuple[Sums, str]:
    """Flows and results since a UTC instant, or ``None`` and the reason; ``known``: the server's offset then."""
    deals = snapshot.deals
    if deals is None:
        return None, "the list of deals is missing"
    if not deals:
        return (0.0, 0.0), ""
    offsets = offsets_at(snapshot, start_s, known)
    if not offsets:
        return None, UNCONFIRMED
    found = REMEMBERED.since(deals, start_s + offsets[0])
    if found is None:
        return None, "a deal lacks its time, type or amount"
    if any(REMEMBERED.since(deals, start_s + other) != found for other in offsets[1:]):
        return None, CHANGED
    return found, ""


def _make(need: AnchorNeed, start: datetime, snapshot: Snapshot, state: State) -> Anchor:
    """The anchor of a period that begins: observed across its start, or its balance rebuilt from deals."""
    a, last = snapshot.account, state.last
    offset = offset_at(snapshot, start.timestamp())
    sums, _ = _sums(snapshot, start.timestamp(), offset)
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
    need: AnchorNeed, old: Anchor | None, snapshot: Snapshot, first: FirstSeen | None, sums: Sums
) -> Anchor | None:
    """First sight and peaks; deposits and withdrawals move the peaks as the rule says."""
    a = snapshot.account
    if first is None or a.balance is None or a.equity is None or a.credit is None:
        return old
    equity = a.equity - a.credit
    if old is None:
        offset = offset_at(snapshot, _utc_s(first.at))
        return Anchor("life", first.at, first.balance, first.equity, "first_seen", equity, a.balance, 0.0, offset)
    peak_equity, peak_balance, moved = old.peak_equity, old.peak_balance, old.flows
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
    if (peak_equity, peak_balance, moved) == (old.peak_equity, old.peak_balance, old.flows):
        return old
    return Anchor("life", old.at, old.balance, old.equity, old.source, peak_equity, peak_balance, moved, old.offset_s)


def _scaled(peak: float | None, after: float, step: float) -> float | None:
    before = after - step
    if peak is None or before <= 0.0 or after <= 0.0:
        return peak
    return peak * after / before


def _reference(anchor: Anchor, sums: Sums, why: str) -> Reference:
    return Reference(
        _words(anchor.at), anchor.balance, anchor.equity, anchor.peak_equity, anchor.peak_balance,
        None if sums is None else sums[0], anchor.source, why,
    )  # fmt: skip


def _unexplained(anchor: Anchor, balance: float | None, sums: Sums) -> float | None:
    """How far the balance is from the anchor plus all deals since; ``None`` when that cannot be told."""
    if sums is None or anchor.balance is None or balance is None:
        return None
    return balance - anchor.balance - sums[0] - sums[1]


def _placed(anchor: Anchor, snapshot: Snapshot) -> Anchor:
    """The anchor with the server's offset at its instant, as soon as that is known."""
    found = offset_at(snapshot, _utc_s(anchor.at)) if anchor.offset_s is None else None
    return anchor if found is None else replace(anchor, offset_s=found)


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
    for key, need in needs.items():
        if need.period == "life":
            continue
        old = anchors.get(key)
        start, _ = period_bounds(snapshot.taken_s, need.period, need.tz, _clock(need.at))
        begun = old is None or start.timestamp() > _utc_s(old.at)
        if begun and old is not None and not may_advance(state.last, snapshot, start.timestamp()):
            begun = False
            held.append(key)
        # An anchor that could not be rebuilt yet is tried again: the deals may come later.
        if old is None or begun or (old.balance is None and old.source == "deals"):
            old = _make(need, start, snapshot, state)
            if old.balance is not None or old.equity is not None:
                anchors[key] = old
        else:
            anchors[key] = old = _placed(old, snapshot)
            sums, why = _sums(snapshot, _utc_s(old.at), old.offset_s)
            step = _unexplained(old, snapshot.account.balance, sums)
            if step is not None and abs(step) > tolerance:
                gap = f"the balance moved by {step:+,.2f} that no known deal explains"
            references[key] = _reference(old, sums, why)
            continue
        references[key] = _reference(old, *_sums(snapshot, _utc_s(old.at), old.offset_s))
    for key, need in needs.items():
        if need.period != "life":
            continue
        # A deposit is seen before its deal: until the deals explain the step it must not become a new peak.
        old = anchors.get(key)
        old = None if old is None else _placed(old, snapshot)
        sums, why = _sums(snapshot, _utc_s(old.at), old.offset_s) if old is not None else (None, "")
        moved = old if gap else _life(need, old, snapshot, first, sums)
        if moved is None:
            continue
        anchors[key] = moved
        if old is None:
            sums, why = _sums(snapshot, _utc_s(moved.at), moved.offset_s)
        found = _reference(moved, sums, why)
        if state.first_seen is None:
            why = "the account was not seen before, so no peak is known"
            found = found._replace(peak_equity=None, peak_balance=None, flows=0.0, why=why)
        references[key] = found
    return Anchored(anchors, references, gap, tuple(held))
