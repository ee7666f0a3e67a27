"""Deals before a change of the server's clock keep the offset they were made under, or are unknown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from guard.engine.anchors import advance
from guard.engine.server_offset import CHANGED, UNCONFIRMED, offset_at, offsets_at
from guard.limits.base import AnchorNeed
from guard.model.snapshot import Snapshot
from guard.model.snapshot_json import read_snapshot
from guard.model.state import Anchor, FirstSeen, State
from guard.model.state_json import state_from_json, state_to_json
from tests.builders import document

MONTH = AnchorNeed("m", "month", "UTC", "00:00", "shift")
HOUR = 3600.0
WINTER, SUMMER = 2 * HOUR, 3 * HOUR
# Oct 1 is under summer time everywhere; on Nov 2 Berlin (Oct 25) and New York (Nov 1) are back on winter time.
START = datetime(2026, 10, 1, tzinfo=UTC)
NOW = datetime(2026, 10, 29, 12, tzinfo=UTC)


def deal(ticket: int, at_utc: datetime, server_offset_s: float, profit: float) -> dict[str, Any]:
    at = at_utc.timestamp() + server_offset_s
    return {"ticket": ticket, "time": int(at), "time_msc": int(at * 1000), "type": 0, "entry": 1, "position_id": ticket,
            "symbol": "EURUSD", "volume": 0.1, "price": 1.1, "profit": profit, "commission": 0.0, "swap": 0.0,
            "fee": 0.0, "reason": 0, "magic": 0, "comment": ""}  # fmt: skip


def seen(deals: list[dict[str, Any]], offset_s: float, now: datetime = NOW, *, confirmed: bool = True) -> Snapshot:
    made = document(deals=deals, server_utc_offset_s=offset_s, offset_confirmed=confirmed)
    made["taken_at"] = now.isoformat()
    made["server_time_msc"] = int((now.timestamp() + offset_s) * 1000)
    return read_snapshot(made)


def reference(snapshot: Snapshot, state: State | None = None) -> Any:
    return advance(snapshot, state or State(), {"m": MONTH}, None).references["m"]


def test_within_one_season_the_present_offset_held_then_too() -> None:
    snapshot = seen([], WINTER, datetime(2026, 12, 20, tzinfo=UTC))
    assert offsets_at(snapshot, datetime(2026, 11, 10, tzinfo=UTC).timestamp(), None) == (WINTER,)
    assert offset_at(snapshot, datetime(2026, 1, 10, tzinfo=UTC).timestamp()) == WINTER


def test_over_a_change_both_offsets_are_possible_until_one_is_known() -> None:
    snapshot = seen([], WINTER)
    assert offsets_at(snapshot, START.timestamp(), None) == (HOUR, WINTER, SUMMER)
    assert offsets_at(snapshot, START.timestamp(), SUMMER) == (SUMMER,)
    assert offset_at(snapshot, START.timestamp()) is None


def test_a_deal_far_from_the_start_is_placed_although_the_clock_was_changed() -> None:
    found = reference(seen([deal(1, START + timedelta(days=3), SUMMER, -120.0)], WINTER))
    assert (found.balance, found.why) == (10120.0, "")


@pytest.mark.parametrize(
    "side, then", [(-timedelta(minutes=30), SUMMER), (timedelta(minutes=30), WINTER)], ids=["changed", "never changed"]
)
def test_a_deal_within_the_hour_of_the_start_is_unknown_when_the_clock_may_have_been_changed(
    side: timedelta, then: float
) -> None:
    found = reference(seen([deal(1, START + side, then, -120.0)], WINTER))
    assert (found.balance, found.why) == (None, CHANGED)


@pytest.mark.parametrize(
    "side, balance", [(-timedelta(minutes=30), 10000.0), (timedelta(minutes=30), 10000.0)], ids=["before", "after"]
)
def test_an_anchor_that_saw_its_own_offset_places_every_deal_after_the_change(side: timedelta, balance: float) -> None:
    anchor = Anchor("month", START.isoformat(), balance, None, "seen", offset_s=SUMMER)
    profit = -120.0
    snapshot = seen([deal(1, START + side, SUMMER, profit)], WINTER)
    after = advance(snapshot, State(anchors={"m": anchor}), {"m": MONTH}, None)
    assert after.references["m"].why == ""
    assert after.anchors["m"].offset_s == SUMMER
    # Only a deal after the start can explain a step of the balance: 120 are missing exactly when it counts.
    assert ("120.00" in after.flow_gap) is (side > timedelta(0))


def test_a_known_offset_serves_while_the_present_one_is_not_confirmed_as_on_a_weekend() -> None:
    anchor = Anchor("month", START.isoformat(), 10120.0, None, "seen", offset_s=SUMMER)
    snapshot = seen([deal(1, START + timedelta(days=2), SUMMER, -120.0)], -30 * HOUR / 2, confirmed=False)
    after = advance(snapshot, State(anchors={"m": anchor}), {"m": MONTH}, None)
    assert (after.references["m"].why, after.flow_gap) == ("", "")
    assert reference(snapshot).why == UNCONFIRMED


def test_the_offset_is_kept_with_the_anchor_over_a_restart() -> None:
    now = START + timedelta(days=2)
    snapshot = seen([], SUMMER, now)
    made = advance(snapshot, State(), {"m": MONTH}, None)
    assert made.anchors["m"].offset_s == SUMMER
    state = State(anchors=made.anchors)
    assert state_from_json(state_to_json(state)).anchors["m"].offset_s == SUMMER


def test_the_first_sight_keeps_its_offset_too() -> None:
    life = AnchorNeed("life", "life", "UTC", "00:00", "shift")
    first = FirstSeen(NOW.isoformat(), 10000.0, 10000.0)
    made = advance(seen([], WINTER), State(first_seen=first), {"life": life}, first)
    assert made.anchors["life"].offset_s == WINTER


def test_an_older_memory_learns_its_offset_as_soon_as_it_is_known() -> None:
    anchor = Anchor("month", START.isoformat(), 10000.0, None, "seen")
    within = advance(seen([], SUMMER, START + timedelta(days=2)), State(anchors={"m": anchor}), {"m": MONTH}, None)
    assert within.anchors["m"].offset_s == SUMMER
    later = advance(seen([], WINTER), State(anchors={"m": anchor}), {"m": MONTH}, None)
    assert later.anchors["m"].offset_s is None
