"""A terminal that is lost and comes back, on a virtual clock: blind meanwhile, nothing forgotten, nothing done."""

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
from guard.journal.sqlite import SqliteJournal, open_journal
from guard.model.errors import WrongAccountError
from guard.model.verdict import Severity
from guard.settings.load import default_policy
from tests.terminals import World

START = datetime(2026, 3, 3, 9, tzinfo=UTC)
LOOK_S = 0.25


class Watch:
    """The guard's own cycle over the simulated terminal."""

    def __init__(self, journal: SqliteJournal) -> None:
        broker = Broker(balance=10_000.0, start_utc=START).add_standard()
        for number in range(5):
            broker.open("buy", "EURUSD", 0.1 + number / 100, sl=1.0)
        self.world, self.journal = World(broker), journal
        self.world.terminal.connect()
        patient = PatientJournal(journal, pytest.fail)
        expected = Expected(broker.login, broker.server)
        self.cycle = Cycle(self.world.terminal, patient, default_policy(), expected, None, self.world.clock)
        self.outcomes: list[Outcome] = []

    def look(self, seconds: float, every_s: float = LOOK_S) -> list[Outcome]:
        """Watch for so long."""
        seen = []
        for _ in range(round(seconds / every_s)):
            self.world.pass_time(every_s)
            seen.append(self.cycle.run_once())
        self.outcomes += seen
        return seen

    def notices(self, kind: str) -> list[Severity]:
        return [notice.severity for outcome in self.outcomes for notice in outcome.notices if notice.kind == kind]

    def sent(self) -> int:
        """Whatever anybody did after the beginning."""
        return len(self.world.broker.deals) + len(self.world.broker.history)


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    with closing(open_journal(tmp_path / "journal.db")) as journal:
        made = Watch(journal)
        made.look(5.0)
        assert made.outcomes[-1].blind is None
        yield made
    module.detach()


def remembered(watch: Watch) -> dict[str, Any]:
    """What must not be lost: references, first sight, entry figures, announced severities."""
    state = watch.cycle.state
    severities = {key: timer.severity for key, timer in state.timers.items()}
    return {"anchors": state.anchors, "first_seen": state.first_seen, "entry": dict(state.entry_equity),
            "stops": dict(state.first_stops), "severities": severities}  # fmt: skip


def undisturbed(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Peaks may have moved on with equity; everything else is as it was."""
    for key, anchor in before["anchors"].items():
        kept = after["anchors"][key]
        assert (kept.at, kept.balance, kept.equity, kept.source) == (
            anchor.at,
            anchor.balance,
            anchor.equity,
            anchor.source,
        )
    assert {**before, "anchors": None} == {**after, "anchors": None}


@pytest.mark.parametrize("seconds, every_s", [(1.0, 0.25), (60.0, 0.25), (3600.0, 1.0)])
def test_a_disconnect_of_any_length_blinds_tells_and_forgets_nothing(
    watch: Watch, seconds: float, every_s: float
) -> None:
    before, sent = remembered(watch), watch.sent()
    watch.world.inject(disconnected=True)
    gone = watch.look(seconds, every_s)
    assert all(outcome.blind is not None for outcome in gone)
    assert all(outcome.verdicts == () for outcome in gone)
    assert watch.notices("blind") == ([] if seconds < 3.0 else [Severity.UNKNOWN])
    watch.world.inject()
    back = watch.look(3.0)
    assert back[-1].blind is None
    assert watch.notices("blind") == ([] if seconds < 3.0 else [Severity.UNKNOWN, Severity.OK])
    undisturbed(before, remembered(watch))
    assert watch.sent() == sent
    kinds = [row.kind for row in watch.journal.rows()]
    assert (kinds.count("blind"), kinds.count("sight")) == (1, 1)


@pytest.mark.parametrize("restarted", [False, True])
def test_positions_that_load_late_are_never_taken_for_a_flat_account(watch: Watch, restarted: bool) -> None:
    before, sent = remembered(watch), watch.sent()
    watch.world.inject(**({"ipc": {"call": "account_info", "code": -10002}} if restarted else {"disconnected": True}))
    watch.look(1.0)
    late = {"call": "positions_get", "how": "empty", "for_s": 3.0}
    watch.world.inject(rows=late)
    empty = watch.look(2.75)
    assert all(outcome.blind is not None for outcome in empty)
    assert any("positions are gone without a trace" in str(outcome.blind) for outcome in empty)
    # Told after three seconds of blindness: the disconnect counts, a worker's restart was over in a moment.
    assert (Severity.UNKNOWN in watch.notices("blind")) != restarted
    back = watch.look(3.0)
    assert back[-1].blind is None
    assert back[-1].snapshot is not None
    assert back[-1].snapshot.positions is not None
    assert len(back[-1].snapshot.positions) == 5
    undisturbed(before, remembered(watch))
    assert watch.sent() == sent
    for outcome in (*empty, *back):
        assert not (outcome.result is not None and outcome.blind is None and outcome.snapshot is not None
                    and outcome.snapshot.positions == ())  # fmt: skip


def test_a_terminal_that_restarts_costs_one_worker_and_one_notice_at_most(watch: Watch) -> None:
    before = remembered(watch)
    watch.world.inject(ipc=[{"call": "account_info", "code": -10001}, {"call": "initialize", "code": -10003}])
    gone = watch.look(0.5)
    assert all(outcome.blind is not None for outcome in gone)
    assert "-10001" in str(gone[0].blind)
    back = watch.look(5.0)
    assert back[-1].blind is None
    assert watch.world.workers == 3
    undisturbed(before, remembered(watch))


def test_a_single_hung_reading_blinds_one_look_and_the_next_worker_sees(watch: Watch) -> None:
    before, sent = remembered(watch), watch.sent()
    watch.world.lose.add("hot")
    (gone,) = watch.look(LOOK_S)
    assert "did not answer within 1 s" in str(gone.blind)
    assert watch.world.workers == 2
    (back,) = watch.look(LOOK_S)
    assert back.blind is None
    undisturbed(before, remembered(watch))
    assert watch.sent() == sent


def test_a_hanging_terminal_that_goes_on_hanging_is_told_and_nothing_is_closed(watch: Watch) -> None:
    before, sent = remembered(watch), watch.sent()
    for _ in range(40):
        watch.world.lose.add("hot")
        watch.look(LOOK_S)
    assert watch.notices("blind") == [Severity.UNKNOWN]
    watch.world.lose.clear()
    assert watch.look(40.0)[-1].blind is None
    assert watch.notices("blind") == [Severity.UNKNOWN, Severity.OK]
    undisturbed(before, remembered(watch))
    assert watch.sent() == sent


def test_an_account_switched_mid_run_ends_the_guard(watch: Watch) -> None:
    watch.world.inject(switch_login_after_s=0, switch_login=99)
    with pytest.raises(WrongAccountError, match="99") as caught:
        watch.look(1.0)
    assert caught.value.exit_code == 6


@pytest.mark.parametrize("spoilt", [
    {"rows": {"call": "positions_get", "how": "drop", "times": 2}},
    {"rows": {"call": "positions_get", "how": "duplicate", "times": 2}},
    {"rows": {"call": "positions_get", "how": "reverse", "times": 2}},
    {"stale": {"call": "positions_get", "times": 2}},
    {"value": {"call": "positions_get", "field": "profit", "value": "nan", "times": 2}},
    {"value": {"call": "symbol_info_tick", "field": "bid", "value": -1.0, "times": 2}},
    {"value": {"call": "account_info", "field": "equity", "value": "inf", "times": 2}},
    {"none": {"call": "positions_get", "times": 2}},
    {"none": {"call": "symbol_info_tick", "times": 2, "code": -4}},
])  # fmt: skip
def test_a_spoilt_reading_never_breaks_the_guard_and_leaves_no_trace(watch: Watch, spoilt: dict[str, Any]) -> None:
    before, sent = remembered(watch), watch.sent()
    watch.world.inject(**spoilt)
    watch.look(5.0)
    after = watch.outcomes[-1]
    assert after.blind is None
    assert not any("internal fault" in str(outcome.blind) for outcome in watch.outcomes)
    # A position that was missing in one reading comes back as one whose entry equity is that of its return.
    apart = {"severities": None, "entry": None} if "drop" in str(spoilt) else {"severities": None}
    undisturbed({**before, **apart}, {**remembered(watch), **apart})
    assert watch.sent() == sent
