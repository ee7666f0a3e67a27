"""What the guard does about the terminal's states, and what it refuses, each by its own process."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.launch import ROOT, guard, options, running

CONFIG = 'format = "guard.config/1"\n[timing]\nstale_after_s = 1.0\n'
HIDING = "def __getattr__(name):\n    import fakes.metatrader5 as real\n    if name == 'SIMULATED':\n"
HIDING += "        raise AttributeError(name)\n    return getattr(real, name)\n"
HIDDEN = """
import fakes.metatrader5 as _m
globals().update({n: getattr(_m, n) for n in dir(_m) if not n.startswith('_')})
SIMULATED = False
"""
WRAPPED = """
import fakes.metatrader5 as _m
def _wrap(f):
    def call(*a, **k):
        return f(*a, **k)
    return call
for _n in dir(_m):
    _f = getattr(_m, _n)
    if not _n.startswith('_') and _n != 'SIMULATED':
        globals()[_n] = _wrap(_f) if callable(_f) and not isinstance(_f, type) else _f
"""
# A module under another name, with and without the word that gives it away.
RENAMED = {
    "by its own name": ("", "fakes.metatrader5"),
    "under an alias": ("from fakes.metatrader5 import *\nfrom fakes.metatrader5 import SIMULATED\n", "mt5_alias"),
    "under an alias that hides the word": (HIDDEN, "mt5_hidden"),
    "behind a module that asks it each time": (HIDING, "mt5_lazy"),
    "wrapped so that no function is its own": (WRAPPED, "mt5_wrapped"),
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def module(folder: Path, name: str, text: str) -> str:
    """A module in a folder that only the worker is told of."""
    place = folder / "modules"
    place.mkdir(exist_ok=True)
    if text:
        (place / f"{name}.py").write_text(text, encoding="utf-8")
    return f"{place}"


def paths(*folders: str) -> str:
    return os.pathsep.join((*folders, str(ROOT)))


@pytest.mark.parametrize("command", ["run", "check", "snapshot"])
@pytest.mark.parametrize("how", RENAMED)
def test_a_simulated_module_is_refused_by_configuration(home: Path, command: str, how: str) -> None:
    text, name = RENAMED[how]
    folder = module(home.parent, name, text)
    config = home.parent / "guard.toml"
    config.write_text(f'format = "guard.config/1"\n[terminal]\nmodule = "{name}"\n', encoding="utf-8")
    done = guard(command, "--config", str(config), home=home, account=options(), root=False, PYTHONPATH=paths(folder))
    assert (done.returncode, done.stdout) == (5, "")
    assert "SIMULATED" in done.stderr.upper()
    assert not list(home.glob("state/*@*"))


def test_a_simulated_module_in_the_homes_own_configuration_is_refused(home: Path) -> None:
    (home / "guard.toml").write_text(
        'format = "guard.config/1"\n[terminal]\nmodule = "fakes.metatrader5"\n', encoding="utf-8"
    )
    done = guard("run", home=home, account=options(), root=False)
    assert done.returncode == 5
    assert "simulated terminal" in done.stderr


@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.parametrize("how", [name for name in RENAMED if name != "by its own name"])
def test_a_simulated_module_that_the_environment_calls_metatrader5_is_refused(
    home: Path, command: str, how: str
) -> None:
    folder = module(home.parent, "MetaTrader5", RENAMED[how][0])
    done = guard(command, home=home, account=options(), root=False, PYTHONPATH=paths(folder))
    assert (done.returncode, done.stdout) == (5, "")
    assert "SIMULATED" in done.stderr.upper()


def configured(home: Path) -> str:
    path = home.parent / "limits.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return str(path)


def notice(kind: str, severity: str) -> Any:
    return lambda event: event["event"] == "notice" and event["kind"] == kind and event["severity"] == severity


@pytest.mark.parametrize(
    "state, words",
    [
        ({"algo_trading": False}, "AlgoTrading is off"),
        ({"tradeapi_disabled": True}, "does not take orders from Python"),
        ({"investor": True}, "investor password"),
    ],
    ids=["AlgoTrading off", "Python trading disabled", "investor login"],
)
def test_what_keeps_the_guard_from_acting_is_said_at_the_start_and_shown_by_status(
    home: Path, state: dict[str, Any], words: str
) -> None:
    with running(home, options(**state), "--config", configured(home)) as guarded:
        found = [event for event in guarded.events if event["event"] == "notice"]
        found += [guarded.until(notice("terminal", "OK"))] if not found else []
        assert words in found[0]["sentence"]
        time.sleep(1.0)
        (shown,) = json.loads(guard("status", "--json", home=home, account=None).stdout)["guards"]
        assert any(words in warning for warning in shown["warnings"])
        assert words in guard("status", home=home, account=None).stdout


def test_an_account_switched_while_it_runs_ends_the_guard_with_exit_6(home: Path) -> None:
    with running(home, options(switch_login_after_s=3.0, switch_login=99), "--config", configured(home)) as guarded:
        assert guarded.process.wait(20) == 6
        said = guarded.rest()
        assert any("99" in event.get("sentence", "") for event in said if event["event"] == "notice")
        assert said[-1]["event"] == "stop"


def test_a_terminal_without_its_server_makes_the_guard_blind_and_nothing_else(home: Path) -> None:
    with running(home, options(disconnected=3.0), "--config", configured(home)) as guarded:
        told = guarded.until(notice("blind", "UNKNOWN"))
        assert "not connected" in told["sentence"]
        assert guarded.interrupt() == 0
