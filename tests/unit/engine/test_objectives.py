"""What is left of each rule, and until when; around a reset, in another zone, with a lost clock."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from guard.engine.objectives import objectives, span
from guard.engine.step import step
from guard.limits.base import Limit
from guard.model.snapshot_json import read_snapshot
from guard.model.state import State
from tests.books import Dict, account, deal, limit, policy, position, snapshot

FTMO = limit("period_loss", id="day", limit={"value": 5.0, "unit": "pct", "basis": "initial"},
             reset={"tz": "Europe/Prague", "time": "00:00"}, effect="terminate")  # fmt: skip
MAX = limit("max_drawdown", id="max", limit={"value": 10.0, "unit": "pct", "basis": "initial"})
TARGET = limit("period_profit", id="target", period="life", limit={"value": 10.0, "unit": "pct", "basis": "initial"})
DAYS = limit("trading_days", id="days", min=4, since="2026-11-16", reset={"tz": "Europe/Prague", "time": "00:00"})
BEST = limit("consistency", id="best", max=50.0, since="2026-11-16", reset={"tz": "Europe/Prague", "time": "00:00"})
EVENING = datetime(2026, 11, 20, 18, 48, tzinfo=UTC)  # 19:48 in Prague
ALL = (FTMO, MAX, TARGET, DAYS, BEST)


def rows(*documents: Dict, limits: tuple[Limit, ...] = ALL) -> dict[str, dict[str, Any]]:
    rules = policy(*limits, initial=100_000.0)
    state, found = State(), None
    for document in documents:
        seen = read_snapshot(document)
        result = step(seen, state, rules)
        state, found = result.state, objectives(result, seen, rules)
    assert found is not None
    return {row["limit"]: row for row in found}


def book(at: datetime, balance: float, equity: float, deals: list[Dict] | None = None) -> Dict:
    made = account(balance, equity=equity, margin=1_000.0)
    return snapshot([position(profit=equity - balance)], at=at, account=made, deals=deals if deals is not None else [])


def trades() -> list[Dict]:
    out = []
    for number, profit in enumerate((1_500.0, 500.0), start=1):
        at = datetime(2026, 11, 16 + number, 10, 0, tzinfo=UTC)
        out += [deal(number * 10, at, kind=0, position_id=number, symbol="EURUSD", volume=0.1),
                deal(number * 10 + 1, at + timedelta(hours=1), kind=1, entry=1, position_id=number, symbol="EURUSD",
                     volume=0.1, profit=profit)]  # fmt: skip
    return out


def test_each_rule_says_what_is_left_and_until_when() -> None:
    found = rows(book(EVENING, 102_000.0, 100_500.0, trades()))
    assert found["day"]["sentence"] == "You may still lose 3,500.00 USD until 00:00 Prague (in 4 h 12)"
    assert (found["day"]["may_lose"], found["day"]["in_s"]) == (pytest.approx(3_500.0), 4 * 3600 + 12 * 60)
    assert found["day"]["until"] == "2026-11-20T23:00:00+00:00"
    assert found["max"]["sentence"] == "You may still lose 10,500.00 USD"
    assert (found["max"]["until"], found["max"]["floor"]) == (None, pytest.approx(90_000.0))
    assert found["target"]["sentence"] == "9,500.00 of 10,000.00 are missing to the target"
    assert (found["days"]["days"], found["days"]["minimum_days"], found["days"]["missing"]) == (2.0, 4.0, 2.0)
    best = found["best"]
    assert (best["best_day"], best["total_profit"], best["profit_needed"], best["missing"]) == (
        1_500.0, 2_000.0, 3_000.0, 1_000.0,
    )  # fmt: skip
    assert "1,000.00 more profit is needed" in best["sentence"]


def test_the_room_changes_at_the_reset_with_the_balance_of_that_instant() -> None:
    midnight = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
    second = timedelta(seconds=1)
    before = rows(book(midnight - 2 * second, 102_000.0, 96_000.0, trades()), limits=(FTMO,))
    assert before["day"]["sentence"].startswith("Nothing may be lost any more until 00:00 Prague (in 0 min)")
    profit = deal(91, midnight - timedelta(hours=2), kind=1, entry=1, position_id=9, profit=3_000.0)
    day = [*trades(), profit]
    evening = rows(book(midnight - 2 * second, 105_000.0, 99_900.0, day), limits=(FTMO,))
    both = [book(at, 105_000.0, 99_900.0, day) for at in (midnight - 2 * second, midnight + second)]
    after = rows(*both, limits=(FTMO,))
    # A floating loss that was fine at 23:59 breaks at 00:00, when the day begins from 105,000.
    assert evening["day"]["may_lose"] == pytest.approx(2_900.0)
    assert after["day"]["may_lose"] == pytest.approx(-100.0)
    assert after["day"]["in_s"] == pytest.approx(86_399.0)


def test_what_is_not_known_stays_so() -> None:
    document = book(EVENING, 102_000.0, 100_500.0)
    del document["deals"]
    found = rows(document)
    assert found["day"]["may_lose"] is None
    assert "unknown" in found["day"]["sentence"]
    assert found["best"]["missing"] is None


@pytest.mark.parametrize(
    "seconds,said",
    [(0.0, "0 min"), (3_599.0, "59 min"), (3_600.0, "1 h 00"), (15_120.0, "4 h 12"), (180_000.0, "2 d 2 h")],
)
def test_spans_are_said_as_people_do(seconds: float, said: str) -> None:
    assert span(seconds) == said
