"""A guard that was down across a reset: its references equal those of one that was up, or are said to be unknown."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest

from guard.limits.base import Limit
from guard.model.state import State
from guard.model.verdict import Severity
from tests.books import OFFSET_S, Dict, account, deal, limit, position, run, snapshot

LOSS = {"value": 50.0, "unit": "pct", "basis": "anchor"}
PRAGUE = {"tz": "Europe/Prague", "time": "00:00"}
RULES: tuple[Limit, ...] = (
    limit("period_loss", id="balance", limit=LOSS, reset=PRAGUE),
    limit("period_loss", id="equity", limit=LOSS, anchor="equity@reset", reset=PRAGUE),
    limit("period_loss", id="higher", limit=LOSS, anchor="max(balance,equity)@reset", reset=PRAGUE),
    limit("period_loss", id="best", limit=LOSS, anchor="intraday_peak_equity", reset=PRAGUE),
    limit("period_loss", id="week", limit=LOSS, period="week", reset=PRAGUE),
    limit("max_drawdown", id="first", limit=LOSS, anchor="first_seen"),
    limit("max_drawdown", id="peak", limit=LOSS, anchor="peak_equity"),
    limit("max_drawdown", id="closed", limit=LOSS, anchor="peak_closed_balance"),
    limit("max_drawdown", id="eod", limit=LOSS, anchor="peak_eod_balance", reset=PRAGUE),
)
BY_DEALS = {"balance", "week", "first", "closed", "eod"}
BY_BARS = {"equity", "higher", "best", "peak"}
START = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)  # a Friday, 23:30 in Prague
DOWNS = {"one hour": timedelta(hours=1), "a day": timedelta(days=1), "a weekend": timedelta(days=2, hours=1)}
STEP = timedelta(seconds=30)
OPENED = 1.1


def price(at: datetime) -> float:
    """A price that wanders, the same for a minute."""
    minute = math.floor((at - START).total_seconds() / 60.0)
    return round(1.1 + 0.002 * math.sin(minute / 17.0) + 0.001 * math.sin(minute / 5.0), 5)


def deals(at: datetime) -> list[Dict]:
    """Trades of a second each: one won 300 twenty minutes after the start, one lost 200 forty minutes after it."""
    made = [(1, 20, 0, 0.0), (2, 20, 1, 300.0), (3, 40, 0, 0.0), (4, 40, 1, -200.0)]
    return [deal(number, START + timedelta(minutes=after), kind=entry, entry=entry, position_id=100 + after,
                 symbol="EURUSD", volume=0.1, price=price(START + timedelta(minutes=after)), profit=profit)
            for number, after, entry, profit in made if START + timedelta(minutes=after) <= at]  # fmt: skip


def look(at: datetime, *, bars: bool = False) -> Dict:
    """The account at an instant: 1 lot bought at 1.1, held all the time."""
    known = deals(at)
    now = price(at)
    balance = 10_000.0 + sum(row["profit"] for row in known)
    profit = round((now - OPENED) * 100_000.0, 2)
    held = position(lots=1.0, price_current=now, profit=profit, sl=1.05, time=1, time_msc=1_000)
    more = {"bars": all_bars(at)} if bars else {}
    made = account(balance, equity=balance + profit, margin=1_100.0)
    return snapshot([held], at=at, account=made, deals=known, **more)


def all_bars(until: datetime) -> Dict:
    """M1 bars from before the start: the price stands still within a minute."""
    rows = []
    at = START - timedelta(minutes=30)
    while at <= until:
        value = price(at)
        rows.append({"time": at.timestamp() + OFFSET_S, "open": value, "high": value, "low": value, "close": value,
                     "spread": 0.0})  # fmt: skip
        at += timedelta(minutes=1)
    return {"EURUSD": rows}


def followed(first: State, begin: datetime, end: datetime) -> State:
    state, at = first, begin
    while at < end:
        state = run(look(at), *RULES, state=state).state
        near = abs((at - at.replace(hour=23, minute=0, second=0)).total_seconds()) < 60.0
        at += STEP / 6 if near else STEP  # midnight in Prague is seen across it
    return state


@pytest.fixture(scope="module")
def seen() -> State:
    return followed(State(), START - timedelta(minutes=5), START)


@pytest.mark.parametrize("down", DOWNS)
def test_references_equal_those_of_a_guard_that_was_up_or_are_named_unknown(seen: State, down: str) -> None:
    end = START + DOWNS[down]
    up = run(look(end), *RULES, state=followed(seen, START, end))
    for bars in (False, True):
        back = run(look(end, bars=bars), *RULES, state=seen)
        for one, other in zip(up.verdicts, back.verdicts, strict=True):
            if other.severity is Severity.UNKNOWN:
                assert not bars
                assert other.limit in BY_BARS, other
                assert "not watched" in other.sentence or "not seen" in other.sentence or "not known" in other.sentence
            else:
                assert other.severity is one.severity, other
                assert other.value == pytest.approx(one.value, abs=0.02), other
        unknown = {verdict.limit for verdict in back.verdicts if verdict.severity is Severity.UNKNOWN}
        assert unknown == (set() if bars else BY_BARS)
        assert not unknown & BY_DEALS


def test_what_was_rebuilt_is_marked(seen: State) -> None:
    back = run(look(START + DOWNS["a day"], bars=True), *RULES, state=seen)
    said = {verdict.limit: verdict.sentence for verdict in back.verdicts}
    assert "rebuilt from deals" in said["balance"]
    assert "rebuilt from M1 bars" in said["equity"]
    assert {anchor.source for anchor in back.state.anchors.values()} >= {"bars", "deals"}
