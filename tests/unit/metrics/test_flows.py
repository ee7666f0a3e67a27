"""Deals: what is a deposit or withdrawal, and what is a result."""

import pytest

from guard.metrics.flows import entry_costs, is_flow, since
from guard.model.snapshot_json import read_snapshot
from guard.model.trading import Deal
from tests.books import NOON, OFFSET_S, Dict, deal, snapshot


def read(*rows: Dict) -> tuple[Deal, ...]:
    deals = read_snapshot(snapshot(deals=list(rows))).deals
    assert deals is not None
    return deals


START = NOON.timestamp() + OFFSET_S - 60.0


@pytest.mark.parametrize(
    "kind,comment,flow",
    [(2, "", True), (2, "DEPOSIT-4711", True), (2, "Withdrawal", True), (2, "anything at all", True),
     (6, "bonus", True), (2, "Monthly fee", False), (2, "Negative Balance Compensation", False),
     (2, "SWAP adjustment", False),
     (2, "dividend EURUSD", False), (5, "correction", False), (4, "charge", False), (7, "commission", False),
     (12, "interest", False), (15, "dividend", False), (17, "tax", False), (0, "", False), (1, "", False)],
)  # fmt: skip
def test_which_deal_is_a_flow(kind: int, comment: str, flow: bool) -> None:
    assert is_flow(read(deal(1, NOON, kind=kind, comment=comment, profit=100.0))[0]) is flow


@pytest.mark.parametrize(
    "kind,comment,expected",
    [(2, "", (100.0, 0.0)), (6, "", (100.0, 0.0)), (5, "", (0.0, 100.0)), (2, "fee", (0.0, 100.0)),
     (4, "", (0.0, 100.0)), (3, "credit", (0.0, 0.0))],
)  # fmt: skip
def test_sums_of_one_deal(kind: int, comment: str, expected: tuple[float, float]) -> None:
    assert since(read(deal(1, NOON, kind=kind, comment=comment, profit=100.0)), START) == expected


def test_a_trade_counts_with_all_its_costs_and_older_deals_do_not() -> None:
    old = deal(1, NOON.replace(hour=1), profit=999.0)
    closed = deal(2, NOON, kind=1, entry=1, profit=50.0, commission=-3.5, swap=-1.0, fee=-0.5, position_id=7)
    sums: object = since(read(old, closed), START)
    assert sums == (0.0, pytest.approx(45.0))


@pytest.mark.parametrize("field", ["profit", "commission", "swap", "fee", "type", "time_msc"])
def test_a_sum_with_a_hole_is_not_a_sum(field: str) -> None:
    row = {**deal(1, NOON, profit=5.0), field: None}
    if field == "time_msc":
        row["time"] = None
    assert since(read(row), START) is None


def test_entry_costs_by_position() -> None:
    rows = read(
        deal(1, NOON, kind=0, entry=0, position_id=7, commission=-3.5, fee=-0.5),
        deal(2, NOON, kind=0, entry=0, position_id=7, commission=-1.0),
        deal(3, NOON, kind=1, entry=1, position_id=7, commission=-9.0),
        deal(4, NOON, profit=100.0, commission=-9.0),
    )
    assert entry_costs(rows) == {7: pytest.approx(5.0)}
