"""What a person orders of a running guard: locks that hold, overrides that wait, closings; each answered in words."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from guard.app.binding import Binding, Held
from guard.app.commands import Answer, Command, answered, command_key
from guard.app.orders import Orders, flatten_scope
from guard.app.overrides import Overrides
from guard.cli.lock import lock_words
from guard.model.errors import UsageError
from tests.bench_enforcer import FLATTEN, REDUCE, Bench, bench, leveraged


class Ordered:
    """A bench with the handlers of a running guard."""

    def __init__(self, guard: Bench, *, sends: bool = True) -> None:
        self.guard, self.sends = guard, sends
        self.binding = Binding(Held(guard.limits.document, (), (), "2026-03-03T08:00:00Z"), guard.limits, guard.limits)
        self.number = 0
        self.begin()

    def begin(self) -> None:
        guard = self.guard
        self.overrides = Overrides(guard.cycle, self.binding, guard.journal, guard.patient)
        self.orders = Orders(guard.cycle, self.binding, self.overrides, self.sends)

    def ask(self, verb: str, **body: Any) -> Answer:
        self.number += 1
        now = datetime.now(UTC)
        command = Command(self.number, f"uid-{self.number}", now.isoformat(), "cli", verb, body)
        answer = answered(command, self.orders.handlers(), now)
        if answer.state is not None:
            state = answer.state
            key = command_key(command.uid)
            self.guard.journal.commit_state("command", {}, state, at="2026-03-03T09:00:00Z", key=key)
        return answer

    def attend(self) -> list[str]:
        last = self.guard.cycle.state.last
        assert last is not None
        assert last.trusted_s is not None
        return [notice.sentence for notice in self.overrides.attend(last.trusted_s)]

    @property
    def locks(self) -> list[str]:
        return [lock.id for lock in self.guard.cycle.state.locks]


def test_a_lock_undoes_what_is_opened_and_lets_what_was_there_be(tmp_path: Path) -> None:
    with bench(tmp_path, leveraged(0.2)) as guard:
        ordered = Ordered(guard)
        assert ordered.ask("lock", for_s=900.0, reason="angry").done
        guard.broker.open("buy", "EURUSD", 0.1)
        guard.look(4.0)
        assert guard.closes == [0.1]
        assert guard.lots == 0.2
        guard.look(901.0, every_s=5.0)
        assert ordered.locks == []


def test_a_lock_is_written_with_its_answer_and_survives_the_next_moment(tmp_path: Path) -> None:
    with bench(tmp_path, leveraged(0.2)) as guard:
        ordered = Ordered(guard)
        ordered.ask("lock", for_s=900.0)
        guard.end()
        guard.start()
        assert [lock.id for lock in guard.cycle.state.locks] == ["trader|uid-1"]


@pytest.mark.parametrize(
    "body, says",
    [
        ({}, "needs one end"),
        ({"for_s": 5.0, "until": "day"}, "needs one end"),
        ({"for_s": -5.0}, "in the future"),
        ({"for_s": "4h"}, "seconds"),
        ({"for_s": 99e6}, "31 days"),
        ({"until": "2026-03-03T08:00:00Z"}, "in the future"),
        ({"until": "2026-03-04T08:00:00"}, "no zone"),
        ({"until": "tomorrow"}, "is no time"),
    ],
)
def test_a_lock_without_a_clear_end_is_none(tmp_path: Path, body: Mapping[str, Any], says: str) -> None:
    with bench(tmp_path, leveraged(0.2)) as guard:
        ordered = Ordered(guard)
        answer = ordered.ask("lock", **body)
        assert not answer.done
        assert says in answer.sentence
        assert ordered.locks == []


@pytest.mark.parametrize(
    "until, ends",
    [
        ("day", "2026-03-04T00:00:00+00:00"),
        ("week", "2026-03-09T00:00:00+00:00"),
        ("session", "2026-03-03T22:00:00+00:00"),
        ("2026-03-03T12:00:00+00:00", "2026-03-03T12:00:00+00:00"),
    ],
)
def test_a_lock_may_last_for_the_day_the_week_or_the_session(tmp_path: Path, until: str, ends: str) -> None:
    with bench(tmp_path, leveraged(0.2)) as guard:
        ordered = Ordered(guard)
        assert ordered.ask("lock", until=until).done
        assert guard.cycle.state.locks[0].until == ends


def test_an_override_lifts_a_lock_after_its_delay_and_over_a_restart(tmp_path: Path) -> None:
    with bench(tmp_path, leveraged(0.2)) as guard:
        ordered = Ordered(guard)
        ordered.ask("lock", for_s=7200.0)
        assert not ordered.ask("unlock").done
        asked = ordered.ask("unlock", reason="rested")
        assert asked.done
        assert "not before" in asked.sentence
        guard.look(10.0)
        guard.end()
        guard.start()
        ordered.begin()
        guard.look(880.0, every_s=5.0)
        assert ordered.attend() == []
        assert ordered.locks
        guard.look(30.0, every_s=5.0)
        (said,) = ordered.attend()
        assert "rested" in said
        assert ordered.locks == []
        assert ordered.attend() == []
        assert len(guard.rows("overridden")) == 1


def test_a_lock_without_override_cannot_be_lifted(tmp_path: Path) -> None:
    with bench(tmp_path, leveraged(0.2)) as guard:
        ordered = Ordered(guard)
        assert ordered.ask("lock", for_s=7200.0, no_override=True).done
        answer = ordered.ask("unlock", reason="please")
        assert not answer.done
        assert "without override" in answer.sentence
        assert not ordered.ask("unlock", reason="please", loosen="all").done
        assert ordered.overrides.waiting == ()


def test_a_lifted_lock_of_a_limit_is_not_set_again_by_the_same_breach_but_by_the_next_one(tmp_path: Path) -> None:
    stages = '["warn", { kind = "lock_until", for_s = 90000.0 }]'
    limits = FLATTEN.replace('["flatten", { kind = "lock_until", for_s = 3600.0 }]', stages)
    with bench(tmp_path, leveraged(1.5), limits) as guard:
        ordered = Ordered(guard)
        guard.look(1.0)
        assert ordered.locks == ["effective_leverage|lock_until"]
        assert ordered.ask("unlock", reason="hedged elsewhere").done
        guard.look(905.0, every_s=5.0)
        assert len(ordered.attend()) == 1
        guard.look(5.0)
        assert ordered.locks == []
        guard.end()
        guard.start()
        guard.look(5.0)
        assert ordered.locks == [] == list(guard.cycle.state.locks)
        guard.broker.close(guard.broker.positions[0].ticket)
        guard.look(15.0)
        guard.broker.open("buy", "EURUSD", 1.5, sl=0.9)
        guard.look(5.0)
        assert [lock.id for lock in guard.cycle.state.locks] == ["effective_leverage|lock_until"]


def test_flatten_closes_a_share_by_side_and_only_once_for_one_command(tmp_path: Path) -> None:
    with bench(tmp_path, leveraged(0.4)) as guard:
        guard.broker.open("sell", "EURUSD", 0.2, sl=1.2)
        guard.look(1.0)
        ordered = Ordered(guard)
        answer = ordered.ask("flatten", side="sell")
        assert answer.done, answer.sentence
        guard.look(4.0)
        assert guard.closes == [0.2]
        assert ordered.ask("flatten", pct=50).done
        guard.look(4.0)
        assert guard.lots == 0.2
        assert not ordered.ask("flatten", side="sell").done
        assert ordered.ask("flatten").done
        guard.look(4.0)
        assert guard.lots == 0.0


@pytest.mark.parametrize(
    "body, says",
    [
        ({"side": "up"}, "buy or sell"),
        ({"pct": 0}, "at most 100"),
        ({"pct": True}, "at most 100"),
        ({"magic": "7"}, "whole number"),
        ({"symbol": 7}, "name"),
        ({"losers": True, "winners": True}, "everything"),
        ({"symbols": ["EURUSD"]}, "no filter"),
    ],
)
def test_a_filter_that_is_not_understood_closes_nothing(body: Mapping[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        flatten_scope(body)


def test_what_a_guard_takes_depends_on_what_it_may_do(tmp_path: Path) -> None:
    for mode, sends, verbs in (
        ("warn", False, set()),
        ("rehearse", False, {"lock", "unlock", "confirm"}),
        ("enforce", True, {"lock", "unlock", "confirm", "flatten"}),
    ):
        folder = tmp_path / mode
        folder.mkdir()
        with bench(folder, leveraged(0.2), REDUCE.replace('"enforce"', f'"{mode}"')) as guard:
            assert set(Ordered(guard, sends=sends).orders.handlers()) == verbs


def test_nothing_is_ordered_while_the_account_cannot_be_seen(tmp_path: Path) -> None:
    with bench(tmp_path, leveraged(0.2)) as guard:
        ordered = Ordered(guard)
        guard.world.lose.add("hot")
        while guard.cycle.outcome is None or guard.cycle.outcome.blind is None:
            guard.look(0.5)
        answer = ordered.ask("flatten")
        assert not answer.done
        assert "cannot be seen" in answer.sentence
        assert guard.cycle.state.enforcing.ordered == ()


def test_an_inherited_breach_is_confirmed_by_name(tmp_path: Path) -> None:
    with bench(tmp_path, leveraged(1.5), calm=False) as guard:
        guard.look(3.0)
        ordered = Ordered(guard)
        assert guard.closes == []
        assert not ordered.ask("confirm", limit="open_risk").done
        assert ordered.ask("confirm", limit="effective_leverage").done
        guard.look(4.0)
        assert guard.closes == [0.63]


HERE = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "for_, until, body",
    [
        ("15m", None, {"for_s": 900.0}),
        ("4h", None, {"for_s": 14400.0}),
        ("1.5 d", None, {"for_s": 129600.0}),
        (None, "WEEK", {"until": "week"}),
        (None, "18:00", {"until": "2026-11-20T18:00:00+00:00"}),
        (None, "15:00", {"until": "2026-11-21T15:00:00+00:00"}),
        (None, "2026-11-22T10:00+01:00", {"until": "2026-11-22T10:00:00+01:00"}),
    ],
)
def test_the_end_of_a_lock_in_a_persons_words(for_: str | None, until: str | None, body: dict[str, Any]) -> None:
    assert lock_words(for_, until, HERE) == body


@pytest.mark.parametrize("for_, until", [(None, None), ("4h", "day"), ("soon", None), ("", None), (None, "26:00")])
def test_words_that_are_no_end_of_a_lock(for_: str | None, until: str | None) -> None:
    with pytest.raises(UsageError):
        lock_words(for_, until, HERE)

