"""Mocks of other people under ``guard check``: what they lack is unknown with a sentence, and nothing raises.

They are installed into a folder of their own: this project does not need them. docs/guide/terminal.md has the list.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.launch import ROOT, environment, guard

pytestmark = [pytest.mark.network, pytest.mark.slow]
PACKAGES = ("mmetatrader5==0.0.1", "mt5-mac-bridge==0.1.0")
# mt5-mac-bridge hands out its mock by a call: a user's module of four lines makes it a module.
BRIDGE = """
import mt5_mac_bridge
_handle = mt5_mac_bridge.init("mock", register=False)
def __getattr__(name):
    return getattr(_handle.mt5, name)
"""
# Functions of the vendor's package that a mock lacks, or that cannot be called as the vendor's can.
LACKS = {"symbols_total", "history_deals_total", "history_deals_get", "order_calc_profit", "order_calc_margin"}


@pytest.fixture(scope="session")
def mocks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mocks")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), *PACKAGES]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    if done.returncode != 0:
        pytest.skip(f"the mocks cannot be installed here: {done.stderr.strip().splitlines()[-1:]}")
    (folder / "mac_mock.py").write_text(BRIDGE, encoding="utf-8")
    return folder


@pytest.fixture(params=["MMetaTrader5", "mac_mock"])
def asked(request: pytest.FixtureRequest, mocks: Path, tmp_path: Path) -> tuple[Path, Path, str]:
    config = tmp_path / "guard.toml"
    config.write_text(f'format = "guard.config/1"\n[terminal]\nmodule = "{request.param}"\n', encoding="utf-8")
    (tmp_path / "home").mkdir()
    return tmp_path / "home", config, os.pathsep.join((str(mocks), str(ROOT)))


def test_check_knows_the_equity_and_says_of_everything_else_what_is_missing(asked: tuple[Path, Path, str]) -> None:
    home, config, path = asked
    done = guard("check", "--json", "--config", str(config), home=home, account=None, root=False, PYTHONPATH=path)
    assert done.returncode == 11, done.stderr
    assert "Traceback" not in done.stderr
    assert "FOREIGN MODULE" in done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    assert isinstance(document["metrics"]["equity"], float)
    assert {verdict["severity"] for verdict in document["verdicts"]} == {"UNKNOWN"}
    assert all(verdict["sentence"] for verdict in document["verdicts"])
    assert {"positions[1]", "orders[1]", "deals"} <= {gap["path"] for gap in document["gaps"]}
    for name in ("effective_leverage", "loss_to_stop_out", "open_risk"):
        assert document["metrics"][name] is None, name


def test_the_doctor_lists_what_the_mock_lacks(asked: tuple[Path, Path, str]) -> None:
    home, config, path = asked
    done = guard("doctor", "--json", "--config", str(config), home=home, account=None, root=False, PYTHONPATH=path)
    assert done.returncode == 10, done.stderr
    document = json.loads(done.stdout)
    assert {call["call"] for call in document["calls"] if call["failed"]} == LACKS
    assert any("FOREIGN MODULE" in one["what"] for one in document["findings"])


def test_run_over_a_mock_watches_and_shows_its_banner(asked: tuple[Path, Path, str]) -> None:
    home, config, path = asked
    command = [sys.executable, "-m", "guard", "run", "--config", str(config), "--home", str(home)]
    with subprocess.Popen(
        command, env=environment(None, PYTHONPATH=path, PYTHONUNBUFFERED="1"), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, encoding="utf-8",
    ) as process:  # fmt: skip
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if "FOREIGN MODULE" in line or "Ctrl-C" in line:
                break
        process.kill()
    assert "FOREIGN MODULE" in said
