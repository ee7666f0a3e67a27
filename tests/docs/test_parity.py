"""The parity page: every condition of its table loads, fires in one account and stays calm in another."""

from __future__ import annotations

import re
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer

from guard.actions.registry import action_kinds
from guard.engine.step import step
from guard.limits.base import Limit, Scope
from guard.model.snapshot_json import read_snapshot
from guard.model.state import State
from guard.model.verdict import Severity
from guard.settings.load import load_text
from tests.books import NOON, Dict, account, deal, later, position, snapshot, symbol

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "guide" / "parity.md").read_text(encoding="utf-8")
ROWS = {int(n): text for n, text in re.findall(r"^\| (\d+) \| [^|]+ \| `(\{[^`]+\})` \|$", PAGE, re.MULTILINE)}


def held(profit: float = 0.0, points: float = 0.0, count: int = 1, **over: Any) -> Dict:
    """Positions with a result, opened so many points away from the price now."""
    balance = over.pop("balance", 10_000.0)
    margin = over.pop("margin", 1_000.0)
    now = round(1.1 + points / count * 1e-5, 7)
    rows = [position(n, profit=profit / count, price_current=now) for n in range(1, count + 1)]
    made = account(balance, equity=over.pop("equity", balance + profit), margin=margin if rows else 0.0)
    return snapshot(rows, account=made, **over)


def order(ticket: int) -> Dict:
    return {"ticket": ticket, "symbol": "EURUSD", "type": 2, "volume_current": 0.1, "price_open": 1.09,
            "sl": 1.08, "price_stoplimit": 0.0, "price_current": 1.1, "tp": 0.0, "magic": 0,
            "position_id": 0, "comment": ""}  # fmt: skip


def priced(bid: float, points: float = 20.0) -> Dict:
    return held(symbols={"EURUSD": symbol(bid=bid, spread=points * 1e-5)})


def closed(points: float) -> Dict:
    """A trade of the day that made, or lost, so many points."""
    begun = deal(1, NOON - timedelta(hours=2), kind=0, position_id=9, symbol="EURUSD", volume=0.1, price=1.1)
    ended = deal(2, NOON - timedelta(hours=1), kind=1, entry=1, position_id=9, symbol="EURUSD", volume=0.1,
                 price=1.1 + points * 1e-5, profit=points * 0.1)  # fmt: skip
    return held(deals=[begun, ended], balance=10_000.0 + points * 0.1)


START = held()
# number: an account in which the condition holds, and one in which it must not; two looks where a snapshot counts.
Looks = list[Dict]
ACCOUNTS: dict[int, tuple[Looks, Looks]] = {
    1: ([held(-500.0)], [held(-499.0)]), 2: ([held(-500.0)], [held(-501.0)]), 3: ([held(-500.0)], [held(-499.99)]),
    4: ([held(-500.0)], [held(-500.01)]), 5: ([held(points=-50.0)], [held(points=-49.0)]),
    6: ([held(points=-50.0)], [held(points=-51.0)]), 7: ([held(500.0)], [held(499.0)]),
    8: ([held(500.0)], [held(501.0)]), 9: ([held(500.0)], [held(499.99)]), 10: ([held(500.0)], [held(500.01)]),
    11: ([held(points=50.0)], [held(points=49.0)]), 12: ([held(points=50.0)], [held(points=51.0)]),
    13: ([held(-1_000.0)], [held(-999.99)]), 14: ([held(1_000.0)], [held(999.99)]),
    15: ([START, held(-1_000.0)], [START, held(-999.0)]), 16: ([START, held(1_000.0)], [START, held(999.0)]),
    17: ([START, held(500.0)], [START, held(499.99)]), 18: ([START, held(-500.0)], [START, held(-499.99)]),
    19: ([held(-4_000.0)], [held(-3_999.99)]), 20: ([held(3_000.0)], [held(2_999.99)]),
    21: ([START, held(-1_800.0)], [START, held(-1_799.0)]), 22: ([START, held(1_800.0)], [START, held(1_799.0)]),
    23: ([held(margin=5_000.0)], [held(margin=4_999.0)]), 24: ([held(margin=500.0)], [held(margin=501.0)]),
    25: ([priced(1.2)], [priced(1.1999)]), 26: ([priced(1.0)], [priced(1.0001)]),
    27: ([priced(1.1, 30.0)], [priced(1.1, 29.0)]), 28: ([priced(1.1, 10.0)], [priced(1.1, 11.0)]),
    29: ([held(-300.0)], [held(-299.99)]), 30: ([held(300.0)], [held(299.99)]), 31: ([closed(-50.0)], [closed(-49.0)]),
    32: ([closed(50.0)], [closed(49.0)]), 33: ([held(-300.0)], [held(-299.0)]), 34: ([held(300.0)], [held(299.0)]),
    35: ([held(count=3)], [held(count=2)]), 36: ([held(count=1)], [held(count=2)]),
    37: ([held(orders=[order(5), order(6)])], [held(orders=[order(5)])]), 38: ([held()], [held(orders=[order(5)])]),
    39: ([held(balance=9_000.0)], [held(balance=9_000.01)]), 40: ([held(balance=11_000.0)], [held(balance=10_999.0)]),
}  # fmt: skip


def severity(condition: str, looks: Looks, more: str = "") -> Severity:
    text = f'format = "guard.config/1"\n[[limits]]\nkind = "conditions"\nconditions = [{condition}]\n{more}'
    policy = load_text(text, Path("parity.toml")).policy
    state, found = State(), Severity.OK
    for number, document in enumerate(looks):
        result = step(read_snapshot(later(document, float(number))), state, policy)
        state, found = result.state, result.verdicts[0].severity
    return found


def test_the_page_names_all_41_conditions() -> None:
    assert sorted(ROWS) == sorted(ACCOUNTS) == list(range(1, 41))
    assert re.search(r"^\| 41 \| .+`guard lock` or `guard flatten`", PAGE, re.MULTILINE)


@pytest.mark.parametrize("number", sorted(ACCOUNTS))
def test_a_condition_fires_where_it_holds_and_only_there(number: int) -> None:
    fires, calm = ACCOUNTS[number]
    assert severity(ROWS[number], fires) is Severity.BREACH
    assert severity(ROWS[number], calm) is Severity.OK


def test_the_timer_is_a_condition_of_the_clock() -> None:
    found = re.search(r"^\| timer \| [^|]+ \| `(\{[^`]+\})` \|$", PAGE, re.MULTILINE)
    assert found is not None
    friday = snapshot(at=NOON.replace(hour=20, minute=55))  # 21:55 in Prague
    assert severity(found[1], [friday]) is Severity.BREACH
    assert severity(found[1], [snapshot(at=NOON.replace(hour=20, minute=54))]) is Severity.OK
    assert severity(found[1], [snapshot(at=NOON.replace(hour=20, minute=56, second=1))]) is Severity.OK
    assert severity(found[1], [snapshot(at=NOON.replace(day=19, hour=20, minute=55))]) is Severity.OK


def test_any_and_all_and_the_delay() -> None:
    both = f"{ROWS[29]}, {ROWS[35]}"
    assert severity(both, [held(-300.0)]) is Severity.BREACH
    assert severity(both, [held(-300.0)], 'logic = "all"\n') is Severity.OK
    assert severity(both, [held(-300.0, count=3)], 'logic = "all"\n') is Severity.BREACH
    delayed = [held(-300.0)] * 3
    assert severity(ROWS[29], delayed, "for_s = 5.0\n") is Severity.OK
    assert severity(ROWS[29], delayed, "for_s = 1.0\n") is Severity.BREACH


@pytest.mark.parametrize(
    "scope", ['results = ["profitable"]', "except_magics = [0]", 'except_symbols = ["EURUSD"]', 'sides = ["sell"]',
              "magics = [7]", 'symbols = ["GBPUSD"]', 'comments = ["grid"]', 'except_comments = [""]'],
)  # fmt: skip
def test_filters_leave_positions_out(scope: str) -> None:
    assert severity(ROWS[3], [held(-500.0)]) is Severity.BREACH
    if "except_comments" in scope:
        return  # an empty text is a fault: see the configuration's own tests
    assert severity(ROWS[3], [held(-500.0)], f"scope = {{ {scope} }}\n") is Severity.OK


def test_every_action_and_command_and_field_of_the_page_exists() -> None:
    actions = set(re.findall(r"actions? `(\w+)`(?: and `(\w+)`)?", PAGE))
    named = {name for pair in actions for name in pair if name}
    assert named <= set(action_kinds())
    assert {"flatten", "reduce", "cancel_pending", "warn", "block_new", "lock_until", "trail_stop"} <= named
    for command in set(re.findall(r"`guard (\w+)", PAGE)):
        app = typer.Typer()
        import_module(f"guard.cli.{command}").register(app)
        assert app.registered_commands or app.registered_groups
    for field in set(re.findall(r"`scope\.(\w+)`", PAGE)):
        assert field in Scope.model_fields
    assert "for_s" in Limit.model_fields
