"""M1 bars after a gap: asked of the terminal once, given to the next look, and the reference is known by them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from guard.app.missed import MissedBars
from guard.engine.step import CycleResult, step
from guard.model.errors import TerminalError
from guard.model.snapshot_json import read_snapshot
from guard.model.state import State
from guard.model.verdict import Severity
from guard.terminal.bars import read_bars
from tests.books import OFFSET_S, Dict, account, limit, policy, position, snapshot
from tests.terminals import simulated

MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)
RULES = policy(limit("period_loss", limit={"value": 500.0, "unit": "money"}, anchor="equity@reset"))
PLAIN = policy(limit("period_loss", limit={"value": 500.0, "unit": "money"}))


def bar(at: datetime, price: float) -> Dict:
    now = at.timestamp() + OFFSET_S
    return {"time": now, "open": price, "high": price, "low": price, "close": price, "spread": 0.0}


class Terminal:
    """Answers with bars of 1.104 around midnight, or fails."""

    def __init__(self, *, fails: bool = False) -> None:
        self.asked: list[tuple[Sequence[str], float, float]] = []
        self.fails = fails

    def bars(self, symbols: Sequence[str], begin_s: float, end_s: float) -> dict[str, Any]:
        self.asked.append((symbols, begin_s, end_s))
        if self.fails:
            raise TerminalError("no answer")
        return {"EURUSD": [bar(MIDNIGHT + timedelta(minutes=n), 1.104) for n in (-1, 0, 1)]}


def book(at: datetime) -> Dict:
    held = position(lots=1.0, price_current=1.102, profit=200.0, time=1, time_msc=1_000)
    return snapshot([held], at=at, account=account(10_000.0, equity=10_200.0, margin=1_100.0))


def looked(document: Any, state: State, rules: Any = RULES) -> tuple[CycleResult, Any]:
    seen = read_snapshot(document)
    return step(seen, state, rules), seen


def test_bars_are_asked_for_once_and_make_the_reference_known() -> None:
    now, terminal = 0.0, Terminal()
    missed = MissedBars(terminal, lambda: now)  # type: ignore[arg-type]  # only its bars are asked for
    state = looked(book(MIDNIGHT - timedelta(hours=1)), State())[0].state
    first = missed.added(book(MIDNIGHT + timedelta(hours=1)))
    assert "bars" not in first
    result, seen = looked(first, state)
    assert result.verdicts[0].severity is Severity.UNKNOWN
    missed.note(result, seen, RULES)
    second = missed.added(book(MIDNIGHT + timedelta(hours=1, seconds=1)))
    result, seen = looked(second, result.state)
    assert (result.verdicts[0].severity, result.verdicts[0].value) == (Severity.OK, 200.0)  # from 10,400 at midnight
    missed.note(result, seen, RULES)
    assert "bars" not in missed.added(book(MIDNIGHT + timedelta(hours=1, seconds=90)))
    (asked,) = terminal.asked
    assert asked[0] == ("EURUSD",)
    assert asked[1] < MIDNIGHT.timestamp() + OFFSET_S < asked[2]


def test_a_terminal_that_fails_is_asked_again_after_a_minute_and_nothing_else_happens() -> None:
    now, terminal = 0.0, Terminal(fails=True)
    missed = MissedBars(terminal, lambda: now)  # type: ignore[arg-type]  # only its bars are asked for
    missed.note(*looked(book(MIDNIGHT + timedelta(hours=1)), State()), RULES)
    for now in (0.0, 1.0, 59.0, 61.0):  # noqa: B007  # the clock
        assert "bars" not in missed.added({"a": 1})
    assert len(terminal.asked) == 2


def test_rules_of_the_balance_never_ask() -> None:
    terminal = Terminal()
    missed = MissedBars(terminal, lambda: 0.0)  # type: ignore[arg-type]  # only its bars are asked for
    missed.note(*looked(book(MIDNIGHT + timedelta(hours=1)), State(), PLAIN), PLAIN)
    missed.added({"a": 1})
    assert terminal.asked == []


def test_a_symbol_whose_bars_cannot_be_read_is_absent() -> None:
    rows = [{"time": 60, "open": 1.0, "high": 1.2, "low": 0.9, "close": 1.1, "tick_volume": 3, "spread": 2}]
    answers = {"EURUSD": rows, "GBPUSD": [{"time": 60}], "USDJPY": None, "AUDUSD": [{**rows[0], "high": float("nan")}]}
    module = SimpleNamespace(
        copy_rates_range=lambda name, *_: answers[name], last_error=lambda: (-4, "not found"), TIMEFRAME_M1=1
    )
    found = read_bars(module, list(answers), 0.0, 120.0)
    assert found == {"EURUSD": [{"time": 60.0, "open": 1.0, "high": 1.2, "low": 0.9, "close": 1.1, "spread": 2.0}]}


def test_a_worker_over_the_simulated_terminal_gives_bars() -> None:
    terminal = simulated()
    try:
        terminal.connect()
        now = terminal.read_snapshot()["server_time_msc"] / 1000.0
        found = terminal.bars(["EURUSD", "NONE"], now - 600.0, now)
    finally:
        terminal.close()
    assert set(found) == {"EURUSD"}
    assert all(row["low"] <= row["open"] <= row["high"] for row in found["EURUSD"])
    assert all(now - 660.0 <= row["time"] <= now for row in found["EURUSD"])
