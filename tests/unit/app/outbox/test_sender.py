from collections.abc import Iterable
from datetime import time
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from guard.app.outbox.look import channels, recent, unacknowledged, waiting
from guard.app.outbox.rules import ChannelRules, Quiet
from guard.app.outbox.store import Entry
from guard.model.errors import InputError
from guard.model.verdict import Severity
from guard.notify.base import Delivery
from tests.outboxes import post

PHONE = ChannelRules("phone", "env:PHONE")


def test_a_breach_leaves_at_once_and_once(tmp_path: Path) -> None:
    with post(tmp_path) as mail:
        number = mail.says("BREACH")
        mail.passes(0.0)
        mail.passes(10.0)
        assert mail.titles() == ["BREACH day (mine)"]
        assert mail.channels["phone"].messages[0].id == str(number)


def test_a_warning_waits_for_others_and_they_come_together(tmp_path: Path) -> None:
    with post(tmp_path, group_s=2.0) as mail:
        mail.says("WARN", "day")
        mail.passes(1.0)
        assert mail.titles() == []
        mail.says("WARN", "leverage")
        mail.passes(1.5)
        (one,) = mail.channels["phone"].messages
        assert one.title == "WARN day and 1 more (mine)"
        assert "WARN leverage" in one.body


def test_of_two_notices_about_the_same_only_the_newest_is_told_in_full(tmp_path: Path) -> None:
    with post(tmp_path) as mail:
        first = mail.says("WARN", sentence="It is near.")
        mail.says("BREACH", sentence="It is broken.")
        mail.passes(0.0)
        (one,) = mail.channels["phone"].messages
        assert "It is broken." in one.body
        assert "It is near." not in one.body
        assert "Before it: WARN 2026-11-20 12:00:00" in one.body
        states = {row["notice"]: row["deliveries"][0]["state"] for row in recent(tmp_path / "outbox.db", 9)}
        assert states[str(first)] == "merged"


def test_what_was_journaled_before_the_first_start_with_messages_is_history(tmp_path: Path) -> None:
    with post(tmp_path) as mail:
        mail.journal.commit("start", {"mode": "warn"}, at=mail.iso())
        mail.says("BREACH", sentence="old")
        mail.journal.commit("start", {"mode": "warn"}, at=mail.iso())
        mail.says("BREACH", "leverage", sentence="new")
        mail.passes(0.0)
        assert [("old" in one.body, "new" in one.body) for one in mail.channels["phone"].messages] == [(False, True)]


def test_what_had_not_left_comes_after_a_restart_with_the_same_number(tmp_path: Path) -> None:
    with post(tmp_path) as mail:
        mail.channels["phone"].answers = [Delivery(done=False, why="down")]
        number = mail.says("BREACH")
        mail.passes(0.0)
    with post(tmp_path) as again:
        again.passes(60.0)
        assert [one.id for one in again.channels["phone"].messages] == [str(number)]


def test_what_was_journaled_while_no_notifier_ran_comes_with_the_next(tmp_path: Path) -> None:
    with post(tmp_path) as mail:
        mail.passes(0.0)
    with post(tmp_path) as mail:
        mail.says("BREACH")
    with post(tmp_path) as mail:
        mail.passes(1.0)
        assert mail.titles() == ["BREACH day (mine)"]


def test_failures_back_off_and_are_seen(tmp_path: Path) -> None:
    with post(tmp_path) as mail:
        mail.channels["phone"].answers = [Delivery(done=False, why="the service has a fault (500)")] * 3
        mail.says("BREACH")
        tried: list[int] = []
        mail.channels["phone"].hold = lambda: tried.append(round(mail.now[0]))
        for _ in range(60):
            mail.passes(1.0)
            if mail.titles():
                break
            (state,), (row,) = channels(tmp_path / "outbox.db"), waiting(tmp_path / "outbox.db")
            assert state["why"] == row["why"] == "the service has a fault (500)"
            assert row["tries"] == state["failures"] == len(tried)
        assert [later - earlier for earlier, later in pairwise(tried)] == [5, 10, 20]
        assert channels(tmp_path / "outbox.db")[0]["failures"] == 0


def test_the_service_says_how_long_it_wants_to_be_left_alone(tmp_path: Path) -> None:
    with post(tmp_path) as mail:
        mail.channels["phone"].answers = [Delivery(done=False, why="429", retry_after_s=120.0)]
        mail.says("BREACH")
        mail.passes(0.0)
        mail.passes(119.0)
        assert mail.titles() == []
        mail.passes(1.0)
        assert mail.titles() == ["BREACH day (mine)"]


def test_a_channel_that_hangs_holds_up_no_other_and_no_tick(tmp_path: Path) -> None:
    import threading  # noqa: PLC0415 - only here
    import time as clock  # noqa: PLC0415 - the same

    release = threading.Event()
    with post(tmp_path, PHONE, ChannelRules("mail", "env:MAIL")) as mail:
        mail.channels["phone"].hold = lambda: (release.wait(20.0), None)[1]
        mail.says("BREACH")
        began = clock.monotonic()
        while not mail.titles("mail"):
            mail.sender.tick()
            assert clock.monotonic() - began < 5.0
        assert mail.titles("phone") == []
        assert mail.sender.stuck_s() > 0.0
        release.set()
        mail.passes(0.0)
        assert mail.titles("phone") == ["BREACH day (mine)"]


def test_a_breach_is_repeated_until_somebody_acknowledges_it(tmp_path: Path) -> None:
    with post(tmp_path, repeat_s=60.0) as mail:
        number = mail.says("BREACH")
        mail.passes(0.0)
        mail.passes(59.0)
        assert len(mail.titles()) == 1
        mail.passes(1.0)
        mail.passes(60.0)
        messages = mail.channels["phone"].messages
        assert [one.id for one in messages] == [str(number)] * 3
        assert "message 3" in messages[-1].body
        assert unacknowledged(tmp_path / "outbox.db") == [str(number)]
        mail.acks(number)
        mail.passes(600.0)
        assert len(mail.titles()) == 3
        assert unacknowledged(tmp_path / "outbox.db") == []


@pytest.mark.parametrize("severity, kind, repeated", [("WARN", "period_loss", False), ("UNKNOWN", "period_loss", False),
                                                      ("UNKNOWN", "blind", True)])  # fmt: skip
def test_only_a_breach_and_blindness_are_repeated(tmp_path: Path, severity: str, kind: str, repeated: bool) -> None:
    with post(tmp_path, repeat_s=60.0) as mail:
        mail.says(severity, None if kind == "blind" else "day", kind=kind)
        mail.passes(3.0)
        mail.passes(61.0)
        mail.passes(3.0)
        assert len(mail.titles()) == 1 + repeated


def test_nothing_is_repeated_when_it_is_over_and_the_end_is_told(tmp_path: Path) -> None:
    with post(tmp_path, repeat_s=60.0) as mail:
        mail.says("BREACH")
        mail.passes(0.0)
        mail.says("OK", sentence="clear again.")
        mail.passes(10.0)
        mail.passes(600.0)
        assert mail.titles() == ["BREACH day (mine)", "clear day (mine)"]


def test_acknowledging_all_means_all_so_far_and_not_what_comes_later(tmp_path: Path) -> None:
    with post(tmp_path, repeat_s=60.0) as mail:
        mail.says("BREACH", "day")
        mail.says("BREACH", "leverage")
        mail.passes(0.0)
        mail.acks(None)
        mail.passes(1.0)
        later = mail.says("BREACH", "drawdown")
        mail.passes(0.0)
        mail.passes(120.0)
        assert unacknowledged(tmp_path / "outbox.db") == [str(later)]
        assert mail.titles().count("BREACH drawdown (mine)") == 2


def test_the_second_channel_hears_only_of_what_nobody_acknowledged(tmp_path: Path) -> None:
    boss = ChannelRules("boss", "env:BOSS", after_s=300.0)
    with post(tmp_path, PHONE, boss, repeat_s=0.0) as mail:
        first = mail.says("BREACH", "day")
        mail.passes(0.0)
        mail.acks(first)
        mail.passes(400.0)
        assert mail.titles("boss") == []
        mail.says("BREACH", "leverage")
        mail.says("WARN", "margin")
        mail.passes(299.0)
        assert mail.titles("boss") == []
        mail.passes(1.0)
        assert mail.titles("boss") == ["BREACH leverage (mine)"]
        mail.says("OK", "leverage")
        mail.passes(10.0)
        assert mail.titles("boss")[-1] == "clear leverage (mine)"


def test_a_channel_for_breaches_also_hears_that_one_is_over(tmp_path: Path) -> None:
    with post(tmp_path, ChannelRules("phone", "env:P", least=Severity.BREACH)) as mail:
        mail.says("WARN")
        mail.passes(5.0)
        mail.says("BREACH")
        mail.passes(5.0)
        mail.says("WARN")
        mail.passes(5.0)
        mail.says("OK")
        mail.passes(5.0)
        assert mail.titles() == ["BREACH day (mine)", "WARN day (mine)", "clear day (mine)"]


@pytest.mark.parametrize("own, expected", [(True, ["BREACH leverage (mine)"]),
                                           (False, ["WARN day (mine)", "BREACH leverage (mine)"])])  # fmt: skip
def test_quiet_hours_hold_everything_but_a_breach(tmp_path: Path, own: bool, expected: list[str]) -> None:
    quiet = Quiet(time(11, 0), time(13, 0), ZoneInfo("UTC"))
    with post(tmp_path, ChannelRules("phone", "env:P", quiet=own), quiet=quiet, repeat_s=0.0) as mail:
        mail.says("WARN", "day")
        mail.passes(10.0)
        mail.says("BREACH", "leverage")
        mail.passes(10.0)
        assert mail.titles() == expected
        mail.passes(3600.0)
        assert "WARN day (mine)" in mail.titles()


def test_more_than_the_hours_share_waits_but_a_breach_does_not(tmp_path: Path) -> None:
    with post(tmp_path, ChannelRules("phone", "env:P", per_hour=2), repeat_s=0.0) as mail:
        for name in ("a", "b", "c", "d"):
            mail.says("WARN", name)
            mail.passes(5.0)
        assert len(mail.titles()) == 2
        mail.says("BREACH", "e")
        mail.passes(1.0)
        assert mail.titles()[-1] == "BREACH e and 2 more (mine)"


def test_the_other_channels_hear_that_one_is_not_reached(tmp_path: Path) -> None:
    with post(tmp_path, PHONE, ChannelRules("mail", "env:MAIL"), repeat_s=0.0) as mail:
        mail.channels["phone"].answers = [Delivery(done=False, why="refused (401)")] * 50
        mail.says("BREACH")
        for _ in range(12):
            mail.passes(15.0)
        assert mail.titles("mail") == ["BREACH day (mine)", "phone is not reached (mine)"]
        assert "refused (401)" in mail.channels["mail"].messages[-1].body


def test_a_channel_that_is_not_configured_any_more_is_owed_nothing_and_says_so(tmp_path: Path) -> None:
    with post(tmp_path) as mail:
        mail.channels["phone"].answers = [Delivery(done=False, why="down")]
        mail.says("BREACH")
        mail.passes(0.0)
    with post(tmp_path, ChannelRules("mail", "env:MAIL")):
        (row,) = recent(tmp_path / "outbox.db", 9)
        assert row["deliveries"][0]["state"] == "given up"
        assert "no longer configured" in row["deliveries"][0]["why"]


def test_an_address_without_its_secret_fails_visibly_and_is_tried_again(tmp_path: Path) -> None:
    with post(tmp_path) as mail:
        courier = mail.sender._couriers["phone"]
        usable = courier._opening

        def without(_: ChannelRules) -> object:
            raise InputError("env:PHONE: the environment has no variable PHONE")

        courier._opening = without  # type: ignore[assignment]
        mail.says("BREACH")
        mail.passes(0.0)
        assert "no variable PHONE" in channels(tmp_path / "outbox.db")[0]["why"]
        courier._opening = usable
        mail.passes(10.0)
        assert mail.titles() == ["BREACH day (mine)"]


def test_a_fault_in_a_services_code_is_a_failed_delivery(tmp_path: Path) -> None:
    def fails() -> None:
        raise KeyError("oops")

    with post(tmp_path) as mail:
        mail.channels["phone"].hold = fails
        mail.says("BREACH")
        mail.passes(0.0)
        assert "has a fault (KeyError" in channels(tmp_path / "outbox.db")[0]["why"]


def test_a_week_without_success_is_given_up(tmp_path: Path) -> None:
    with post(tmp_path, repeat_s=0.0) as mail:
        mail.channels["phone"].answers = [Delivery(done=False, why="gone")] * 9
        mail.says("BREACH")
        mail.passes(0.0)
        mail.passes(8 * 86400.0)
        (row,) = recent(tmp_path / "outbox.db", 9)
        assert row["deliveries"][0]["state"] == "given up"
        assert waiting(tmp_path / "outbox.db") == []


def test_the_picture_shows_equity_and_the_floor_and_only_where_it_is_wanted(tmp_path: Path) -> None:
    with post(tmp_path, PHONE, ChannelRules("mail", "env:M", picture=False)) as mail:
        for equity in (10000.0, 9990.0, None, 9900.0):
            mail.journal.commit("heartbeat", {"equity": equity, "balance": 10000.0}, at=mail.iso())
        mail.says("BREACH", sentence="Loss of the day is 400.00; the floor is 9,600.00, counted from 10,000.00")
        mail.passes(0.0)
        assert (mail.channels["phone"].messages[0].picture or b"")[:4] == b"\x89PNG"
        assert mail.channels["mail"].messages[0].picture is None
        assert [value for _, value in mail.feed.equity] == [10000.0, 9990.0, 9900.0]


def test_the_day_is_summed_up_once_at_its_hour(tmp_path: Path) -> None:
    with post(tmp_path, daily=time(13, 0), repeat_s=0.0) as mail:
        mail.passes(0.0)
        for equity in (10000.0, 9700.0, 9900.0):
            mail.journal.commit("heartbeat", {"equity": equity, "balance": 10000.0}, at=mail.iso())
        mail.says("BREACH")
        mail.journal.commit("sight", {"blind_s": 12.0}, at=mail.iso())
        mail.passes(10.0)
        mail.passes(3600.0)
        mail.passes(60.0)
        assert mail.titles() == ["BREACH day (mine)", "Summary of the day (mine)"]
        body = mail.channels["phone"].messages[-1].body
        assert "Equity: 9,900.00, -100.00 since the last summary; lowest 9,700.00" in body
        assert "Notices: 1 BREACH" in body
        assert "Blind: 12 s in all" in body
        mail.passes(86400.0)
        assert mail.titles()[-1] == "Summary of the day (mine)"
        assert "Equity: not seen" in mail.channels["phone"].messages[-1].body
        assert len(mail.titles()) == 3


def test_a_kill_while_notices_are_taken_in_neither_loses_nor_doubles_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    with post(tmp_path) as mail:
        mail.passes(0.0)
        mail.says("BREACH", "day")
        mail.says("BREACH", "leverage")
        taken: list[str] = []
        take = mail.store.take

        def dies(entry: Entry, channels: Iterable[ChannelRules]) -> None:
            if taken:
                raise Killed
            taken.append(entry.id)
            take(entry, channels)

        monkeypatch.setattr(mail.store, "take", dies)
        with pytest.raises(Killed):
            mail.sender.tick()
    assert recent(tmp_path / "outbox.db", 9) == []
    with post(tmp_path) as again:
        again.passes(0.0)
        again.passes(10.0)
        assert again.titles() == ["BREACH day and 1 more (mine)"]
