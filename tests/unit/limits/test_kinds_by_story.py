"""Each kind that looks back or at several sections: fine, at the limit, beyond it, and with its data missing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from guard.limits.registry import limit_kinds
from guard.model.state import State
from guard.model.verdict import Severity, Verdict
from tests.books import NOON, Dict, account, deal, later, limit, msc, position, run, snapshot, symbol
from tests.unit.limits.test_every_kind import CASES

OK, WARN, UNKNOWN, BREACH = Severity.OK, Severity.WARN, Severity.UNKNOWN, Severity.BREACH
MONEY = {"value": 500.0, "unit": "money"}
HOUR = timedelta(hours=1)
FRIDAY = datetime(2026, 11, 20, 21, 50, tzinfo=UTC)  # New York closes at 22:00 UTC


def book(*rows: Dict, equity: float = 10_000.0, margin: float = 110.0, balance: float = 10_000.0, **over: Any) -> Dict:
    made = account(balance, equity=equity, margin=margin if rows else 0.0)
    return snapshot(list(rows), account=over.pop("account", made), **over)


def order(ticket: int = 50, lots: float = 0.1, **over: Any) -> Dict:
    return {"ticket": ticket, "symbol": "EURUSD", "type": 2, "volume_current": lots, "price_open": 1.09,
            "price_stoplimit": 0.0, "price_current": 1.1, "sl": 1.08, "tp": 0.0, "magic": 0, "position_id": 0,
            "comment": "", **over}  # fmt: skip


def opened(
    identifier: int, at: datetime, lots: float = 0.1, price: float = 1.1, side: str = "buy", **over: Any
) -> Dict:
    return deal(identifier * 10, at, kind=0 if side == "buy" else 1, entry=0, position_id=identifier, symbol="EURUSD",
                volume=lots, price=price, order=identifier * 10, **over)  # fmt: skip


def closed(identifier: int, at: datetime, profit: float, lots: float = 0.1, side: str = "buy", **over: Any) -> Dict:
    return deal(identifier * 10 + 1, at, kind=1 if side == "buy" else 0, entry=1, position_id=identifier,
                symbol="EURUSD", volume=lots, price=1.1, profit=profit, order=identifier * 10 + 1, **over)  # fmt: skip


def traded(identifier: int, at: datetime, profit: float, lots: float = 0.1, held: timedelta = HOUR) -> list[Dict]:
    """A round trip that ends at ``at``."""
    return [opened(identifier, at - held, lots), closed(identifier, at, profit, lots)]


def since(seconds: float, ticket: int = 1, at: datetime = NOON, **over: Any) -> Dict:
    """A position opened so many seconds ago."""
    when = msc(at - timedelta(seconds=seconds))
    return position(ticket, time=when // 1000, time_msc=when, time_update=when // 1000, time_update_msc=when, **over)


def news(minutes: float, *, covers_h: float = 48.0, age_h: float = 1.0, **over: Any) -> Dict:
    at = NOON + timedelta(minutes=minutes)
    event = {"at": at.isoformat(), "currency": "USD", "impact": "high", "title": "Payrolls", **over}
    return {"source": "calendar.csv", "read_at": (NOON - timedelta(hours=age_h)).isoformat(),
            "covers_until": (NOON + timedelta(hours=covers_h)).isoformat(), "events": [event]}  # fmt: skip


def losses(*results: float) -> list[Dict]:
    """Trades closed a minute apart, the last one a minute ago."""
    count = len(results)
    return [row for n, profit in enumerate(results)
            for row in traded(n + 100, NOON - timedelta(minutes=count - n), profit)]  # fmt: skip


def on_day(identifier: int, days_ago: int, profit: float) -> list[Dict]:
    return traded(identifier, NOON - timedelta(days=days_ago), profit)


def best_day(now: float) -> list[Dict]:
    """A day that was 1,000 ahead for a moment."""
    path = ((-1, 10_000.0), (1, 10_000.0), (20, 11_000.0), (40, now))
    return [book(position(), equity=equity, at=NOON + timedelta(hours=12, seconds=s)) for s, equity in path]


PRICES = {"EURUSD": symbol(), "USDJPY": symbol("USDJPY", 150.0, 0.02, trade_tick_size=0.001, point=0.001,
                                                trade_tick_value=0.6667, trade_tick_value_loss=0.6667)}  # fmt: skip
THRICE = [opened(1, NOON - n * HOUR, price=1.09 + n / 100) for n in (3, 2, 1)]
BARE = (position(), since(200, 5, sl=0.0), since(200, 6, sl=0.0))
SINCE = {"since": "2026-11-16"}
# kind: fields, what the policy holds besides, [(documents one after another, severity of the last verdict), ...].
Story = tuple[Dict, Dict, list[tuple[list[Dict], Severity]]]
STORIES: dict[str, Story] = {
    "order_count": ({"max": 2}, {}, [
        ([book(position())], OK), ([book(position(1), orders=[order()])], WARN),
        ([book(position(1), position(2), orders=[order()])], BREACH),
        ([{**book(position()), "orders": None}], UNKNOWN)]),
    "symbol_volume": ({"max": 1.0}, {}, [
        ([book(position(1, 0.3), position(2, 0.3))], OK), ([book(position(1, 0.5), position(2, 0.5))], WARN),
        ([book(position(1, 0.5), position(2, 0.51))], BREACH), ([book({**position(1), "volume": None})], UNKNOWN)]),
    "order_volume": ({"max": 1.0}, {}, [
        ([book(orders=[order(lots=0.5)])], OK), ([book(orders=[order(lots=1.0)])], WARN),
        ([book(orders=[order(lots=1.01)])], BREACH),
        ([book(position(1, 1.2), deals=[opened(1, NOON - HOUR / 2, 1.2)])], BREACH),
        ([book(position(1, 1.2), deals=[opened(1, NOON - 2 * HOUR, 1.2)])], OK),
        ([book(orders=[{**order(), "volume_current": None}])], UNKNOWN)]),
    # 0.1 lots EURUSD: 10,000 EUR are 11,001 USD at the middle price, 110.01 % of equity.
    "currency_exposure": ({"max": 220.02}, {}, [
        ([book(position(1, 0.1))], OK), ([book(position(1, 0.2))], WARN), ([book(position(1, 0.21))], BREACH),
        ([book(position(1, 0.21), position(2, 0.21, "sell"))], OK), ([book(position(1, symbol="GHOST"))], UNKNOWN)]),
    "worst_case": ({"max": 2.0}, {}, [
        ([book(position(1, 0.1))], OK), ([book(position(1, 0.2), orders=[order(lots=0.1)])], WARN),
        ([book(position(1, 0.2), orders=[order(lots=0.11)])], BREACH),
        ([book(position(1, sl=0.0))], WARN), ([book(since(200, sl=0.0))], BREACH),
        ([{**book(position()), "orders": None}], UNKNOWN)]),
    # 1 % against 0.1 lots (11,000 USD of contract value) costs 110 USD: 1.1 %.
    "stress_loss": ({"max": 2.2, "shocks": ["fall"]}, {"shocks": "one"}, [
        ([book(position(1, 0.1))], OK), ([book(position(1, 0.19))], WARN), ([book(position(1, 0.21))], BREACH),
        ([book(position(1, symbol="GHOST"))], UNKNOWN)]),
    "account_leverage": ({"max": 100, "expected": 100}, {}, [
        ([book()], OK), ([book(account=account(leverage=500))], BREACH), ([book(account=account(leverage=50))], BREACH),
        ([book(account=account(leverage=0))], BREACH), ([book(account=account(leverage=None))], UNKNOWN)]),
    "margin_change": ({"max": 20.0}, {}, [
        ([book(position()), later(book(position(), margin=120.0), 1.0)], OK),
        ([book(position()), later(book(position(), margin=132.0), 1.0)], WARN),
        ([book(position()), later(book(position(), margin=132.1), 1.0)], BREACH),
        ([book(position()), later(book(position(lots=0.2), margin=220.0), 1.0)], OK),
        ([book(position()), later(book(position(), account={**account(), "margin": None}), 1.0)], UNKNOWN)]),
    "symbol_loss": ({"limit": MONEY}, {}, [
        ([book(position(profit=-300.0), equity=9_700.0)], OK), ([book(position(profit=-400.0), equity=9_600.0)], WARN),
        ([book(position(1, profit=-300.0), position(2, profit=-200.0), equity=9_500.0)], BREACH),
        ([book(position(profit=-495.0), equity=9_505.0, deals=[opened(1, NOON - HOUR, commission=-5.0)])], BREACH),
        ([book({**position(), "profit": None})], UNKNOWN)]),
    "spread": ({"max": 30.0}, {}, [
        ([book(position())], OK), ([book(position(), symbols={"EURUSD": symbol(spread=0.0003)})], WARN),
        ([book(position(), symbols={"EURUSD": symbol(spread=0.00031)})], BREACH),
        ([{**book(position()), "ticks": {}}], UNKNOWN)]),
    # The first stop was 50 pips away; opened at 1.1.
    "stop_widened": ({}, {}, [
        ([book(position()), later(book(position(sl=1.096)), 1.0)], OK),
        ([book(position()), later(book(position(sl=1.09499)), 1.0)], OK),  # one point is tolerated
        ([book(position()), later(book(position(sl=1.0949)), 1.0)], BREACH),
        ([book(position()), later(book(position(sl=0.0)), 1.0)], BREACH),
        ([book(position(sl=0.0)), later(book(position(sl=0.0)), 1.0)], OK),
        ([book(position()), later(book({**position(), "sl": None}), 1.0)], UNKNOWN)]),
    "averaging_down": ({"max": 1}, {}, [
        ([book(since(60, 1, price_open=1.11), since(30, 2, price_open=1.12))], OK),
        ([book(since(60, 1, price_open=1.12), since(30, 2, price_open=1.11))], WARN),
        ([book(since(60, 1, price_open=1.12), since(30, 2, price_open=1.11), since(9, 3, price_open=1.10))], BREACH),
        ([book(since(60, 1, price_open=1.11), since(30, 2, price_open=1.12, side="sell"))], OK),
        ([book(since(9, 1, lots=0.3), deals=THRICE)], BREACH),
        ([book({**position(), "price_open": None})], UNKNOWN)]),
    "size_after_loss": ({}, {}, [
        ([book(position(9, 0.1), deals=traded(1, NOON - HOUR, -50.0))], OK),
        ([book(position(9, 0.2), deals=traded(1, NOON - HOUR, 50.0))], OK),
        ([book(position(9, 0.11), deals=traded(1, NOON - HOUR, -50.0))], BREACH),
        ([{**book(position(9, 0.2)), "deals": None}], UNKNOWN)]),
    "size_vs_usual": ({"at_least": 3}, {}, [
        ([book(position(9, 0.2), deals=losses(1.0, 2.0, -3.0))], OK),
        ([book(position(9, 0.3), deals=losses(1.0, 2.0, -3.0))], WARN),
        ([book(position(9, 0.31), deals=losses(1.0, 2.0, -3.0))], BREACH),
        ([book(position(9, 9.0), deals=losses(1.0, 2.0))], OK), ([{**book(position(9)), "deals": None}], UNKNOWN)]),
    "holding_time": ({"max": 3600.0}, {}, [
        ([book(since(1800))], OK), ([book(since(3600))], WARN), ([book(since(3601))], BREACH),
        ([book({**position(), "time": None, "time_msc": None})], UNKNOWN)]),
    "trade_count": ({"max": 2}, {}, [
        ([book(deals=[opened(1, NOON - HOUR)])], OK), ([book(deals=[opened(n, NOON - HOUR) for n in (1, 2)])], WARN),
        ([book(deals=[opened(n, NOON - HOUR) for n in (1, 2, 3)])], BREACH),
        ([book(deals=[opened(n, NOON - 13 * HOUR) for n in (1, 2, 3)])], OK), ([{**book(), "deals": None}], UNKNOWN)]),
    "loss_streak": ({"max": 3}, {}, [
        ([book(deals=losses(-9.0, -9.0))], OK), ([book(deals=losses(-9.0, -9.0, -9.0))], BREACH),
        ([book(deals=losses(-9.0, -9.0, 5.0, -9.0))], OK), ([{**book(), "deals": None}], UNKNOWN)]),
    "symbol_list": ({"names": ["USDJPY"]}, {}, [
        ([book(position())], OK), ([book(position(symbol="USDJPY"), symbols=PRICES)], BREACH),
        ([book({**position(), "symbol": None})], UNKNOWN)]),
    "equity_floor": ({"min": 9_000.0}, {}, [
        ([book(position(), equity=13_000.0)], OK), ([book(position(), equity=9_000.01)], WARN),
        ([book(position(), equity=9_000.0)], BREACH), ([book(account={**account(), "equity": None})], UNKNOWN)]),
    "period_profit": ({"limit": MONEY}, {}, [
        ([book(position(), equity=10_300.0)], OK), ([book(position(), equity=10_499.99)], WARN),
        ([book(position(), equity=10_500.0)], BREACH), ([book(account={**account(), "credit": None})], UNKNOWN)]),
    # The day's best was 1,000 ahead.
    "profit_giveback": ({"max": 40.0}, {}, [
        (best_day(10_900.0), OK),
        (best_day(10_600.01), WARN),
        (best_day(10_600.0), BREACH),
        ([book(position(), equity=10_000.0)], UNKNOWN)]),
    "consistency": ({"max": 50.0, **SINCE}, {}, [
        ([book(deals=[*on_day(1, 2, 400.0), *on_day(2, 1, 400.0), *on_day(3, 0, 400.0)])], OK),
        ([book(deals=[*on_day(1, 2, 400.0), *on_day(2, 1, 400.0)])], WARN),
        ([book(deals=[*on_day(1, 2, 401.0), *on_day(2, 1, 399.0)])], BREACH),
        ([book(deals=on_day(1, 2, -400.0))], OK), ([{**book(), "deals": None}], UNKNOWN)]),
    "trading_days": ({"min": 3, "until": "2026-11-20", **SINCE}, {}, [
        ([book(deals=[*on_day(1, 2, 1.0), *on_day(2, 1, 1.0), *on_day(3, 0, 1.0)])], OK),
        ([book(deals=[*on_day(1, 2, 1.0), *on_day(2, 1, 1.0)])], OK),  # today is left
        ([book(deals=on_day(1, 2, 1.0))], BREACH), ([{**book(), "deals": None}], UNKNOWN)]),
    "request_budget": ({"max": 2}, {}, [
        ([book(deals=[opened(1, NOON - HOUR)])], OK), ([book(deals=[opened(1, NOON - HOUR)], orders=[order()])], WARN),
        ([book(deals=[opened(n, NOON - HOUR) for n in (1, 2)], orders=[order()])], BREACH),
        ([{**book(), "orders": None}], UNKNOWN)]),
    "violation_count": ({"of": "missing_stop", "max": 1}, {"also": "missing_stop"}, [
        ([book(position()), later(book(since(200, 5, sl=0.0)), 1.0), later(book(), 2.0)], WARN),
        ([book(BARE[0]), later(book(*BARE[1:]), 1.0), later(book(), 2.0)], BREACH),
        ([book(position()), *[later(book(since(200, 5, sl=0.0)), n) for n in (1.0, 2.0)], later(book(), 3.0)], WARN),
        ([book(position()), later(book(position()), 1.0)], OK)]),
    # 12:00 UTC on a Friday is 07:00 in New York.
    "trading_hours": ({"windows": [{"begin": "08:00", "end": "17:00"}], "tz": "UTC"}, {}, [
        ([book(position())], OK), ([book(since(5 * 3600))], BREACH), ([book(at=NOON + 6 * HOUR)], WARN),
        ([book(position(), offset_confirmed=False)], UNKNOWN)]),
    "news_window": ({}, {}, [
        ([book(position(), news=news(30))], OK), ([book(position(), news=news(1))], WARN),
        ([book(since(30), news=news(1), deals=[opened(1, NOON - timedelta(seconds=30))])], BREACH),
        ([book(since(300), news=news(1), deals=[opened(1, NOON - timedelta(seconds=300))])], WARN),
        ([book(position(), news=news(1, currency="JPY"))], OK), ([book(position())], UNKNOWN),
        ([book(position(), news=news(1, age_h=300.0))], UNKNOWN),
        ([book(position(), news=news(1, covers_h=2.0))], UNKNOWN),
        ([book(position(), news={"events": [{"at": "soon"}]})], UNKNOWN)]),
    "market_close": ({}, {}, [
        ([book(position())], OK), ([book(position(), at=FRIDAY - HOUR)], WARN),
        ([book(position(), at=FRIDAY)], BREACH), ([book(at=FRIDAY)], OK),
        ([book(position(), at=FRIDAY, account={**account(margin=110.0), "equity": None})], UNKNOWN)]),
    "trade_idea_risk": ({"limit": MONEY}, {}, [
        ([book(position(profit=-300.0), equity=9_700.0)], OK), ([book(position(profit=-400.0), equity=9_600.0)], WARN),
        ([book(since(60, 1, profit=-300.0), since(30, 2, profit=-200.0), equity=9_500.0)], BREACH),
        ([book(since(60, 1, profit=-300.0), since(30, 2, side="sell", profit=-200.0), equity=9_500.0)], OK),
        ([book({**position(), "profit": None})], UNKNOWN)]),
    "conditions": ({"conditions": [{"figure": "positions", "when": "at_least", "value": 2.0, "unit": "count"}]}, {}, [
        ([book(position())], OK), ([book(position(1), position(2))], BREACH),
        ([{**book(position()), "positions": None}], UNKNOWN)]),
}  # fmt: skip


def told(kind: str, fields: Dict, more: Dict, documents: list[Dict], **over: Any) -> Verdict:
    """What the limit says of the last document, after the ones before."""
    rules = [limit(kind, **fields)]
    if "also" in more:
        rules.append(limit(more["also"]))
    if "shocks" in more:
        from guard.engine.policy import Shock  # noqa: PLC0415

        over["shocks"] = (Shock("*", 1.0, "fall"),)
    state, found = State(), None
    for document in documents:
        result = run(document, *rules, state=state, **over)
        state, found = result.state, result.verdicts[0]
    assert found is not None
    return found


def test_every_kind_has_an_account_in_which_it_fires_and_one_in_which_it_must_not() -> None:
    fires = {kind for kind, (_, rows) in CASES.items() if any(severity is BREACH for _, severity in rows)}
    calm = {kind for kind, (_, rows) in CASES.items() if any(severity is OK for _, severity in rows)}
    fires |= {kind for kind, (_, _, rows) in STORIES.items() if any(severity is BREACH for _, severity in rows)}
    calm |= {kind for kind, (_, _, rows) in STORIES.items() if any(severity is OK for _, severity in rows)}
    assert fires == calm == set(limit_kinds())


def test_every_story_has_one_in_which_data_are_missing() -> None:
    needs_nothing = {"violation_count"}  # it reads only what the guard has counted itself
    missing = {kind for kind, (_, _, rows) in STORIES.items() if any(severity is UNKNOWN for _, severity in rows)}
    assert missing == set(STORIES) - needs_nothing


@pytest.mark.parametrize(
    "kind,number",
    [pytest.param(kind, n, id=f"{kind}-{n}-{row[1].name}") for kind, story in STORIES.items()
     for n, row in enumerate(story[2])],
)  # fmt: skip
def test_severity(kind: str, number: int) -> None:
    fields, more, rows = STORIES[kind]
    documents, severity = rows[number]
    verdict = told(kind, fields, more, documents)
    assert verdict.severity is severity, verdict
    assert verdict.sentence
