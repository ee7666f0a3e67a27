"""Each kind below, at and above its limit, and with its data missing."""

from datetime import timedelta
from typing import Any

import pytest

from guard.model.verdict import Severity
from tests.books import NOON, account, deal, limit, msc, position, run, snapshot

OK, WARN, UNKNOWN, BREACH = Severity.OK, Severity.WARN, Severity.UNKNOWN, Severity.BREACH
LOSS = {"value": 500.0, "unit": "money"}


def held(*rows: dict[str, Any], equity: float = 10_000.0, margin: float = 110.0, **over: Any) -> dict[str, Any]:
    return snapshot(list(rows), account=account(10_000.0, equity=equity, margin=margin), **over)


def bare(seconds: float) -> dict[str, Any]:
    """A position without a stop, opened so many seconds ago."""
    at = msc(NOON - timedelta(seconds=seconds))
    return position(sl=0.0, time_msc=at, time_update_msc=at)


# kind, fields of the limit, [(document, severity), ...]: below every stage, in the warn stage, at the limit, above it.
CASES: dict[str, tuple[dict[str, Any], list[tuple[dict[str, Any], Severity]]]] = {
    # 0.1 lots at 1.1 (mid 1.1001) are 11,001 USD; equity 10,000: 1.1001 times.
    "effective_leverage": ({"max": 2.2002}, [
        (held(position(lots=0.1)), OK), (held(position(lots=0.15)), WARN), (held(position(lots=0.2)), WARN),
        (held(position(lots=0.21)), BREACH)]),
    "margin_level": ({"min": 150.0}, [
        (held(position(), margin=1000.0), OK), (held(position(), margin=5000.0), WARN),
        (held(position(), margin=10_000.0 / 1.5), BREACH), (held(position(), margin=8000.0), BREACH)]),
    "margin_usage": ({"max": 50.0}, [
        (held(position(), margin=1000.0), OK), (held(position(), margin=4000.0), WARN),
        (held(position(), margin=5000.0), WARN), (held(position(), margin=5001.0), BREACH)]),
    # Stop-out at half the margin: distance = (10,000 - margin / 2) / 10,000.
    "stop_out_distance": ({"min": 30.0}, [
        (held(position(), margin=1000.0), OK), (held(position(), margin=12_000.0), WARN),
        (held(position(), margin=14_000.0), BREACH), (held(position(), margin=15_000.0), BREACH)]),
    # 50 pips on 0.1 lots are 50 USD: 0.5 % of 10,000.
    "risk_per_trade": ({"max": 2.0}, [
        (held(position(lots=0.1)), OK), (held(position(lots=0.3)), WARN), (held(position(lots=0.4)), WARN),
        (held(position(lots=0.5)), BREACH)]),
    "open_risk": ({"max": 2.0}, [
        (held(position(lots=0.1)), OK), (held(position(1, 0.1), position(2, 0.2)), WARN),
        (held(position(1, 0.2), position(2, 0.2)), WARN), (held(position(1, 0.2), position(2, 0.21)), BREACH)]),
    "missing_stop": ({"max": 60.0, "stages": [{"at_pct": 50.0}, {"at_pct": 100.0}]}, [
        (held(position()), OK), (held(bare(20)), OK), (held(bare(40)), WARN), (held(bare(60)), BREACH),
        (held(bare(90)), BREACH)]),
    "period_loss": ({"limit": LOSS}, [
        (held(position(), equity=9_900.0), OK), (held(position(), equity=9_600.0), WARN),
        (held(position(), equity=9_500.0), BREACH), (held(position(), equity=9_400.0), BREACH)]),
    "max_drawdown": ({"limit": LOSS, "anchor": "first_seen"}, [
        (held(position(), equity=9_900.0), OK), (held(position(), equity=9_600.0), WARN),
        (held(position(), equity=9_500.0), BREACH), (held(position(), equity=9_400.0), BREACH)]),
    "position_volume": ({"max": 1.0}, [
        (held(position(lots=0.5)), OK), (held(position(lots=0.9)), WARN), (held(position(lots=1.0)), WARN),
        (held(position(lots=1.01)), BREACH)]),
    "position_count": ({"max": 2}, [
        (held(position(1)), OK), (held(position(1), position(2)), WARN),
        (held(position(1), position(2), position(3)), BREACH)]),
    "symbol_exposure": ({"max": 220.02}, [
        (held(position(lots=0.1)), OK), (held(position(lots=0.16)), WARN), (held(position(lots=0.2)), WARN),
        (held(position(lots=0.21)), BREACH)]),
}  # fmt: skip


@pytest.mark.parametrize(
    "kind,document,severity",
    [
        pytest.param(kind, document, severity, id=f"{kind}-{number}-{severity.name}")
        for kind, (_, rows) in CASES.items()
        for number, (document, severity) in enumerate(rows)
    ],
)
def test_severity(kind: str, document: dict[str, Any], severity: Severity) -> None:
    verdict = run(document, limit(kind, **CASES[kind][0])).verdicts[0]
    assert verdict.severity is severity, verdict


@pytest.mark.parametrize("kind", sorted(CASES))
def test_without_positions_nothing_that_needs_them_is_ok(kind: str) -> None:
    document = CASES[kind][1][0][0].copy()
    del document["positions"]
    verdict = run(document, limit(kind, **CASES[kind][0])).verdicts[0]
    needs_none = {"margin_level", "margin_usage", "period_loss", "max_drawdown"}
    assert verdict.severity is (OK if kind in needs_none else UNKNOWN), verdict


MONEY = {"balance", "equity", "margin"}
NEEDED = {
    "effective_leverage": {"equity"}, "margin_level": {"equity", "margin"}, "margin_usage": {"equity", "margin"},
    "stop_out_distance": {"equity", "margin"}, "open_risk": {"equity"}, "symbol_exposure": {"equity"},
    "period_loss": {"equity", "balance"}, "max_drawdown": {"equity", "balance"},
}  # fmt: skip


@pytest.mark.parametrize("kind,field", [(kind, field) for kind, fields in NEEDED.items() for field in sorted(fields)])
@pytest.mark.parametrize("bad", [None, "ten", float("nan"), float("inf")], ids=["null", "text", "nan", "inf"])
def test_a_bad_account_field_makes_the_limit_unknown(kind: str, field: str, bad: object) -> None:
    document = CASES[kind][1][-1][0].copy()
    document["account"] = {**document["account"], field: bad}
    verdict = run(document, limit(kind, **CASES[kind][0])).verdicts[0]
    assert verdict.severity is UNKNOWN, verdict
    assert verdict.value is None


def test_risk_tolerates_one_volume_step_but_at_most_a_tenth_of_the_limit() -> None:
    rule = limit("risk_per_trade", max=2.0)
    just_above = run(held(position(lots=0.41)), rule).verdicts[0]
    assert (just_above.severity, just_above.utilization_pct) == (WARN, 100.0)
    small = position(lots=0.01, sl=1.05)
    document = snapshot([small], account=account(1000.0, equity=1000.0, margin=11.0))
    assert run(document, rule).verdicts[0].severity is BREACH


def test_a_bare_position_warns_at_first_and_breaks_only_after_its_time() -> None:
    rules = [limit("risk_per_trade", max=2.0), limit("open_risk", max=5.0)]
    young = run(held(position(sl=0.0)), *rules)
    assert [verdict.severity for verdict in young.verdicts] == [WARN, WARN]
    old = run(held(position(sl=0.0, time_msc=1, time=1, time_update_msc=1, time_update=1)), *rules)
    assert [verdict.severity for verdict in old.verdicts] == [BREACH, BREACH]


def test_a_full_hedge_is_margin_blind_and_warns() -> None:
    document = held(position(1, 0.1), position(2, 0.1, side="sell"), margin=0.0)
    result = run(document, limit("margin_level", min=150.0), limit("margin_usage", max=50.0))
    assert [verdict.severity for verdict in result.verdicts] == [WARN, WARN]
    assert result.metrics.margin_level_pct is None


@pytest.mark.parametrize(
    "over",
    [{"terminal": {"connected": False}}, {"terminal": None}, {"account": account(margin=10.0)},
     {"account": account(equity=9_000.0)}],
    ids=["disconnected", "no terminal", "margin in use", "equity differs"],
)  # fmt: skip
def test_an_empty_list_of_positions_is_not_flat_unless_the_account_agrees(over: dict[str, Any]) -> None:
    result = run(snapshot([], **over), limit("effective_leverage", max=10.0), limit("position_count", max=2))
    assert [verdict.severity for verdict in result.verdicts] == [UNKNOWN, UNKNOWN]
    assert result.blind


def test_profit_of_the_day_enlarges_the_room_of_a_balance_rule() -> None:
    closed = deal(7, NOON, kind=1, entry=1, profit=400.0, position_id=3)
    document = snapshot([position()], account=account(10_400.0, equity=9_850.0, margin=110.0), deals=[closed])
    verdict = run(document, limit("period_loss", limit=LOSS)).verdicts[0]
    # The day began with 10,000: 9,850 is 150 below, although 550 have been lost since the day's best.
    assert verdict.value == pytest.approx(150.0)
    assert verdict.severity is OK


def test_a_deposit_is_no_profit_and_moves_the_floor() -> None:
    deposit = deal(7, NOON, profit=5_000.0, comment="DEPOSIT 123")
    document = snapshot([position()], account=account(15_000.0, equity=14_400.0, margin=110.0), deals=[deposit])
    verdict = run(document, limit("period_loss", limit=LOSS)).verdicts[0]
    assert verdict.value == pytest.approx(600.0)
    assert verdict.severity is BREACH


def test_an_absent_initial_balance_is_never_zero() -> None:
    rule = limit("max_drawdown", limit={"value": 10.0, "unit": "pct", "basis": "initial"}, anchor="initial")
    verdict = run(held(position(), equity=5_000.0), rule).verdicts[0]
    assert verdict.severity is UNKNOWN
    assert verdict.value is None
    assert run(held(position(), equity=8_900.0), rule, initial=10_000.0).verdicts[0].severity is BREACH
