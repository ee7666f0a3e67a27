"""A terminal that loses its server, restarts, loads late or changes its account, on a virtual clock: what is said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import fakes.metatrader5 as module
from fakes.broker import Broker
from guard.app.cycle import Cycle, Outcome
from guard.app.identity import Expected
from guard.app.patient import PatientJournal
from guard.journal.sqlite import open_journal
from guard.model.errors import WrongAccountError
from guard.model.notice import Notice
from guard.model.verdict import Severity
from guard.settings.load import default_policy
from tests.terminals import World

START = datetime(2026, 3, 3, 9, tzinfo=UTC)


class Life:
    """A guard of the simulated account, look by look."""

    def __init__(self, folder: Path, *, positions: int) -> None:
        self.broker = Broker(balance=10_000.0, start_utc=START).add_standard()
        for _ in range(positions):
            self.broker.open("buy", "EURUSD", 0.05, sl=1.05)
        self.world = World(self.broker)
        self.journal = open_journal(folder / "journal.db")
        expected = Expected(self.broker.login, self.broker.server)
        patient = PatientJournal(self.journal, lambda _: None)
        self.cycle = Cycle(self.world.terminal, patient, default_policy(), expected, None, self.world.clock)
        self.outcomes: list[Outcome] = []

    def look(self, seconds: float, period_s: float = 0.25) -> list[Notice]:
        """Looks for so long; the notices of that time."""
        told: list[Notice] = []
        for _ in range(max(1, round(seconds / period_s))):
            self.world.pass_time(period_s)
            outcome = self.cycle.run_once()
            self.outcomes.append(outcome)
            told += outcome.notices
        return told

    def believed(self) -> list[int]:
        """How many positions each look that was believed saw."""
        seen = [o.result.metrics.snapshot.positions for o in self.outcomes if o.result is not None and o.blind is None]
        return [len(positions) for positions in seen if positions is not None]


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    made = Life(tmp_path, positions=5)
    with closing(made.journal):
        made.look(5.0)
        made.outcomes.clear()
        yield made
    module.detach()


def of_kind(notices: list[Notice], kind: str) -> list[Severity]:
    return [notice.severity for notice in notices if notice.kind == kind]


@pytest.mark.parametrize(
    "seconds, period_s, said",
    [(1.0, 0.25, []), (60.0, 0.25, [Severity.UNKNOWN]), (3600.0, 5.0, [Severity.UNKNOWN])],
    ids=["1 s", "1 min", "1 h"],
)
def test_a_terminal_without_its_server_is_said_once_if_it_lasts_and_its_return_once(
    life: Life, seconds: float, period_s: float, said: list[Severity]
) -> None:
    anchors = life.cycle.state.anchors
    life.world.inject(disconnected=True)
    assert of_kind(life.look(seconds, period_s), "blind") == said
    life.world.inject()
    assert of_kind(life.look(3.0), "blind") == [Severity.OK] * len(said)
    assert life.outcomes[-1].blind is None
    assert {key: (a.at, a.balance) for key, a in life.cycle.state.anchors.items()} == {
        key: (a.at, a.balance) for key, a in anchors.items()
    }
    assert all(o.result is None or o.result.intents == () for o in life.outcomes)


def test_a_terminal_that_restarts_and_lists_nothing_for_three_seconds_is_never_flat(life: Life) -> None:
    anchors = dict(life.cycle.state.anchors)
    life.world.inject(ipc={"call": "account_info", "nth": 1, "code": -10001},
                      none={"call": "initialize", "nth": 1, "times": 2, "code": -10003},
                      rows={"call": "positions_get", "nth": 1, "for_s": 3.0, "how": "empty"})  # fmt: skip
    life.look(15.0)
    assert life.world.workers > 1
    assert set(life.believed()) == {5}
    assert life.outcomes[-1].blind is None
    assert life.cycle.state.anchors.keys() == anchors.keys()


def test_positions_that_load_late_are_never_taken_for_flat_even_when_the_account_looks_flat(life: Life) -> None:
    money = {"margin": 0.0, "equity": 10_000.0, "margin_free": 10_000.0, "margin_level": 0.0, "profit": 0.0}
    late = {"nth": 1, "for_s": 3.0}
    life.world.inject(
        rows={"call": "positions_get", "how": "empty", **late},
        value=[{"call": "account_info", "field": name, "value": value, **late} for name, value in money.items()],
    )
    told = life.look(8.0)
    assert set(life.believed()) == {5}
    assert not any("breach" in notice.sentence.lower() for notice in told)
    assert life.outcomes[-1].blind is None


def test_an_account_that_shows_no_money_for_three_seconds_moves_no_anchor_and_breaks_no_limit(life: Life) -> None:
    anchors = life.cycle.state.anchors
    money = dict.fromkeys(("balance", "equity", "margin", "margin_free", "margin_level", "profit"), 0.0)
    late = {"nth": 1, "for_s": 3.0}
    life.world.inject(
        rows={"call": "positions_get", "how": "empty", **late},
        value=[{"call": "account_info", "field": name, "value": value, **late} for name, value in money.items()],
    )
    told = life.look(8.0)
    assert not any(notice.severity is Severity.BREACH for notice in told)
    assert life.outcomes[-1].blind is None
    assert {k: (a.balance, a.peak_balance) for k, a in life.cycle.state.anchors.items()} == {
        k: (a.balance, a.peak_balance) for k, a in anchors.items()
    }


def test_an_account_that_is_switched_is_written_told_and_ends_it(life: Life) -> None:
    life.world.inject(switch_login_after_s=0, switch_login=99)
    with pytest.raises(WrongAccountError):
        life.look(1.0)
    assert life.cycle.outcome is not None
    assert "99" in life.cycle.outcome.notices[0].sentence
    assert WrongAccountError.exit_code == 6


@pytest.mark.parametrize(
    "state, words",
    [
        ({"algo_trading": False}, "AlgoTrading is off"),
        ({"tradeapi_disabled": True}, "does not take orders from Python"),
        ({"investor": True}, "investor password"),
    ],
)
def test_a_switch_that_is_turned_while_it_runs_is_said_and_its_return_too(
    life: Life, state: dict[str, Any], words: str
) -> None:
    life.world.inject(**state)
    told = [notice for notice in life.look(3.0) if notice.kind == "terminal"]
    assert [(notice.severity, words in notice.sentence) for notice in told] == [(Severity.WARN, True)]
    life.world.inject()
    assert of_kind(life.look(3.0), "terminal") == [Severity.OK]


@pytest.mark.parametrize("hours", [1, -1], ids=["forward", "back"])
def test_the_servers_summer_time_is_said_once_and_blinds_nothing(life: Life, hours: int) -> None:
    life.world.inject(clock={"call": "account_info", "nth": 1, "seconds": hours * 3600.0})
    told = life.look(10.0)
    moved = [notice.sentence for notice in told if notice.kind == "clock" and notice.severity is Severity.OK]
    assert any(f"put {'forward' if hours > 0 else 'back'} by 1 h" in sentence for sentence in moved)
    assert all(outcome.blind is None for outcome in life.outcomes)
    snapshot = life.outcomes[-1].snapshot
    assert snapshot is not None
    assert snapshot.server_utc_offset_s == 7200.0 + hours * 3600.0
