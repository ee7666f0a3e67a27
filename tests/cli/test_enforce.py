"""Armed, acting, locked, overridden, reloaded: the commands over the simulated terminal, each a process of its own."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from guard.journal.port import Row
from guard.journal.sqlite import open_readonly
from tests.launch import ROOT, Running, environment, guard, options, running

LEVERAGE = """format = "guard.config/1"
mode = "{mode}"
[[limits]]
kind = "effective_leverage"
max = {max}
stages = [{{ at_pct = 70, actions = ["warn"] }}, {{ at_pct = 100, actions = ["warn", "reduce", "block_new"] }}]
"""
SIGNED = ("--login", "5012345", "--without-rehearsal")


class Place:
    """A home, a configuration and an account of its own; 1.5 lots are about sixteen times the balance."""

    def __init__(self, folder: Path, **account: Any) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        self.file = folder / "limits.toml"
        self.account = options(
            speed=1, start=datetime.now(UTC).isoformat(), leverage=500,
            positions=[{"symbol": "EURUSD", "side": 1, "lots": 1.5, "sl": 0.9}], **account,
        )  # fmt: skip
        self.limits()

    def limits(self, value: float = 10.0, mode: str = "enforce") -> None:
        self.file.write_text(LEVERAGE.format(max=value, mode=mode), encoding="utf-8")

    def guard(self, *words: str) -> subprocess.CompletedProcess[str]:
        with_config = ("--config", str(self.file)) if words[0] in ("run", "arm", "check") else ()
        return guard(*words, *with_config, home=self.home, account=self.account)

    def armed(self, *words: str) -> "Place":
        done = self.guard("arm", *SIGNED, "--allow", "reduce", *words)
        assert done.returncode == 0, done.stderr
        return self

    def running(self) -> Any:
        return running(self.home, self.account, "--config", str(self.file))

    def rows(self, *kinds: str) -> list[Row]:
        (file,) = self.home.glob("state/*/journal.db")
        with closing(open_readonly(file)) as journal:
            return [row for row in journal.rows() if row.kind in kinds]

    def until(self, found: Callable[[], Any], within_s: float = 15.0) -> Any:
        deadline = time.monotonic() + within_s
        while not (value := found()):
            assert time.monotonic() < deadline, "it did not come about in time"
            time.sleep(0.1)
        return value

    def status(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = json.loads(self.guard("status", "--json").stdout)["guards"][0]
        return found


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_unarmed_it_does_not_run_in_enforce_and_says_how(place: Place) -> None:
    done = place.guard("run")
    assert done.returncode == 3
    assert "guard arm" in done.stderr


def test_a_look_without_acting_is_always_possible(place: Place) -> None:
    done = place.guard("check")
    assert done.returncode == 12
    assert place.rows("deed", "intent", "rehearsed") == []


@pytest.mark.parametrize(
    "words, code, says",
    [
        (("--login", "5012345"), 2, "--without-rehearsal"),
        (("--without-rehearsal",), 2, "--login"),
        (("--without-rehearsal", "--login", "7"), 2, "7 is not the account number"),
        ((*SIGNED, "--allow", "flatten"), 2, "no limit asks for it"),
        ((*SIGNED, "--confirm", "open_risk"), 2, "open_risk"),
    ],
)
def test_without_a_signature_nothing_is_armed(place: Place, words: tuple[str, ...], code: int, says: str) -> None:
    done = place.guard("arm", *words)
    assert (done.returncode, says in done.stderr) == (code, True), done.stderr
    assert place.guard("run").returncode == 3


def test_arming_needs_the_mode_in_the_file(place: Place) -> None:
    place.limits(mode="warn")
    done = place.guard("arm", *SIGNED)
    assert done.returncode == 3
    assert 'mode = "enforce"' in done.stderr


def test_arming_shows_tickets_lots_and_money_and_sends_nothing(place: Place) -> None:
    done = place.guard("arm", *SIGNED, "--json")
    shown = json.loads(done.stdout)
    (reduce,) = [row for row in shown["limits"] if row["action"] == "reduce"]
    (deed,) = reduce["deeds"]
    assert reduce["reached"] is True
    assert deed["lots"] == pytest.approx(0.63, abs=0.05)
    assert isinstance(deed["realizes"], float)
    assert (shown["armed"], shown["allowed"], shown["not_allowed"]) == (True, [], ["reduce"])
    assert place.rows("deed", "outcome") == []
    (row,) = place.rows("armed")
    assert row.body["without_rehearsal"] is True


def test_the_real_command_refuses_a_simulated_terminal_and_a_foreign_module(place: Place) -> None:
    with_module = place.file.read_text(encoding="utf-8") + '[terminal]\nmodule = "fakes.metatrader5"\n'
    place.file.write_text(with_module, encoding="utf-8")
    words = ("arm", *SIGNED, "--config", str(place.file))
    foreign = guard(*words, home=place.home, account=place.account, root=False)
    assert foreign.returncode == 3
    assert "--foreign-module" in foreign.stderr
    simulated = guard(*words, "--foreign-module", home=place.home, account=place.account, root=False)
    assert simulated.returncode == 5
    assert "simulated terminal" in simulated.stderr
    assert not list(place.home.glob("state/*/journal.db"))


def test_armed_and_confirmed_it_closes_what_is_too_much(place: Place) -> None:
    place.armed("--confirm", "effective_leverage")
    with place.running():
        place.until(lambda: place.rows("outcome"))
        place.until(lambda: place.status()["figures"]["effective_leverage"] < 10.0)
    deeds, outcomes = place.rows("deed"), place.rows("outcome")
    assert [row.body["retcode"] for row in outcomes] == [10009]
    assert [row.body["id"] for row in deeds] == [row.body["deed_id"] for row in outcomes]


def test_what_was_there_when_it_was_armed_is_only_told_until_it_is_confirmed(place: Place) -> None:
    place.armed()
    with place.running():
        time.sleep(2.0)
        assert place.rows("deed") == []
        done = place.guard("arm", "--confirm", "effective_leverage")
        assert done.returncode == 0, done.stderr
        place.until(lambda: place.rows("outcome"))


def test_an_action_that_is_not_allowed_is_not_carried_out(place: Place) -> None:
    assert place.guard("arm", *SIGNED, "--confirm", "effective_leverage").returncode == 0
    with place.running() as guarded:
        assert any(line.startswith("told") and "reduce" in line for line in guarded.events[-1]["banner"])
        time.sleep(2.0)
        assert place.rows("deed") == []


def test_flatten_closes_a_part_and_then_all(place: Place) -> None:
    place.armed()
    with place.running():
        refused = place.guard("flatten", "--json")
        assert refused.returncode == 2
        assert "--yes" in refused.stderr
        assert place.guard("flatten", "--symbol", "XAUUSD", "--yes").returncode == 3
        assert place.guard("flatten", "--side", "up", "--yes").returncode == 3
        half = json.loads(place.guard("flatten", "--pct", "50", "--yes", "--json").stdout)
        assert (half["done"], len(half["positions"])) == (True, 1)
        place.until(lambda: [row.body["volume"] for row in place.rows("outcome")] == [0.75])
        assert place.guard("flatten", "--yes").returncode == 0
        place.until(lambda: place.status()["figures"]["positions"] == 0)
    assert [row.body["volume"] for row in place.rows("outcome")] == [0.75, 0.75]


@pytest.mark.parametrize("mode", ["warn", "rehearse"])
def test_where_the_worker_cannot_send_flatten_says_so(place: Place, mode: str) -> None:
    place.limits(mode=mode)
    with place.running():
        done = place.guard("flatten", "--yes")
        assert done.returncode == 3
        assert "cannot flatten in its mode" in done.stdout
        locked = place.guard("lock", "--for", "1h")
        assert locked.returncode == (3 if mode == "warn" else 0)


def test_a_rehearsal_writes_what_it_would_do_and_does_nothing(place: Place) -> None:
    place.limits(mode="rehearse")
    place.account["positions"] = []
    with place.running():
        pass
    place.account["positions"] = [{"symbol": "EURUSD", "side": 1, "lots": 1.5, "sl": 0.9}]
    with place.running():
        (row,) = place.until(lambda: place.rows("rehearsed"))
        assert row.body["request"]["action"] == 1
        time.sleep(1.0)
    assert len(place.rows("rehearsed")) == 1
    assert place.rows("deed", "outcome") == []


def test_a_lock_holds_over_a_restart_and_one_without_override_cannot_be_lifted(place: Place) -> None:
    place.armed()
    with place.running() as one:
        assert place.guard("lock", "--for", "eternity").returncode == 2
        assert place.guard("lock", "--for", "4h", "--no-override", "--reason", "enough", "--yes").returncode == 0
        place.until(lambda: place.status()["locks"])
        one.kill()
    with place.running():
        (lock,) = place.until(lambda: place.status()["locks"])
        assert (lock["reason"], lock["no_override"]) == ("enough", True)
        assert 4 * 3600 - 120 < lock["remaining_s"] <= 4 * 3600
        assert place.guard("unlock").returncode == 2
        done = place.guard("unlock", "--reason", "please")
        assert done.returncode == 3
        assert "without override" in done.stdout
        shown = place.guard("status").stdout
        assert "LOCKED for 3 h 59 min more" in shown
        assert "nobody can lift it before: enough" in shown


def test_an_override_waits_and_is_journaled(place: Place) -> None:
    place.armed()
    with place.running():
        assert place.guard("lock", "--until", "week", "--reason", "tired").returncode == 0
        done = json.loads(place.guard("unlock", "--reason", "rested", "--json").stdout)
        assert done["done"] is True
        (asked,) = place.rows("override")
        assert asked.body["reason"] == "rested"
        place.until(lambda: place.status()["overrides"])
        assert place.status()["locks"]
        assert place.rows("overridden") == []


def test_stop_ends_it_and_waits(place: Place) -> None:
    with Place.running(place.armed()) as guarded:
        done = place.guard("stop")
        assert done.returncode == 0, done.stderr
        assert guarded.process.wait(5) == 0
    assert place.guard("stop").returncode == 5


def sentences(guarded: Running, word: str) -> str:
    found = guarded.until(lambda event: event["event"] == "notice" and word in event["sentence"])
    return str(found["sentence"])


def test_an_edited_file_tightens_at_once_and_loosens_later(place: Place) -> None:
    place.limits(20.0)
    place.armed()
    with place.running() as guarded:
        place.limits(25.0)
        assert "max 20 becomes 25" in sentences(guarded, "Looser")
        place.file.write_text("format = ", encoding="utf-8")
        assert "last good one stays" in sentences(guarded, "last good")
        place.limits(10.0, mode="warn")
        sentences(guarded, "restart")
        place.until(lambda: place.rows("outcome"))
    held = place.rows("policy")[-1].body
    assert [limit["max"] for limit in held["document"]["limits"]] == [10.0]
    assert [wait["key"] for wait in held["waits"]] == ["mode"]
    # A restart with a looser file and a lower mode: what binds goes on.
    place.limits(30.0, mode="warn")
    with place.running() as guarded:
        assert guarded.events[-1]["mode"] == "enforce"
        assert any("max 10 becomes 30" in line for line in guarded.events[-1]["banner"])


def test_without_arming_an_edited_file_counts_at_once(place: Place) -> None:
    place.limits(10.0, mode="warn")
    with place.running() as guarded:
        place.limits(30.0, mode="warn")
        sentences(guarded, "Other limits are in force")
        place.until(lambda: place.status()["verdicts"][0]["threshold"] == 30.0)


@pytest.mark.parametrize("mode", ["warn", "rehearse"])
def test_the_worker_of_a_guard_that_does_not_act_is_started_without_the_ability_to_send(
    place: Place, mode: str
) -> None:
    if not Path("/proc").is_dir():
        pytest.skip("looks at process lists of Linux")
    place.limits(mode=mode)
    with place.running() as guarded:
        lines = [
            file.read_bytes().replace(b"\0", b" ").decode()
            for file in Path(f"/proc/{guarded.process.pid}/task/{guarded.process.pid}").glob("children")
            for child in file.read_text(encoding="ascii").split()
            for file in [Path(f"/proc/{child}/cmdline")]
        ]
        workers = [line for line in lines if "guard.terminal.worker" in line or "--module" in line]
        assert workers
        assert all("--may-send" not in line for line in workers)


def test_the_commands_are_known_to_the_real_command_line() -> None:
    for name in ("arm", "flatten", "lock", "unlock", "stop"):
        done = subprocess.run(
            [sys.executable, "-m", "guard", name, "--help"], env=environment(None), cwd=ROOT, capture_output=True,
            text=True, encoding="utf-8", timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0
        assert "--json" in done.stdout
