"""What catches traders in firms' loss rules, with the shipped presets, around the reset instant."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from guard.engine.step import step
from guard.model.snapshot_json import read_snapshot
from guard.model.state import State
from guard.model.verdict import Severity, Verdict
from tests import books
from tests.worked import extended

MIDNIGHT = datetime(2026, 11, 19, 23, 0, tzinfo=UTC)  # 00:00 in Prague
SECOND = timedelta(seconds=1)
Moment = tuple[datetime, float, float]


def told(
    name: str, *moments: Moment, deals: list[books.Dict] | None = None, limit: str = "firm_day_loss"
) -> list[Verdict]:
    """What the preset's limit says at each moment (instant, balance, equity); a deal counts once it has happened."""
    whole = extended(name)
    policy = replace(whole, limits=tuple(one for one in whole.limits if one.name == limit))
    state = State()
    found: list[Verdict] = []
    for at, balance, equity in moments:
        known = [deal for deal in deals or [] if deal["time_msc"] <= books.msc(at)]
        held = [books.position(lots=1.0, profit=equity - balance)]
        account = books.account(balance, equity=equity, margin=1_000.0)
        document = books.snapshot(held, at=at, account=account, deals=known)
        result = step(read_snapshot(document), state, policy)
        state = result.state
        found += result.verdicts
    return found


def test_profit_made_today_enlarges_todays_room() -> None:
    won = books.deal(1, MIDNIGHT + 3600 * SECOND, kind=1, entry=1, profit=3_000.0)
    last = told(
        "prop/ftmo-2step-100k",
        (MIDNIGHT - SECOND, 100_000.0, 100_000.0),
        (MIDNIGHT + SECOND, 100_000.0, 100_000.0),
        (MIDNIGHT + 7200 * SECOND, 103_000.0, 95_000.01),
        deals=[won],
    )[-1]
    assert last.severity is not Severity.BREACH
    assert last.value == pytest.approx(4_999.99)


def test_a_floating_loss_that_was_fine_before_midnight_breaks_the_rule_at_midnight() -> None:
    won = books.deal(1, MIDNIGHT - 7200 * SECOND, kind=1, entry=1, profit=6_000.0)
    before, after = told(
        "prop/ftmo-2step-100k",
        (MIDNIGHT - 86_400 * SECOND, 100_000.0, 100_000.0),
        (MIDNIGHT - 86_398 * SECOND, 100_000.0, 100_000.0),
        (MIDNIGHT - SECOND, 106_000.0, 99_500.0),
        (MIDNIGHT + SECOND, 106_000.0, 99_500.0),
        deals=[won],
    )[-2:]
    assert before.severity is Severity.OK
    assert (after.severity, after.value) == (Severity.BREACH, 6_500.0)


def test_floating_profit_at_the_reset_raises_the_floor_where_the_higher_value_counts() -> None:
    new_york = datetime(2026, 11, 19, 22, 0, tzinfo=UTC)  # 17:00 in New York
    story = [(new_york - SECOND, 100_000.0, 104_000.0), (new_york + SECOND, 100_000.0, 104_000.0),
             (new_york + 3600 * SECOND, 100_000.0, 98_800.0)]  # fmt: skip
    assert told("prop/the5ers-high-stakes-100k", *story)[-1].severity is Severity.BREACH
    prague = [(at + timedelta(hours=1), balance, equity) for at, balance, equity in story]
    assert told("prop/ftmo-2step-100k", *prague)[-1].severity is not Severity.BREACH


@pytest.mark.parametrize("flow", [10_000.0, -10_000.0])
def test_a_deposit_or_withdrawal_after_the_reset_is_no_profit_and_no_loss(flow: float) -> None:
    moved = books.deal(1, MIDNIGHT + 60 * SECOND, profit=flow)
    last = told(
        "prop/ftmo-2step-100k",
        (MIDNIGHT - SECOND, 100_000.0, 100_000.0),
        (MIDNIGHT + SECOND, 100_000.0, 100_000.0),
        (MIDNIGHT + 120 * SECOND, 100_000.0 + flow, 96_000.0 + flow),
        deals=[moved],
    )[-1]
    assert (last.value, last.threshold) == (4_000.0, 5_000.0)


@pytest.mark.parametrize(
    "name, day, reset",
    [
        # Between the two changes of clocks the firm's midnight is two hours, not one, from the server's.
        ("prop/ftmo-2step-100k", "2026-03-10", "2026-03-09T23:00"),
        ("prop/ftmo-2step-100k", "2026-03-30", "2026-03-29T22:00"),
        ("prop/ftmo-2step-100k", "2026-10-26", "2026-10-25T23:00"),
        ("prop/the5ers-high-stakes-100k", "2026-03-06", "2026-03-05T22:00"),
        ("prop/the5ers-high-stakes-100k", "2026-03-10", "2026-03-09T21:00"),
        ("prop/the5ers-high-stakes-100k", "2026-11-03", "2026-11-02T22:00"),
        ("prop/fundingpips-1step-100k", "2026-07-10", "2026-07-09T21:00"),
        ("prop/fundingpips-1step-100k", "2026-12-10", "2026-12-09T21:00"),
        ("prop/breakout-4pct-100k", "2026-07-10", "2026-07-10T00:30"),
        ("prop/bem-classic-100k", "2026-07-10", "2026-07-09T22:00"),
        ("prop/cti-2step-100k", "2026-07-10", "2026-07-09T22:00"),
        ("prop/topstep-combine-50k", "2026-07-10", "2026-07-09T22:00"),
        ("prop/topstep-combine-50k", "2026-12-10", "2026-12-09T23:00"),
    ],
)
def test_each_firms_day_begins_at_its_own_instant_all_year(name: str, day: str, reset: str) -> None:
    noon = datetime.fromisoformat(f"{day}T12:00+00:00")
    whole = extended(name)
    policy = replace(whole, limits=tuple(one for one in whole.limits if one.name == "firm_day_loss"))
    state = step(read_snapshot(books.snapshot(at=noon)), State(), policy).state
    (anchor,) = [one for one in state.anchors.values() if one.period == "day"]
    assert datetime.fromisoformat(anchor.at).astimezone(UTC) == datetime.fromisoformat(f"{reset}+00:00")
