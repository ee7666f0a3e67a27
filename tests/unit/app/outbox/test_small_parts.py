import json
import struct
import zlib
from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from guard.app import logging as guard_logging
from guard.app.outbox.child import Notifier, wanted
from guard.app.outbox.png import HEIGHT, WIDTH, equity_picture
from guard.app.outbox.rules import Quiet, back_off_s, last_instant, rules_of
from guard.app.outbox.secrets import resolve
from guard.app.outbox.store import Entry, open_store
from guard.app.outbox.vital import Heartbeat, Pulse, Silence, pulse
from guard.app.outbox.words import entry_of
from guard.model.errors import InputError
from guard.model.verdict import Severity
from tests.services import web

PRAGUE = ZoneInfo("Europe/Prague")


@pytest.fixture(autouse=True)
def _no_known_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard_logging, "_known", set[str]())


def test_an_address_of_the_environment_is_found_and_hidden_in_all_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    address = "https://user:pass%2Dword@host.example/path-one?key=longvalue"
    monkeypatch.setenv("HOOK", f" {address}\n")
    assert resolve("env:HOOK") == address
    for part in (address, "pass%2Dword", "pass-word", "path-one", "longvalue", "user:pass%2Dword"):
        assert part not in guard_logging.masked(f"it said {part}, twice {part}")


def test_an_address_that_is_not_there_is_said_by_its_reference() -> None:
    with pytest.raises(InputError, match="env:NOT_THERE"):
        resolve("env:NOT_THERE")


def test_a_picture_is_a_png_of_its_size_and_shows_the_floor() -> None:
    picture = equity_picture([10000.0, 9900.0, 9950.0], 9800.0)
    assert picture is not None
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", picture[16:24]) == (WIDTH, HEIGHT)
    pixels = zlib.decompress(picture[picture.index(b"IDAT") + 4 :])
    assert len(pixels) == HEIGHT * (WIDTH + 1)
    assert {0, 1, 2, 3, 4} == set(pixels)
    without = equity_picture([10000.0, 9900.0], None)
    assert without is not None
    assert 3 not in zlib.decompress(without[without.index(b"IDAT") + 4 :])


@pytest.mark.parametrize("equity", [[], [1.0]])
def test_without_two_points_there_is_no_picture(equity: list[float]) -> None:
    assert equity_picture(equity, 1.0) is None


@pytest.mark.parametrize("equity", [[0.0, 0.0], [5.0] * 5000, [-1e12, 1e12, 0.0]])
def test_any_equity_can_be_drawn(equity: list[float]) -> None:
    assert equity_picture(equity, 5.0) is not None


def test_a_short_dip_stays_in_the_picture() -> None:
    flat, dip = [100.0] * 5000, [100.0] * 5000
    dip[2500] = 50.0
    assert equity_picture(flat, 50.0) != equity_picture(dip, 50.0)


@pytest.mark.parametrize(
    "begin, end, clock, within",
    [("22:00", "07:00", "22:00", True), ("22:00", "07:00", "06:59", True), ("22:00", "07:00", "07:00", False),
     ("22:00", "07:00", "12:00", False), ("09:00", "17:00", "09:00", True), ("09:00", "17:00", "17:00", False)],
)  # fmt: skip
def test_quiet_hours_are_local_and_may_pass_midnight(begin: str, end: str, clock: str, within: bool) -> None:
    quiet = Quiet(time.fromisoformat(begin), time.fromisoformat(end), PRAGUE)
    local = datetime.combine(datetime(2026, 7, 1, tzinfo=PRAGUE).date(), time.fromisoformat(clock), PRAGUE)
    assert quiet.at(local.astimezone(UTC)) is within


def test_the_last_instant_of_an_hour_follows_the_zone_over_summer_time() -> None:
    now = datetime(2026, 3, 29, 21, 0, tzinfo=UTC)  # 23:00 in Prague, whose summer time began that day
    assert last_instant(time(22, 0), PRAGUE, now).astimezone(UTC) == datetime(2026, 3, 29, 20, 0, tzinfo=UTC)
    assert last_instant(time(22, 0), PRAGUE, now, 5).astimezone(UTC) == datetime(2026, 3, 28, 21, 0, tzinfo=UTC)


def test_waiting_grows_to_five_minutes_and_is_spread() -> None:
    assert [back_off_s(n, 0.0) for n in (1, 2, 3, 4, 5, 6, 7, 8, 1000)] == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    assert back_off_s(1, 1.0) == 6.0


def test_rules_come_from_the_effective_document() -> None:
    rules = rules_of({
        "trading_day": {"tz": "Europe/Prague", "time": "00:00"},
        "notices": {"daily": "off", "weekly": "monday", "quiet": {"begin": "22:00", "end": "07:00"}},
        "notify": [{"url": "env:A"}, {"url": "env:B", "name": "b", "least": "breach", "after_s": 60.0}],
    }, "5012345")  # fmt: skip
    assert [one.name for one in rules.channels] == ["channel-1", "b"]
    assert rules.channels[1].least is Severity.BREACH
    assert (rules.daily, rules.weekly, rules.weekday, rules.label) == (None, time(22, 0), 0, "5012345")
    assert rules.quiet is not None
    assert rules.quiet.zone == PRAGUE


def test_a_message_says_what_how_much_what_was_done_and_what_is_left() -> None:
    body = {"at": "2026-11-20T14:00:00Z", "severity": "WARN", "limit": "day", "kind": "period_loss",
            "sentence": "Loss of the day is 300.00; the floor is 9,600.00, counted from 10,000.00"}  # fmt: skip
    verdict = {"value": 300.0, "threshold": 400.0, "utilization_pct": 75.0, "unit": "USD"}
    entry = entry_of(5, body, verdict, [], "warn")
    assert "How much: 300 of 400 USD (75 % of the limit)" in entry.body
    assert "Left: 100 USD" in entry.body
    assert "Done: nothing; in mode warn the guard watches and tells" in entry.body
    assert (entry.floor, entry.needs_ack) == (9600.0, False)
    deeds = [{"action": "flatten", "ticket": 7, "symbol": "EURUSD", "volume_lots": 0.5}]
    rehearsed = entry_of(5, body, None, deeds, "rehearse").body
    assert "planned and not sent (rehearsal): flatten EURUSD #7 0.5 lots" in rehearsed
    assert "begun: flatten EURUSD #7" in entry_of(5, body, None, deeds, "enforce").body


@pytest.mark.parametrize(
    "value, used, said",
    [(450.0, 112.5, "Left: nothing; it is 50 USD beyond"), (None, None, ""), ("inf", "inf", "Left: nothing"),
     (450.0, None, "Left: not known")],
)  # fmt: skip
def test_what_is_left_is_never_guessed(value: object, used: object, said: str) -> None:
    body = {"at": "2026-11-20T14:00:00Z", "severity": "BREACH", "limit": "day", "kind": "k", "sentence": "s"}
    verdict = {"value": value, "threshold": 400.0, "utilization_pct": used, "unit": "USD"}
    assert said in entry_of(5, body, verdict, [], "warn").body


def test_the_floor_in_the_limits_own_sentence_is_understood() -> None:
    from guard.settings.load import default_policy  # noqa: PLC0415 - the real sentence, whatever it says today
    from tests.builders import broke, look  # noqa: PLC0415

    (loss,) = [v for v in look(broke(), policy=default_policy()).verdicts if v.limit == "max_drawdown"]
    body = {"at": "2026-11-20T14:00:00Z", "severity": "BREACH", "limit": loss.limit, "kind": loss.kind}
    assert entry_of(5, {**body, "sentence": loss.sentence}, None, [], "warn").floor is not None


def beats(folder: Path, at: str, state: str = "watching") -> Path:
    path = folder / "status.json"
    path.write_text(json.dumps({"at": at, "state": state}), encoding="utf-8")
    return path


def asked(silence: Silence, clock: list[float], found: Pulse | None, seconds: int, step_s: float = 0.5) -> list[Entry]:
    told = []
    for _ in range(int(seconds / step_s)):
        clock[0] += step_s
        told += [entry for entry in [silence.notice(found)] if entry is not None]
    return told


def test_a_guard_that_finishes_no_look_is_called_silent_once_and_its_return_is_told() -> None:
    clock = [1000.0]
    silence = Silence(lambda: clock[0])
    look = Pulse(5.0, sees=True, document={})
    assert asked(silence, clock, look, 59) == []
    (told,) = asked(silence, clock, look, 200)
    assert "has not finished a look for 60 s" in told.body
    (back,) = asked(silence, clock, Pulse(9.0, sees=True, document={}), 20)
    assert back.severity is Severity.OK


def test_a_guard_that_goes_on_looking_or_slept_with_its_computer_is_not_silent() -> None:
    clock = [1000.0]
    silence = Silence(lambda: clock[0])
    for number in range(40):
        assert asked(silence, clock, Pulse(number, sees=True, document={}), 5) == []
    assert asked(silence, clock, Pulse(39.0, sees=True, document={}), 28800, 28800.0) == []


@pytest.mark.parametrize("text", ["", "{}", '{"at": 5, "state": "watching"}', '{"at": "x", "state": "watching"}'])
def test_half_a_status_file_is_no_pulse(tmp_path: Path, text: str) -> None:
    (tmp_path / "status.json").write_text(text, encoding="utf-8")
    assert pulse(tmp_path / "status.json") is None


def heartbeat(address: str, status: Path) -> Heartbeat:
    one = Heartbeat.__new__(Heartbeat)
    one.why, one.last_sent, one._told = "", None, 0.0
    one._opening, one._every_s, one._status = lambda: address, 0.2, status
    return one


def test_the_heartbeat_calls_once_a_finished_look_that_saw_the_account(tmp_path: Path) -> None:
    with web() as served:
        one = heartbeat(served.url("http", "ping"), beats(tmp_path, "2026-11-20T14:00:00Z"))
        assert one.beat()
        assert not one.beat()
        beats(tmp_path, "2026-11-20T14:00:01Z", "blind")
        assert not one.beat()
        beats(tmp_path, "2026-11-20T14:00:02Z")
        assert one.beat()
        assert [seen.path for seen in served.seen] == ["/ping", "/ping"]


def test_a_heartbeat_that_does_not_arrive_says_why_and_is_not_counted(tmp_path: Path) -> None:
    status = beats(tmp_path, "2026-11-20T14:00:00Z")
    with web() as served:
        served.answers.append((404, {}, "{}"))
        one = heartbeat(served.url("http", "ping"), status)
        assert not one.beat()
        assert "refused (404)" in one.why
        assert one.beat()
        assert one.why == ""
    wrong = heartbeat("ftp://host", status)
    assert not wrong.beat()
    assert "http" in wrong.why
    dead = heartbeat("http://127.0.0.1:9/ping", status)
    assert not dead.beat()
    assert "no answer" in dead.why


@pytest.mark.parametrize(
    "document, expected",
    [({}, False), ({"notify": []}, False), ({"notices": {}}, False), ({"notify": [{"url": "env:A"}]}, True),
     ({"heartbeat": {"url": "x"}}, True)],
)  # fmt: skip
def test_the_notifier_runs_only_when_there_is_somewhere_to_send(document: dict[str, object], expected: bool) -> None:
    assert wanted(document) is expected


def test_an_outbox_of_a_newer_guard_is_refused(tmp_path: Path) -> None:
    import sqlite3  # noqa: PLC0415 - to play the newer guard
    from contextlib import closing  # noqa: PLC0415

    open_store(tmp_path / "outbox.db").close()
    with closing(sqlite3.connect(tmp_path / "outbox.db")) as raw:
        raw.execute("PRAGMA user_version = 77")
    with pytest.raises(InputError, match="schema 77"):
        open_store(tmp_path / "outbox.db")


def test_a_notifier_that_is_never_started_can_be_closed(tmp_path: Path) -> None:
    from guard.app.home import Account, Home  # noqa: PLC0415 - only here

    Notifier(Account(1, "S"), Home(tmp_path), {}).close()
