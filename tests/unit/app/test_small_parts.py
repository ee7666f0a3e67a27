"""The small parts of the loop: ledger, blindness, the second look, the rate, masking, pins, the scheduler."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from guard.app.blindness import Blindness
from guard.app.cycle import Outcome
from guard.app.flat import FlatCheck
from guard.app.home import Account, Home
from guard.app.identity import Expected, check_identity, pin_name, read_pin, write_pin
from guard.app.ledger import DealLedger, deals_from
from guard.app.masking import masked_snapshot
from guard.app.rate import FLAT_S, NEAR_S, NORMAL_S, Rate
from guard.app.schedule import Schedule
from guard.model.errors import InputError, WrongAccountError
from guard.model.snapshot_json import read_snapshot
from guard.model.state import Anchor, State
from tests.builders import BEGAN, broke, document, look, position


def deal(ticket: int, at: int = 0) -> dict[str, Any]:
    return {"ticket": ticket, "time_msc": at, "comment": "", "external_id": ""}


# ---- the ledger


def test_deals_add_up_in_order_whatever_part_is_sent() -> None:
    ledger = DealLedger()
    ledger.merge({"deals": [deal(1, 10), deal(2, 20)]})
    merged = ledger.merge({"deals": [deal(3, 15)]})["deals"]
    assert isinstance(merged, list)
    assert [one["ticket"] for one in merged] == [1, 3, 2]


def test_the_list_stays_the_same_object_while_nothing_is_new() -> None:
    ledger = DealLedger()
    first = ledger.merge({"deals": [deal(1)]})["deals"]
    assert ledger.merge({"deals": [deal(1)]})["deals"] is first


def test_absent_deals_stay_absent_and_empty_ones_empty() -> None:
    ledger = DealLedger()
    assert "deals" not in ledger.merge({})
    assert ledger.merge({"deals": []})["deals"] == []


def test_deals_are_read_from_before_the_oldest_anchor() -> None:
    old = BEGAN - timedelta(days=90)
    state = State(anchors={"life": Anchor("life", old.isoformat(), 1.0, 1.0, "seen")})
    assert deals_from(state, BEGAN) == old - timedelta(days=1)
    assert deals_from(None, BEGAN) == BEGAN - timedelta(days=8)


# ---- blindness


def test_the_user_is_told_once_after_the_time_and_again_only_after_seeing() -> None:
    blind = Blindness(3.0, 100.0)
    assert blind.begins("gone", 101.5)
    assert not blind.tells(102.9)
    assert blind.tells(103.0)
    assert not blind.tells(110.0)
    assert blind.ends(111.0) == (11.0, True)
    assert blind.ends(112.0) is None


def test_a_changing_reason_is_written_at_most_every_ten_seconds() -> None:
    blind = Blindness(3.0, 0.0)
    assert [blind.begins(f"reason {s}", float(s)) for s in range(12)] == [True, *[False] * 9, True, False]


# ---- an empty list


def test_an_empty_list_is_believed_after_a_second_look_one_second_later() -> None:
    check, empty = FlatCheck(), read_snapshot(document(positions=[]))
    assert check.doubt(empty, 10.0) is not None
    assert check.doubt(empty, 10.9) is not None
    assert check.doubt(empty, 11.0) is None
    assert check.doubt(empty, 11.1) is None
    check.reset()
    assert check.doubt(empty, 12.0) is not None


def test_positions_in_sight_prove_the_list_and_unknown_ones_are_not_an_empty_list() -> None:
    check = FlatCheck()
    assert check.doubt(read_snapshot(document()), 1.0) is None
    closed = document(positions=[], account={"balance": 9990.0})
    assert check.doubt(read_snapshot(closed), 1.1) is None
    unknown = document()
    del unknown["positions"]
    assert FlatCheck().doubt(read_snapshot(unknown), 1.0) is None


@pytest.mark.parametrize("balance", [10000.0, 0.0], ids=["the balance unchanged", "an empty account"])
def test_positions_that_are_gone_without_a_trace_are_not_believed_for_ten_seconds(balance: float) -> None:
    check, gone = FlatCheck(), read_snapshot(document(positions=[], account={"balance": balance}))
    check.doubt(read_snapshot(document()), 1.0)
    check.reset()
    assert "without a trace" in (check.doubt(gone, 2.0) or "")
    assert check.doubt(gone, 11.9) is not None
    assert check.doubt(gone, 12.0) is None
    assert check.doubt(gone, 12.1) is None


def test_what_an_unconnected_terminal_lists_is_left_to_the_engine_and_doubted_once_it_is_connected() -> None:
    check, gone = FlatCheck(), read_snapshot(document(positions=[]))
    check.doubt(read_snapshot(document()), 1.0)
    unlinked = read_snapshot(document(positions=[], terminal={"connected": False}))
    assert check.doubt(unlinked, 2.0) is None
    assert bool(check.gone) is False
    assert check.doubt(unlinked, 60.0) is None
    assert check.doubt(gone, 61.0) is not None
    assert check.gone is True
    assert check.doubt(gone, 70.9) is not None


def test_positions_that_come_back_end_the_doubt() -> None:
    check, gone = FlatCheck(), read_snapshot(document(positions=[]))
    check.doubt(read_snapshot(document()), 1.0)
    assert check.doubt(gone, 2.0) is not None
    assert check.doubt(read_snapshot(document()), 5.0) is None
    assert check.doubt(gone, 6.0) is not None


# ---- the rate


def outcome(made: dict[str, Any], state: State | None = None) -> Outcome:
    return Outcome("", None, look(made, state), read_snapshot(made))


def test_four_looks_a_second_ten_near_a_limit_or_after_a_trade_one_when_flat() -> None:
    calm = document(positions=[position(sl=1.0999)])
    state = look(calm).state
    rate = Rate()
    assert rate.after(outcome(calm, state), 0.0) == NORMAL_S
    assert rate.after(outcome({**calm, "positions": []}, state), 1.0) == NEAR_S  # a trade
    assert rate.after(outcome({**calm, "positions": []}, state), 9.0) == FLAT_S
    assert Rate().after(outcome(broke(), look(broke()).state), 0.0) == NEAR_S
    assert Rate(0.5).after(outcome(broke()), 0.0) == 0.5
    assert Rate().after(Outcome("", "gone"), 0.0) == NORMAL_S


# ---- masking


def test_a_masked_snapshot_names_nobody_and_keeps_every_figure() -> None:
    wire = {**deal(1), "comment": "wire from A. Trader"}
    made = document(positions=[position(comment="my secret plan")], deals=[wire])
    masked = masked_snapshot(made)
    text = json.dumps(masked)
    for word in ("5012345", "Broker-Demo", "A. Trader", "A Broker", "Broker MT5", "secret plan", "x1"):
        assert word not in text
    assert masked["account"]["login"] == 0
    assert masked["account"]["balance"] == 10000.0
    assert masked["positions"][0]["volume"] == 0.1
    assert masked["positions"][0]["ticket"] == 1
    assert masked_snapshot(document())["positions"][0]["comment"] == ""


# ---- identity


def test_the_expected_account_passes_and_any_other_does_not() -> None:
    seen = read_snapshot(document())
    assert check_identity(seen, Expected(5012345, "broker-demo", r"C:\Program Files\Broker MT5\terminal64.exe")) is None
    assert check_identity(seen, Expected()) is None
    for wrong in (Expected(1), Expected(5012345, "Other"), Expected(None, None, r"D:\MT5\terminal64.exe")):
        with pytest.raises(WrongAccountError):
            check_identity(seen, wrong)


@pytest.mark.parametrize("account", [{"login": 0}, {"login": None}, {"server": ""}])
def test_a_terminal_that_does_not_tell_its_account_is_blind_not_wrong(account: dict[str, Any]) -> None:
    assert "log in" in (check_identity(read_snapshot(document(account=account)), Expected(5012345)) or "")


def test_a_pin_is_kept_for_each_configuration(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert read_pin(home, pin_name(None)) is None
    write_pin(home, pin_name(None), Account(1, "A"))
    write_pin(home, pin_name(tmp_path / "b.toml"), Account(2, "B"))
    assert read_pin(home, pin_name(None)) == Account(1, "A")
    assert read_pin(home, pin_name(tmp_path / "b.toml")) == Account(2, "B")


@pytest.mark.parametrize("text", ["", "[]", '{"format": "guard.pins/1", "pins": {"defaults": {"login": "x"}}}'])
def test_a_damaged_pin_file_stops_the_start(tmp_path: Path, text: str) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "pinned.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"pinned\.json"):
        read_pin(Home(tmp_path), "defaults")


# ---- the scheduler


def test_the_scheduler_asks_and_the_loop_collects_each_kind_once() -> None:
    schedule = Schedule({"quick": 1})
    schedule.start()
    try:
        scheduler = schedule._scheduler
        (job,) = scheduler.get_jobs()
        assert (job.coalesce, job.max_instances, job.misfire_grace_time) == (True, 1, None)
        assert str(scheduler.timezone) == "UTC"
        deadline = time.monotonic() + 5.0
        while (due := schedule.due()) == [] and time.monotonic() < deadline:
            time.sleep(0.05)
        assert due == ["quick"]
        job.modify(next_run_time=datetime.now(UTC) - timedelta(seconds=60))  # a minute late: it still runs, once
        schedule._asked.put("quick")
        schedule._asked.put("quick")
        assert schedule.due() == ["quick"]
    finally:
        schedule.close()
        schedule.close()
