"""Published variants of a trade idea, results within costs, both sides of averaging, deposits and the day's end."""

from datetime import timedelta

import pytest

from guard.model.state import State
from guard.model.verdict import Severity
from tests.books import NOON, Dict, account, deal, limit, position, run, snapshot
from tests.unit.limits.test_kinds_by_story import book, closed, opened, since

OK, WARN, BREACH = Severity.OK, Severity.WARN, Severity.BREACH
LIMIT = {"value": 500.0, "unit": "money"}


def reopened(after_s: float, first: float, side: str = "buy") -> Dict:
    """A trade with a result, closed so many seconds before another one that has lost 200 by now."""
    begun = NOON - timedelta(seconds=600)
    ended = begun - timedelta(seconds=after_s)
    deals = [opened(7, ended - timedelta(hours=1)), closed(7, ended, first), opened(1, begun, side=side)]
    return book(since(600, 1, side=side, profit=-200.0), equity=9_800.0, deals=deals)


@pytest.mark.parametrize(
    "fields,document,lost",
    [({"joins": "overlap"}, reopened(100, -300.0), 300.0),
     ({"joins": "gap", "gap_s": 3600.0}, reopened(100, -300.0), 500.0),
     ({"joins": "gap", "gap_s": 3600.0}, reopened(3601, -300.0), 300.0),
     ({"joins": "gap", "gap_s": 3600.0}, reopened(100, -300.0, "sell"), 300.0),
     ({"joins": "gap", "gap_s": 3600.0, "side": "any"}, reopened(100, -300.0, "sell"), 500.0),
     ({"joins": "after_loss", "gap_s": 300.0}, reopened(100, -300.0), 500.0),
     ({"joins": "after_loss", "gap_s": 300.0}, reopened(100, 300.0), 200.0),
     ({"joins": "gap", "gap_s": 300.0}, reopened(100, 100.0), 100.0),
     ({"joins": "day"}, reopened(7200, -300.0), 500.0)],
)  # fmt: skip
def test_which_trades_make_one_idea(fields: Dict, document: Dict, lost: float) -> None:
    verdict = run(document, limit("trade_idea_risk", limit=LIMIT, **fields)).verdicts[0]
    assert verdict.value == pytest.approx(lost)
    assert (verdict.severity is BREACH) == (lost >= 500.0)


def test_a_result_within_its_costs_neither_adds_to_a_streak_nor_ends_it() -> None:
    rows: list[Dict] = []
    for number, profit in enumerate((-50.0, 2.0, -50.0), start=1):
        at = NOON - timedelta(minutes=10 - number)
        rows.append(opened(number, at - timedelta(minutes=1), commission=-2.0))
        rows.append(closed(number, at, profit, commission=-2.0))
    assert run(book(deals=rows), limit("loss_streak", max=5)).verdicts[0].value == 2.0
    won = [opened(9, NOON - timedelta(minutes=3)), closed(9, NOON - timedelta(minutes=2), 50.0)]
    assert run(book(deals=[*rows, *won]), limit("loss_streak", max=5)).verdicts[0].value == 0.0


@pytest.mark.parametrize("prices,count", [((1.10, 1.11), 1.0), ((1.11, 1.10), 0.0)])
def test_a_sell_is_averaged_down_by_selling_higher(prices: tuple[float, float], count: float) -> None:
    rows = [since(60 - n, n + 1, side="sell", price_open=price) for n, price in enumerate(prices)]
    assert run(book(*rows), limit("averaging_down", max=5)).verdicts[0].value == count


def test_a_deposit_after_the_day_that_ended_does_not_change_what_it_lost() -> None:
    rule = limit("period_loss", limit=LIMIT, evaluation="eod")
    state, verdicts = State(), []
    midnight = NOON.replace(hour=0) + timedelta(days=1)
    paid = deal(1, midnight + timedelta(hours=1), profit=5_000.0)
    for at, equity, balance, deals in ((midnight - timedelta(seconds=5), 9_600.0, 10_000.0, []),
                                       (midnight + timedelta(seconds=1), 9_550.0, 10_000.0, []),
                                       (midnight + timedelta(hours=2), 14_000.0, 15_000.0, [paid])):  # fmt: skip
        made = account(balance, equity=equity, margin=110.0)
        result = run(snapshot([position()], at=at, account=made, deals=deals), rule, state=state)
        state = result.state
        verdicts.append(result.verdicts[0])
    assert verdicts[-1].severity is WARN
    assert verdicts[-1].value == pytest.approx(400.0)
