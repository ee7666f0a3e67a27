"""The guard as a process over a worker that someone else started, as on a computer whose terminal runs under Wine."""

import json
import sys
import time
from datetime import datetime
from pathlib import Path

import psutil
import pytest

from guard.terminal.worker import LAST_RESORT_SPARE_S
from tests.launch import guard, options, running
from tests.terminals import listening


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def remote(folder: Path, address: str) -> Path:
    """A configuration that reads from that worker."""
    config = folder / "guard.toml"
    token = folder / "token.txt"
    config.write_text(
        f'format = "guard.config/1"\n[timing]\nstale_after_s = 0.5\n[terminal]\nkind = "remote"\n'
        f"address = \"{address}\"\ntoken_file = '{token}'\n",
        encoding="utf-8",
    )
    return config


def test_one_look_over_the_socket_says_the_same_as_over_the_pipe(home: Path, tmp_path: Path) -> None:
    account = options(positions=[{"symbol": "EURUSD", "side": 1, "lots": 1.5, "sl": 0.0}])
    here = guard("check", "--json", home=home, account=account)
    with listening(tmp_path, options=json.dumps(account)) as (address, _, _):
        there = guard("check", "--json", "--config", str(remote(tmp_path, address)), home=home, account=None)
    assert there.returncode == here.returncode
    # A worker that somebody else started answers with its own module: that is said, and nothing else is.
    assert there.stderr.startswith("guard: FOREIGN MODULE: fakes.metatrader5 answers in place of MetaTrader5.")
    assert there.stderr.count("\n") == 1

    def severities(text: str) -> dict[str, str]:
        return {verdict["limit"]: verdict["severity"] for verdict in json.loads(text)["verdicts"]}

    assert severities(there.stdout) == severities(here.stdout)
    assert "BREACH" in severities(here.stdout).values()


def test_a_guard_survives_a_hang_and_the_end_of_its_worker_over_the_socket(home: Path, tmp_path: Path) -> None:
    hang = {"call": "account_info", "nth": 12, "seconds": 30.0, "gil": True, "once": str(tmp_path / "hung")}
    account = options(hang=hang)
    with listening(tmp_path, options=json.dumps(account)) as (address, _, process):
        config = remote(tmp_path, address)
        with running(home, account, "--config", str(config)) as guarded:
            blind = guarded.until(lambda event: event.get("kind") == "blind" and event["severity"] == "UNKNOWN")
            assert "did not answer" in blind["sentence"] or "waiting" in blind["sentence"]
            guarded.until(lambda event: event.get("kind") == "blind" and event["severity"] == "OK")
            workers = psutil.Process(process.pid).children()
            assert len(workers) == 1
            workers[0].kill()
            ended = time.time()
            # It may see again before it has been blind long enough to say so: ask for its figures.
            (status,) = home.glob("state/*/status.json")
            deadline = time.monotonic() + 30.0
            while True:
                told = json.loads(status.read_text(encoding="utf-8"))
                if datetime.fromisoformat(told["at"]).timestamp() > ended + 1.0 and told["state"] == "watching":
                    break
                assert time.monotonic() < deadline, told
                time.sleep(0.1)
            (successor,) = psutil.Process(process.pid).children()
            assert successor.pid != workers[0].pid
            if sys.platform != "win32":
                assert guarded.interrupt() == 0
        deadline = time.monotonic() + LAST_RESORT_SPARE_S
        while psutil.Process(process.pid).children():
            assert time.monotonic() < deadline, "a worker was left"
            time.sleep(0.05)


def test_where_no_worker_listens_the_guard_says_so_with_exit_5(home: Path, tmp_path: Path) -> None:
    with listening(tmp_path) as (address, _, _):
        config = remote(tmp_path, address)
    done = guard("check", "--config", str(config), home=home, account=None)
    assert done.returncode == 5
    assert "no worker listens at" in done.stderr
    assert done.stderr.count("\n") == 1
