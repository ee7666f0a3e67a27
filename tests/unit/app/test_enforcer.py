"""Each deed is measured anew, written down before it is sent, sent once, and what came of it is written down."""

import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from guard.app.enforcer import Enforcer, due, sent_of, words
from guard.journal.port import JournalError
from guard.model.errors import TerminalError
from guard.model.intent import Deed
from guard.terminal.port import Known, Lease, Refused, Unknown
from tests.bench_enforcer import FLATTEN, REDUCE, bench, leveraged

A_DEED = Deed("i/close/7/0", "effective_leverage|reduce|x", "close", 7, 7, "EURUSD", 0.1, why="too much")


def test_a_breach_is_cured_and_the_journal_tells_it_in_order(tmp_path: Path) -> None:
    with bench(tmp_path, leveraged(1.5)) as guard:
        guard.look(4.0)
        assert guard.closes == [0.63]
        deed, outcome = guard.rows("deed", "outcome")
        assert (deed.kind, outcome.kind) == ("deed", "outcome")
        assert deed.body["id"] == outcome.body["deed_id"]
        assert (outcome.body["retcode"], outcome.body["volume"]) == (10009, 0.63)
        assert deed.body["request"]["position"] == deed.body["ticket"]
        assert deed.body["request"]["magic"] == guard.cycle.policy.magic
        assert "leverage" in deed.body["why"]
        guard.journal.verify_chain()


def test_the_row_is_on_disk_before_anything_is_sent(tmp_path: Path) -> None:
    with bench(tmp_path, leveraged(1.5)) as guard:
        seen: list[tuple[str, ...]] = []
        send = guard.terminal.send

        def watched(request: Mapping[str, Any], on_slow: Any = None) -> Any:
            from guard.journal.sqlite import open_readonly  # noqa: PLC0415

            beside = open_readonly(guard.journal.path)
            seen.append(tuple(row.kind for row in beside.rows() if row.kind in ("deed", "outcome")))
            state = beside.load_state()
            assert state is not None
            assert request["position"] in state.enforcing.flights
            beside.close()
            return send(request, on_slow)

        guard.terminal.send = watched  # type: ignore[method-assign]
        guard.look(4.0)
        assert seen == [("deed",)]


def test_a_target_that_is_gone_meanwhile_is_not_sent(tmp_path: Path) -> None:
    with bench(tmp_path, leveraged(1.5)) as guard:
        looks = guard.cycle.run_once
        sold: list[int] = []

        def look() -> Any:
            outcome = looks()
            if due(outcome) and not sold:
                # The trader closes by hand between the decision and the deed.
                sold.append(guard.broker.positions[0].ticket)
                guard.broker.close(sold[0])
            return outcome

        guard.cycle.run_once = look  # type: ignore[method-assign]
        guard.look(4.0)
        assert sold
        assert guard.rows("deed") == []


def test_every_deed_has_a_look_before_and_after_it(tmp_path: Path) -> None:
    with bench(tmp_path, leveraged(0.5, 0.5, 0.5), FLATTEN) as guard:
        story: list[str] = []
        looks, send = guard.cycle.run_once, guard.terminal.send

        def look() -> Any:
            story.append("look")
            return looks()

        def sending(request: Mapping[str, Any], on_slow: Any = None) -> Any:
            story.append("send")
            return send(request, on_slow)

        guard.cycle.run_once = look  # type: ignore[method-assign]
        guard.terminal.send = sending  # type: ignore[method-assign]
        guard.look(4.0)
        assert story.count("send") == 2
        assert "send send" not in " ".join(story)
        # The breach is gone with the second one: the rest stays open.
        assert guard.lots == 0.5
        assert [lock.id for lock in guard.cycle.state.locks] == ["effective_leverage|lock_until"]


def test_after_a_lost_answer_the_account_is_read_and_nothing_is_closed_twice(tmp_path: Path) -> None:
    with bench(tmp_path, leveraged(1.5)) as guard:
        guard.world.lose.add("send")
        guard.look(10.0)
        assert guard.closes == [0.63]
        (outcome,) = guard.rows("outcome")
        assert (outcome.body["retcode"], outcome.body["refused"]) == (None, None)
        assert "not known" in outcome.body["said"]
        assert not guard.cycle.state.enforcing.flights


def test_without_a_lease_nothing_is_sent_and_it_is_tried_again(tmp_path: Path) -> None:
    with bench(tmp_path, leveraged(1.5)) as guard:
        grant, asked = guard.terminal.grant, []

        def refuse(lease: Lease) -> None:
            asked.append(lease)
            if len(asked) == 1:
                raise TerminalError("the worker was replaced")
            grant(lease)

        guard.terminal.grant = refuse  # type: ignore[method-assign]
        guard.look(8.0)
        first, second = guard.rows("outcome")
        assert first.body["refused"] == "the worker was replaced"
        assert second.body["retcode"] == 10009
        assert guard.closes == [0.63]
        assert {(lease.login, lease.server) for lease in asked} == {(guard.broker.login, guard.broker.server)}
        assert all(lease.seconds <= 30.0 for lease in asked)


def test_a_rehearsal_writes_down_every_deed_once_and_sends_none(tmp_path: Path) -> None:
    with bench(tmp_path, leveraged(1.5), REDUCE.replace('"enforce"', '"rehearse"')) as guard:
        guard.look(6.0)
        (row,) = guard.rows("rehearsed")
        assert row.body["request"]["volume"] == 0.63
        assert guard.closes == []
        assert guard.rows("deed", "outcome") == []
        assert not guard.cycle.state.enforcing.flights


@pytest.mark.parametrize("mode", ["warn", "rehearse"])
def test_in_a_mode_that_does_not_act_neither_guard_nor_worker_can_send(tmp_path: Path, mode: str) -> None:
    with bench(tmp_path, leveraged(1.5), REDUCE.replace('"enforce"', f'"{mode}"')) as guard:
        account = Lease(guard.broker.login, guard.broker.server, 5.0)
        with pytest.raises(TerminalError, match="only watches"):
            guard.terminal.grant(account)
        assert isinstance(guard.terminal.send({"action": 1}), Refused)
        # Even hands that are given by mistake hold a terminal that refuses.
        guard.policy_of("enforce")
        guard.look(1.0)
        guard.enforcer = Enforcer(guard.cycle, guard.patient, guard.terminal, guard.world.clock)
        guard.look(4.0)
        assert guard.closes == []
        assert all("only watches" in row.body["refused"] for row in guard.rows("outcome"))
        assert guard.rows("outcome")


def test_warn_has_no_deeds_at_all(tmp_path: Path) -> None:
    with bench(tmp_path, leveraged(1.5), REDUCE.replace('"enforce"', '"warn"')) as guard:
        guard.look(4.0)
        assert all(outcome.result is None or outcome.result.deeds == () for outcome in guard.outcomes)
        assert guard.rows("deed", "rehearsed", "outcome", "intent") == []


def test_an_unwritable_journal_does_not_stop_protection_and_is_written_first_later(tmp_path: Path) -> None:
    with bench(tmp_path, leveraged(1.5)) as guard:
        written = guard.journal._append
        full = [True]

        def refuse(kind: str, *rest: Any, **more: Any) -> int:
            if full[0]:
                raise JournalError("the disk is full")
            return written(kind, *rest, **more)

        guard.journal._append = refuse  # type: ignore[method-assign]
        guard.look(3.0)
        assert guard.closes == [0.63]
        assert any("disk is full" in said for said in guard.shouts)
        full[0] = False
        guard.patient._retry_at = 0.0
        guard.look(1.0)
        kinds = [row.kind for row in guard.rows("deed", "outcome", "fault")]
        assert kinds == ["deed", "outcome", "fault"]
        guard.journal.verify_chain()


def test_a_slow_send_is_told_while_it_lasts(tmp_path: Path) -> None:
    with bench(tmp_path, leveraged(1.5)) as guard:
        send = guard.terminal.send

        def slow(request: Mapping[str, Any], on_slow: Any = None) -> Any:
            assert on_slow is not None
            on_slow()
            # Told while the answer is still awaited.
            assert any("two seconds" in said for said in guard.shouts)
            assert any("two seconds" in row.body["sentence"] for row in guard.rows("notice"))
            return send(request, on_slow)

        guard.terminal.send = slow  # type: ignore[method-assign]
        guard.look(4.0)
        told = [notice for outcome in guard.outcomes for notice in outcome.notices if notice.kind == "deed"]
        assert len(told) == 1


def test_a_round_ends_although_a_deed_never_becomes_due_again(tmp_path: Path) -> None:
    with bench(tmp_path, leveraged(1.5)) as guard:
        looks, count = guard.cycle.run_once, []

        def look() -> Any:
            outcome = looks()
            count.append(outcome)
            if len(count) % 2 == 0 and outcome.result is not None:
                from dataclasses import replace  # noqa: PLC0415

                return replace(outcome, result=outcome.result._replace(deeds=()))
            deeds = (A_DEED,)
            return outcome if outcome.result is None else _with(outcome, deeds)

        guard.cycle.run_once = look  # type: ignore[method-assign]
        guard.world.pass_time(0.5)
        assert len(guard.enforcer.run_once()) < 20


def _with(outcome: Any, deeds: tuple[Deed, ...]) -> Any:
    from dataclasses import replace  # noqa: PLC0415

    return replace(outcome, result=outcome.result._replace(deeds=deeds))


def test_what_a_terminal_answers_is_told_in_the_engines_words() -> None:
    known = Known(10009, {"volume": 0.1, "deal": 5, "order": 6, "comment": "Request executed"})
    sent, said = sent_of(A_DEED, known, 3.0)
    assert (sent.retcode, sent.volume, sent.deal, sent.order, sent.refused, sent.at_s) == (10009, 0.1, 5, 6, None, 3.0)
    assert "10009 Request executed" in said
    sent, _ = sent_of(A_DEED, Refused("no lease"), 3.0)
    assert (sent.retcode, sent.refused) == (None, "no lease")
    sent, said = sent_of(A_DEED, Unknown("killed"), 3.0)
    assert (sent.retcode, sent.refused) == (None, None)
    assert "killed" in said


def test_a_deed_is_said_in_words() -> None:
    assert words(A_DEED) == "closing position 7 in EURUSD"
    assert words(A_DEED._replace(kind="close_by", by=8)) == "closing position 7 in EURUSD by 8"
    assert words(A_DEED._replace(kind="cancel")) == "deleting order 7 in EURUSD"


def test_a_hung_worker_blinds_and_the_deed_comes_when_it_sees_again(tmp_path: Path) -> None:
    with bench(tmp_path, leveraged(1.5)) as guard:
        guard.world.lose.add("hot")
        guard.look(20.0)
        assert any(outcome.blind is not None for outcome in guard.outcomes)
        assert guard.closes == [0.63]


def test_who_holds_the_journal_delays_no_deed(tmp_path: Path) -> None:
    with bench(tmp_path, leveraged(1.5)) as guard, closing(sqlite3.connect(guard.journal.path)) as other:
        other.execute("BEGIN IMMEDIATE")
        took: list[float] = []
        for _ in range(8):
            guard.world.pass_time(0.5)
            began = time.monotonic()
            guard.enforcer.run_once()
            took.append(time.monotonic() - began)
        assert guard.closes == [0.63]
        # A breach, two looks, a lease and a send, with a journal that takes nothing: far below a second.
        assert max(took) < 0.5
        other.rollback()
        guard.patient._retry_at = 0.0
        guard.look(1.0)
        assert [row.kind for row in guard.rows("deed", "outcome", "fault")] == ["deed", "outcome", "fault"]
