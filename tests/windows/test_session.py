"""The example session as a user runs it, and that the guard's own commands refuse such a terminal."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.launch import guard
from tests.pipe_terminal import ROOT, needs_package, terminal

pytestmark = [needs_package, pytest.mark.timeout(300)]
GHOST = "C:\\Ghost\\terminal64.exe"
PLAN = ("15,price=1.0800", "20,deposit=500", "30,price=1.0733", "40,price=1.0665")


def shape(text: str) -> list[str]:
    """Without the figures, which hang on when each line was run."""
    return [re.sub(r"[-+]?\d[\d.]*", "#", line) for line in text.strip().splitlines()]


def test_the_example_session_runs_as_its_page_shows() -> None:
    page = (ROOT / "docs" / "guide" / "pipe.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```\n(SIMULATED Terminal,.*?)```", page, re.DOTALL)
    words = [word for planned in PLAN for word in ("--at", planned)]
    with terminal("--seed", "1", *words, path=GHOST) as running:
        done = subprocess.run(
            [sys.executable, str(ROOT / "docs" / "examples" / "simulated_session.py")],
            capture_output=True, text=True, encoding="utf-8", timeout=200, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert shape(done.stdout) == shape(shown)
        running.until(lambda told: told["event"] == "stop-out")
        assert len(running.of("margin-call")) == 1
        assert running.end() == 0


@pytest.mark.parametrize("command", ["run", "check", "arm"])
def test_the_guard_refuses_a_simulated_terminal_through_this_door_too(command: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with terminal(speed=0) as running:
        config = tmp_path / "guard.toml"
        mode = 'mode = "enforce"\n' if command == "arm" else ""
        text = f"format = \"guard.config/1\"\n{mode}[terminal]\npath = '{running.path}'\n"
        config.write_text(text, encoding="utf-8")
        more = ("--login", "5012345", "--without-rehearsal") if command == "arm" else ()
        done = guard(command, "--config", str(config), *more, home=home, account=None, root=False)
        assert done.returncode == 5, done.stdout + done.stderr
        assert "SIMULATED" in done.stderr
        assert running.of("request") == []


def test_a_terminal_that_is_served_already_is_refused_in_a_sentence() -> None:
    with terminal(speed=0) as running:
        done = subprocess.run(
            [sys.executable, "-m", "fakes.terminal", "--path", running.path], cwd=ROOT, capture_output=True, text=True,
            stdin=subprocess.PIPE, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert "another program serves this terminal already" in done.stderr
        assert "Traceback" not in done.stderr


def test_several_clients_are_served_at_once() -> None:
    script = (
        "import sys, MetaTrader5 as m\nassert m.initialize(sys.argv[1]), m.last_error()\n"
        "for _ in range(200):\n    assert m.account_info().balance == 10000 and len(m.symbols_get()) == 4\n"
        "assert m.order_send({'action': 1, 'symbol': 'EURUSD', 'volume': 0.01, 'type': 0, 'type_filling': 1,\n"
        "                     'price': m.symbol_info_tick('EURUSD').ask}).retcode == 10009\n"
    )
    with terminal(speed=0) as running:
        command = [sys.executable, "-c", script, running.path]
        clients = [subprocess.Popen(command) for _ in range(4)]
        assert [client.wait(120) for client in clients] == [0] * 4
        running.until(lambda _: len([e for e in running.of("client") if e["is"] == "gone"]) == 4)
        assert len(running.of("deal")) == 4
        assert {event["client"] for event in running.of("request")} == {1, 2, 3, 4}
