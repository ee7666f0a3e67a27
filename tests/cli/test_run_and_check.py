"""The exit codes and answers of run, check, status, watch and snapshot, each by its own process."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from guard.journal.sqlite import open_readonly
from tests.launch import environment, guard, options, running

HUGE = [{"symbol": "EURUSD", "side": 1, "lots": 1.5, "sl": 0.0}]
WARNING = [{"symbol": "EURUSD", "side": 1, "lots": 0.75, "sl": 0.0}]
LEVERAGE = """
format = "guard.config/1"
[[limits]]
kind = "effective_leverage"
max = 10.0
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def configured(home: Path, text: str) -> str:
    path = home.parent / "limits.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def journal_of(home: Path) -> Path:
    (found,) = home.glob("state/*/journal.db")
    return found


def test_check_of_a_calm_account_exits_0(home: Path) -> None:
    done = guard("check", "--config", configured(home, LEVERAGE), home=home, account=options())
    assert (done.returncode, done.stderr) == (0, "")
    assert "OK" in done.stdout


def test_check_exits_10_when_a_limit_warns(home: Path) -> None:
    done = guard("check", "--config", configured(home, LEVERAGE), home=home, account=options(positions=WARNING))
    assert done.returncode == 10, done.stdout + done.stderr


def test_check_exits_11_when_a_limit_cannot_be_told(home: Path) -> None:
    silent = {"call": "positions_get", "nth": 1, "times": 1000}
    done = guard("check", home=home, account=options(none=silent))
    assert done.returncode == 11, done.stdout + done.stderr


def test_check_exits_12_when_a_limit_is_broken(home: Path) -> None:
    done = guard("check", "--json", home=home, account=options(positions=HUGE))
    document = json.loads(done.stdout)
    assert (done.returncode, document["format"], document["severity"]) == (12, "guard.evaluation/1", "BREACH")


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_second_guard_exits_4_from_any_folder_and_home(home: Path, tmp_path: Path, command: str) -> None:
    account = options()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with running(home, account) as first:
        done = guard(command, home=tmp_path / "home 2", account=account, cwd=elsewhere)
        assert done.returncode == 4
        assert f"process {first.process.pid}" in done.stderr
        assert done.stderr.count("\n") == 1


def test_the_lock_is_free_again_when_its_holder_is_killed(home: Path) -> None:
    account = options()
    with running(home, account) as first:
        first.kill()
    with running(home, account) as second:
        assert second.process.poll() is None


@pytest.mark.skipif(sys.platform == "win32", reason="the Windows bed raises Ctrl-C in its own way")
def test_ctrl_c_stops_cleanly_with_exit_0_and_a_row_that_says_so(home: Path) -> None:
    with running(home, options()) as guarded:
        assert guarded.interrupt() == 0
        assert guarded.rest()[-1]["event"] == "stop"
        assert guarded.errors() == ""
    journal = open_readonly(journal_of(home))
    stop = [row for row in journal.rows() if row.kind == "stop"]
    assert [row.body["why"] for row in stop] == ["SIGINT"]
    assert stop[0].seq + 1 == journal.verify_chain()  # the engine's memory comes last
    journal.close()
    assert not list(home.glob("state/*/status.json"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")
def test_sigterm_stops_cleanly_too(home: Path) -> None:
    with running(home, options()) as guarded:
        guarded.process.terminate()
        assert guarded.process.wait(20) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="there is a package on Windows")
def test_run_without_the_metatrader5_package_exits_5_with_one_sentence(home: Path) -> None:
    for command in ("run", "check", "snapshot"):
        done = guard(command, home=home, account=None, root=False)
        assert (done.returncode, done.stdout) == (5, "")
        assert done.stderr.startswith("guard: the MetaTrader5 package is not installed")
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["run", "check"])
def test_another_account_than_the_configured_one_exits_6(home: Path, command: str) -> None:
    config = configured(home, LEVERAGE + "[account]\nlogin = 99\n")
    done = guard(command, "--config", config, home=home, account=options())
    assert done.returncode == 6
    assert "5012345" in done.stderr
    assert not list(home.glob("state/*@*"))


def test_the_first_start_pins_the_account_and_another_login_then_exits_6(home: Path) -> None:
    account = options()
    with running(home, account) as guarded:
        assert guarded.events[-1]["pinned"] is True
    done = guard("run", home=home, account={**account, "login": 7})
    assert done.returncode == 6
    assert "the guarded one is 5012345" in done.stderr
    with running(home, account) as guarded:
        assert guarded.events[-1]["pinned"] is False


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_broken_configuration_exits_3(home: Path, command: str) -> None:
    done = guard(command, "--config", configured(home, 'format = "guard.config/1"\nmode = "enforced"\n'),
                 home=home, account=options())  # fmt: skip
    assert (done.returncode, done.stdout) == (3, "")


@pytest.mark.parametrize("command", ["run", "check"])
def test_limits_written_in_another_currency_than_the_accounts_exit_3(home: Path, command: str) -> None:
    rules = configured(home, LEVERAGE.replace("[[limits]]", '[account]\ncurrency = "JPY"\n[[limits]]'))
    done = guard(command, "--config", rules, home=home, account=options())
    assert done.returncode == 3, done.stdout + done.stderr
    assert "is written for an account in JPY, this one is in USD" in done.stderr
    assert not list(home.glob("state/*/journal.db"))


def test_a_home_in_a_cloud_folder_exits_3(tmp_path: Path) -> None:
    done = guard("run", home=tmp_path / "OneDrive - Firm" / "guard", account=options(), cwd=tmp_path)
    assert done.returncode == 3
    assert "cloud" in done.stderr


def test_run_tells_each_breach_once_with_its_journal_row(home: Path) -> None:
    with running(home, options(positions=HUGE)) as guarded:
        found = guarded.until(lambda event: event["event"] == "verdict" and event["severity"] == "BREACH")
        assert {"at", "limit", "kind", "severity", "value", "threshold", "sentence"} <= found.keys()
        time.sleep(1.0)
        guarded.kill()
        again = [e for e in guarded.rest() if e["event"] == "verdict" and e["limit"] == found["limit"]]
        assert len(again) == 1
    journal = open_readonly(journal_of(home))
    assert any(row.seq <= found["seq"] and row.kind == "cycle" for row in journal.rows())
    assert found["seq"] <= journal.verify_chain()
    journal.close()


def test_status_and_watch_without_a_guard_exit_5(home: Path) -> None:
    for command in ("status", "watch"):
        done = guard(command, home=home, account=None, root=False)
        assert (done.returncode, done.stdout) == (5, "")
        assert "no guard is running" in done.stderr


def test_status_shows_the_running_guard_and_exits_5_after_it_was_killed(home: Path) -> None:
    account = options()
    with running(home, account) as guarded:
        time.sleep(1.2)
        done = guard("status", "--json", home=home, account=None, root=False)
        (seen,) = json.loads(done.stdout)["guards"]
        assert (done.returncode, seen["pid"], seen["state"]) == (0, guarded.process.pid, "watching")
        assert seen["figures"]["balance"] == 10000.0
        plain = guard("status", home=home, account=None, root=False)
        assert plain.returncode == 0
        assert account["server"] in plain.stdout
        guarded.kill()
    done = guard("status", home=home, account=None, root=False)
    assert done.returncode == 5


def test_watch_follows_the_guard_and_exits_5_when_it_ends(home: Path) -> None:
    with running(home, options(speed=1)) as guarded:
        command = [sys.executable, "-m", "guard", "watch", "--json", "--home", str(home)]
        watch = subprocess.Popen(
            command, env=environment(None), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert watch.stdout is not None
        ages = [json.loads(watch.stdout.readline())["at"] for _ in range(2)]
        assert ages[0] < ages[1]
        guarded.kill()
        _, said = watch.communicate(timeout=20)
        assert watch.returncode == 5
        assert "no guard is running" in said


def identity_in(document: dict[str, Any], account: dict[str, Any]) -> list[str]:
    text = json.dumps(document)
    return [word for word in (str(account["login"]), account["server"], "secret remark") if word in text]


def test_snapshot_is_masked_unless_asked_and_evaluate_reads_it(home: Path) -> None:
    account = options(positions=[{**HUGE[0], "comment": "secret remark"}])
    check = guard("check", "--json", home=home, account=account)
    masked = json.loads(guard("snapshot", home=home, account=account).stdout)
    assert identity_in(masked, account) == []
    assert masked["account"]["login"] == 0
    assert masked["state"]["first_seen"] is not None
    file = home.parent / "snap.json"
    done = guard("snapshot", "-o", str(file), "--with-identity", home=home, account=account)
    assert (done.returncode, done.stdout) == (0, "")
    assert len(identity_in(json.loads(file.read_text(encoding="utf-8")), account)) == 3
    again = subprocess.run([sys.executable, "-m", "guard", "evaluate", str(file), "--json"], env=environment(None),
                           capture_output=True, text=True, check=False)  # fmt: skip
    assert again.returncode == check.returncode == 12
    severities = [{v["limit"]: v["severity"] for v in json.loads(text.stdout)["verdicts"]} for text in (check, again)]
    assert severities[0]["effective_leverage"] == severities[1]["effective_leverage"] == "BREACH"


@pytest.mark.skipif(sys.platform == "win32", reason="asked on the Windows bed: tests/windows/test_product.py")
def test_the_running_daemon_loads_neither_pandas_nor_the_vendor_nor_the_simulator(home: Path, tmp_path: Path) -> None:
    listing = tmp_path / "modules.txt"
    with running(home, options(), GUARD_TEST_MODULES=str(listing)) as guarded:
        time.sleep(0.5)
        assert guarded.interrupt() == 0
    loaded = {name.split(".")[0] for name in listing.read_text(encoding="utf-8").split()}
    assert {"guard", "apscheduler", "loguru"} <= loaded
    assert loaded & {"_ssl", "_hashlib"} == set()
    assert loaded & {"pandas", "numpy", "MetaTrader5", "fakes", "fastapi", "matplotlib"} == set()
