"""A hole in the data of one position: unknown, unless what is known is a breach already."""

from typing import Any

import pytest

from guard.model.state import State
from guard.model.verdict import Severity
from tests.books import Dict, account, limit, position, run, snapshot, symbol

OK, WARN, UNKNOWN, BREACH = Severity.OK, Severity.WARN, Severity.UNKNOWN, Severity.BREACH
GHOST = position(9, symbol="GHOST")


def severity(held: list[Dict], kind: str, **fields: Any) -> Severity:
    return run(snapshot(held), limit(kind, **fields)).verdicts[0].severity


@pytest.mark.parametrize("turn", [False, True])
@pytest.mark.parametrize(
    "kind,fields,small,large,broken",
    [
        ("position_volume", {"max": 1.0}, position(1, 0.1), position(1, 1.1), {**position(2), "volume": None}),
        ("risk_per_trade", {"max": 2.0}, position(1, 0.1), position(1, 0.6), {**position(2), "price_current": None}),
        ("missing_stop", {"max": 50.0}, position(1), position(1, sl=0.0), {**position(2), "sl": None}),
        ("symbol_exposure", {"max": 500.0}, position(1, 0.1), position(1, 0.6), GHOST),
    ],
)
def test_per_position_kinds(kind: str, fields: Dict, small: Dict, large: Dict, broken: Dict, *, turn: bool) -> None:
    for row, expected in ((small, UNKNOWN), (large, BREACH)):
        held = [row, broken]
        assert severity(held[::-1] if turn else held, kind, **fields) is expected


@pytest.mark.parametrize(
    "kind,fields",
    [("effective_leverage", {"max": 10.0}), ("effective_leverage", {"max": 10.0, "measure": "net"}),
     ("open_risk", {"max": 5.0})],
)  # fmt: skip
def test_sums_with_a_hole_are_unknown(kind: str, fields: Dict) -> None:
    assert severity([position(1)], kind, **fields) is OK
    assert severity([position(1), GHOST], kind, **fields) is UNKNOWN


def test_a_filter_on_what_is_not_known_counts_the_position_in() -> None:
    unclear = {**position(1, 2.0), "magic": None}
    assert severity([unclear], "position_volume", max=1.0, scope={"magics": [77]}) is BREACH
    assert severity([position(1, 2.0)], "position_volume", max=1.0, scope={"magics": [77]}) is OK
    ghost = position(1, 2.0, symbol="GHOST")
    assert severity([ghost], "position_volume", max=1.0, scope={"asset_classes": ["metal"]}) is BREACH
    assert severity([position(1, 2.0)], "position_volume", max=1.0, scope={"asset_classes": ["metal"]}) is OK


@pytest.mark.parametrize(
    "scope,count",
    [({}, 3), ({"symbols": ["EURUSD"]}, 2), ({"sides": ["sell"]}, 1), ({"magics": [7]}, 1), ({"comments": ["grid"]}, 1),
     ({"asset_classes": ["metal"]}, 1), ({"symbols": ["EURUSD"], "sides": ["buy"]}, 1), ({"symbols": ["GBPUSD"]}, 0)],
)  # fmt: skip
def test_scopes(scope: Dict, count: int) -> None:
    held = [position(1, magic=7), position(2, side="sell", comment="a grid 4"), position(3, symbol="XAUUSD")]
    symbols = {"EURUSD": symbol(), "XAUUSD": symbol("XAUUSD", 2400.0)}
    result = run(snapshot(held, symbols=symbols), limit("position_count", max=50, scope=scope))
    assert result.verdicts[0].value == count


def test_the_heaviest_positions_in_scope_are_named_however_many_others_there_are() -> None:
    held = [*(position(n, 1.0) for n in range(1, 31)), position(99, 0.1, "sell")]
    rule = limit("effective_leverage", max=0.5, scope={"sides": ["sell"]})
    assert run(snapshot(held), rule).verdicts[0].offending == (99,)


def test_equal_positions_are_named_in_the_same_order_however_they_are_listed() -> None:
    held = [position(n, 1.0) for n in (3, 1, 2)]
    for listed in (held, held[::-1]):
        assert run(snapshot(listed), limit("effective_leverage", max=5.0)).verdicts[0].offending == (1, 2, 3)


def test_a_bare_position_is_no_less_of_a_warning_when_equity_grew_since_its_entry() -> None:
    # Frozen at 4,000; with 10,000 now and 6,000 after a loss, the utilization must not fall.
    bare = position(1, sl=0.0)
    state = State(entry_equity={1: 4_000.0})
    used = [run(snapshot([bare], account=account(equity=equity, margin=110.0)), limit("risk_per_trade", max=2.0),
                state=state).verdicts[0].utilization_pct for equity in (10_000.0, 6_000.0, 100.0)]  # fmt: skip
    assert used == [5_000.0] * 3
